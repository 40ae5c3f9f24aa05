"""The published cases pass, a wrong one fails, and the page and the command say so."""

import dataclasses
import html.parser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from corridor import reference, run_study
from corridor.cli import main
from corridor.emissions import fleet as fleet_module
from corridor.errors import InputError
from corridor.validation import document, properties, published, run
from corridor.validation.check import FAIL, NOT_RUN, PASS, Check, as_table
from corridor.validation.sailed import Voyage, sail

GROUPS = {
    "geodesy": 3,
    "Fourth IMO GHG Study, by hand": 168,
    "cetos, a peer programme": 144,
    "EPA power law": 20,
    "EPA factor units": 19,
    "CII": 10,
    "EEXI defaults": 16,
    "reported ship-years (EU MRV)": 3,
    "inventories of the ports": 6,
    "FuelEU Maritime, Annex II": 14,
}
# The least that a case of each group is held to. [%]
STRICTEST = {
    "EPA power law": 0.01,
    "Fourth IMO GHG Study, by hand": 0.1,
    "CII": 0.01,
    "EPA factor units": 0.5,
    "FuelEU Maritime, Annex II": 0.04,
}


@pytest.fixture(scope="module")
def table(work_dir):
    return run.validate(work_dir)


def test_every_case_that_can_run_passes(table):
    failed = table[table["verdict"] == FAIL]
    assert failed.empty, failed[["group", "case", "quantity", "expected", "ours"]].to_string()
    assert set(table.loc[table["verdict"] == NOT_RUN, "group"]) == {"inventories of the ports"}


def test_no_case_is_left_out(table):
    counts = table["group"].value_counts()
    for group, least in GROUPS.items():
        assert counts[group] >= least, group
    for name in ("ghg4_hand_calculation", "cetos_outputs", "epa_vignette", "epa_power_law", "mrv_ship_years"):
        assert len(reference.table(f"validation/{name}"))


def test_tolerances_are_not_loosened(table):
    for group, most in STRICTEST.items():
        assert table.loc[table["group"] == group, "tolerance_percent"].max() <= most, group


def test_every_row_says_where_it_is_from(table):
    assert (table["source"].str.len() > 5).all()
    assert table.loc[table["verdict"] == NOT_RUN, "note"].str.startswith("needs").all()
    assert table["unit"].ne("").all()


def test_facts_of_the_cases_have_source_and_verification():
    for name in reference.tables():
        if name.startswith("validation/"):
            facts = reference.table(name)
            for column in ("source", "verification", "checked_on", "unit", "tolerance_percent"):
                assert facts[column].notna().all(), (name, column)


def test_a_wrong_factor_is_found(monkeypatch, work_dir):
    voyages = published.voyages()[:3]
    right = sail(voyages, work_dir).rows
    made = fleet_module.fleet

    def heavier(*arguments, **options):
        fleet = made(*arguments, **options)
        return dataclasses.replace(fleet, sfc=fleet.sfc * 1.002)

    monkeypatch.setattr("corridor.engine.fleet", heavier)
    wrong = sail(voyages, work_dir).rows
    for voyage in voyages:
        expected, ours = (rows[voyage.name]["aux_fuel_kg"] for rows in (right, wrong))
        assert Check("g", "c", "q", "kg", expected, ours, 0.1, "s").verdict == FAIL


@pytest.mark.parametrize(
    ("expected", "ours", "verdict"),
    [
        (100.0, 100.1, PASS),
        (100.0, 100.2, FAIL),
        (-100.0, -100.1, PASS),
        (0.0, 0.0, PASS),
        (0.0, 1e-9, FAIL),
        (100.0, np.nan, NOT_RUN),
        (0.0, np.nan, NOT_RUN),
        (100.0, np.inf, FAIL),
    ],
)
def test_the_verdict(expected, ours, verdict):
    assert Check("g", "c", "q", "kg", expected, ours, 0.1001, "s").verdict == verdict


def test_a_drawn_voyage_keeps_its_speed_and_hours(work_dir):
    voyage = Voyage(
        name="x", particulars=properties.SHIP, speed_kn=15.0, draught_m=12.0, start=(10.0, 179.9), hours=2.0
    )
    row = sail([voyage], work_dir).rows["x"]
    assert row["hours"] == pytest.approx(2.0)
    assert row["distance_nm"] == pytest.approx(30.0, rel=1e-6)


class Cells(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.rows, self.open = [], []

    def handle_starttag(self, tag, attrs):
        if tag not in {"meta"}:
            self.open.append(tag)
        if tag == "tr":
            self.rows.append([])

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] in {"td", "th"}:
            self.rows[-1].append(data)


def test_the_page_is_well_formed_and_harmless(table):
    bad = Check("<b>group", "<script>alert(1)</script>", "q", "kg", 1.0, 2.0, 0.1, 'a "source" & more')
    reader = Cells()
    text = run.page(pd.concat([table, as_table([bad])], ignore_index=True))
    reader.feed(text)
    assert reader.open == []
    assert "<script" not in text
    assert any("<script>alert(1)</script>" in row for row in reader.rows)


def test_the_command_writes_both_files_and_exits_1_on_failure(table, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(run, "validate", lambda: table)
    assert main(["validate", "--out", str(tmp_path / "good")]) == 0
    # Without AIS of real ships there is no third file, without --full no fourth.
    written = {path.name for path in (tmp_path / "good").iterdir()}
    assert written == set(run.OWNED) - {"reported_fuel.csv", "coverage.csv"}
    written = pd.read_csv(tmp_path / "good" / "validation.csv")
    assert len(written) == len(table)
    assert written["ours"].to_numpy() == pytest.approx(table["ours"].to_numpy(), nan_ok=True)
    bad = as_table([Check("g", "c", "q", "kg", 1.0, 2.0, 0.1, "a source")])
    monkeypatch.setattr(run, "validate", lambda: bad)
    capsys.readouterr()
    assert main(["validate", "--out", str(tmp_path / "bad")]) == 1
    assert "failed g: c, q: expected 1, found 2 kg" in capsys.readouterr().err
    assert (tmp_path / "bad" / "validation.html").is_file()
    assert main(["validate", "--out", str(tmp_path / "bad")]) == 2


DOCUMENT = Path(__file__).parents[1] / "docs" / "method.md"


def test_the_document_holds_what_its_command_writes(table):
    text = DOCUMENT.read_text(encoding="utf-8")
    parts = document.blocks(table)
    cases = parts.pop("validation")
    assert document.renewed(text, parts) == text, "renew it: python -m corridor.validation docs/method.md"
    written = text.partition("<!-- validation -->")[2].partition("<!-- end validation -->")[0].strip()
    for said, now in zip(written.splitlines(), cases.splitlines(), strict=True):
        # The largest difference may end in another digit on another machine.
        assert said.split("|")[1:5] == now.split("|")[1:5]


def test_a_document_without_marks_is_refused():
    with pytest.raises(ValueError, match="<!-- rules -->"):
        document.renewed("no marks", {"rules": "x"})


def test_tables_with_bars_stay_tables():
    assert document.markdown(pd.DataFrame({"a": ["x|y", None], "b": [float("nan"), 1.0]})) == (
        "| a | b |\n| --- | --- |\n| x\\|y |  |\n|  | 1 |"
    )


def test_an_unknown_method_is_refused_with_the_known(demo, work_dir):
    with pytest.raises(InputError, match="method 'stone' is unknown; known: imo4, epa2022, icct"):
        run_study(demo.inputs, ships=demo.ships, work_dir=work_dir, method="stone")
