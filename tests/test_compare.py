"""Two studies side by side: differences with intervals, what they were made of, and the command."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from corridor.accounts.scenarios import Alternative, read_scenario
from corridor.cli import main
from corridor.contrast import cells_between, circumstances, contrast, differing
from corridor.emissions.basis import LEDGER_COLUMNS
from corridor.outputs.publish import published
from layers.lattice import Lattice


def grown(study, factor):
    """The study with all its accounts multiplied."""
    columns = list(LEDGER_COLUMNS)
    rows, cells = study.ledger.rows.copy(), study.ledger.cells.copy()
    rows[columns] *= factor
    masses = [name for name in cells if name.endswith(("_mg", "_ms"))]
    cells[masses] *= factor
    return replace(study, ledger=replace(study.ledger, rows=rows, cells=cells))


@pytest.fixture(scope="module")
def doubled(demo):
    return contrast(demo.study, grown(demo.study, 2))


def test_the_difference_is_that_of_the_totals(demo, doubled):
    whole = doubled[doubled["dimension"] == "total"].set_index("quantity")
    totals = demo.study.totals(by=["phase"])
    assert whole["difference"]["nox"] == pytest.approx(totals["nox_kg"].sum(), rel=1e-12)
    assert whole["difference_percent"]["nox"] == pytest.approx(100.0)
    assert whole["before"]["time"] == pytest.approx(totals["hours"].sum(), rel=1e-12)
    assert np.isnan(whole["difference_p05"]["time"])


def test_every_way_to_divide_adds_up(doubled):
    for _, part in doubled.groupby("dimension"):
        for quantity in ("co2", "dpm", "distance"):
            mine = part.loc[part["quantity"] == quantity, "difference"].sum()
            whole = doubled[(doubled["dimension"] == "total") & (doubled["quantity"] == quantity)]
            assert mine == pytest.approx(whole["difference"].iloc[0], rel=1e-9)


def test_what_both_have_wrong_cancels(demo):
    # The same study: no ship, factor or plug differs, only which holes were filled how.
    table = contrast(demo.study, demo.study).set_index(["dimension", "key", "quantity"])
    assert (table["difference"] == 0).all()
    whole = demo.study.totals(by=["phase"])["co2_kg"].sum()
    width = table["difference_p95"] - table["difference_p05"]
    assert width[("total", "total", "co2")] < 0.05 * whole
    berth = table.loc[("phase", "at_berth", "co2")]
    assert abs(berth["difference_p95"]) <= 1e-9 * berth["before"]


def test_other_ships_do_not_cancel(demo):
    renamed = demo.study.vessels.assign(vessel_id=[f"other {n}" for n in range(len(demo.study.vessels))])
    others = replace(demo.study, vessels=renamed)
    wide, narrow = (
        contrast(demo.study, one).set_index(["dimension", "key", "quantity"]) for one in (others, demo.study)
    )
    where = ("phase", "cruising", "co2")
    spread = [(one["difference_p95"] - one["difference_p05"])[where] for one in (wide, narrow)]
    assert spread[0] > 1.2 * spread[1]


def test_cells_and_their_differences(demo):
    table = cells_between(demo.study, grown(demo.study, 3))
    assert table["co2_kg_difference"].sum() == pytest.approx(2 * table["co2_kg_before"].sum(), rel=1e-9)
    other = replace(demo.study, lattice=Lattice(1.0))
    assert cells_between(demo.study, other).empty


def test_a_difference_of_method_is_said(demo):
    manifest = demo.study.manifest
    settings = manifest["parameters"] | {"method": "epa2022", "method_tables": "epa2022", "end_utc": "2026"}
    other = replace(demo.study, manifest=manifest | {"parameters": settings})
    table = circumstances(demo.study, other).set_index("item")
    assert table["differs"]["method"]
    assert not table["differs"]["version"]
    said = differing(table.reset_index())
    assert said == ["method: imo4 before, epa2022 after", "method_tables: imo4 before, epa2022 after"]


def test_the_command_writes_what_it_prints(demo, tmp_path, capsys):
    grown(demo.study, 2).to_folder(tmp_path / "twice")
    out = tmp_path / "out"
    assert main(["compare", str(demo.folder), str(tmp_path / "twice"), "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    assert "why CO2e changed:" in printed
    assert "+100.0 %" in printed
    changed = pd.read_csv(out / "why_changed.csv")
    mine = changed[(changed["pollutant"] == "co2e") & (changed["ship_class"] == "all")]
    assert mine["change_kg"].sum() == pytest.approx(mine["difference_kg"].iloc[0], rel=1e-12)
    names = {"compare.csv", "why_changed.csv", "cells_changed.csv", "circumstances.csv", "compare.json"}
    assert {path.name for path in out.iterdir()} == names
    assert main(["compare", str(demo.folder), str(tmp_path / "twice"), "--out", str(out)]) == 2
    assert "folder_not_empty" in capsys.readouterr().err


def test_published_studies_are_compared_without_a_why(demo, tmp_path, capsys):
    published(demo.study).to_folder(tmp_path / "a")
    assert main(["compare", str(tmp_path / "a"), str(demo.folder)]) == 0
    said = capsys.readouterr()
    assert "no ships" in said.err
    assert "+0.0 %" in said.out
    assert "why" not in said.out


def test_one_study_is_compared_with_its_scenarios(demo, tmp_path, capsys):
    assert main(["compare", str(demo.folder)]) == 2
    assert "without scenarios" in capsys.readouterr().err
    scenario = read_scenario("hull_cleaning")
    ledger = grown(demo.study, 2).ledger
    study = replace(demo.study, alternatives={scenario.key: Alternative(scenario, ledger)})
    study.to_folder(tmp_path / "one")
    assert main(["compare", str(tmp_path / "one"), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["after"] == ""
    assert any(line.startswith(f"{scenario.key}: co2e") and "+100.0 %" in line for line in said["lines"])
