"""What the printed report says of a study that is published, thin, or aimed at a target."""

from dataclasses import replace

import pytest

import corridor
from corridor.accounts.targets import read_target
from corridor.outputs import decisions
from corridor.outputs.publish import published
from corridor.outputs.report import report_of
from corridor.outputs.report_why import hot_cells
from corridor.outputs.report_words import Words
from maps.report import Paragraph, Table


@pytest.fixture(scope="module")
def opened(demo):
    return corridor.open_study(demo.folder)


def table(report, start):
    """The table whose caption begins so."""
    (found,) = [one for one in report.blocks if isinstance(one, Table) and one.caption.startswith(start)]
    return found


def test_a_thin_density_is_not_printed_as_nothing(opened):
    """A ten-thousandth of the masses, as a study at sea has them in its large cells."""
    cells = opened.ledger.cells.copy()
    masses = [name for name in cells if name.endswith("_mg")]
    cells[masses] = cells[masses] // 10_000
    thin = replace(opened, ledger=replace(opened.ledger, cells=cells))
    made = hot_cells(thin, Words("en"))
    told = [float(row[3]) for row in made.rows]
    wanted = (thin.hotspots()["kg_per_km2"].head(len(told)) / 1000).tolist()
    assert 0.0 < wanted[0] < 1.0
    assert told == pytest.approx(wanted, abs=0.0051 * wanted[0])


def test_the_share_of_a_told_cell_is_of_the_whole_study(opened):
    coarse = published(opened, 3)
    total = opened.manifest["totals"]["co2_kg"]
    withheld = total - coarse.hotspots()["mass_kg"].sum()
    assert withheld > 0.01 * total
    for study, said in ((coarse, "of the cells that are told"), (opened, "of all cells of the study")):
        found = table(report_of(study, "en"), "The cells with most CO2")
        first = study.hotspots().iloc[0]
        share = found.head.index("Of all [%]")
        assert float(found.rows[0][share]) == pytest.approx(100 * first["mass_kg"] / total, abs=0.0051)
        assert said in found.note


def test_a_published_study_says_what_it_leaves_out(opened):
    made = report_of(published(opened), "en")
    captions = [one.caption for one in made.blocks if isinstance(one, Table)]
    assert not any(one.startswith("Carbon per container") for one in captions)
    said = [one.text for one in made.blocks if isinstance(one, Paragraph)]
    assert said.count("A published study leaves out calls, visits and transits.") == 4
    assert not any("in this study" in one for one in said)


def test_the_note_on_shore_power_names_the_use_that_was_taken(opened):
    use = {"low": 0.2, "central": 0.35, "high": 0.9}
    parameters = opened.manifest["parameters"] | {"use_at_berth": use}
    given_use = replace(opened, manifest=opened.manifest | {"parameters": parameters})
    assert "20, 35 and 90 %" in table(report_of(given_use, "en"), "Energy from shore").note
    assert "20%、35%、90%" in table(report_of(given_use, "zh"), "岸电电量").note


def test_a_target_names_its_boundary_and_source_in_both_languages(opened):
    shipped = read_target("per_teu_30_percent_2030")
    changes = {
        "boundary": "ships_in_port",
        "denominator": "none",
        "baseline_value": 1e9,
        "baseline_year": 2020,
    }
    target = shipped.model_copy(update=changes)
    parameters = opened.manifest["parameters"] | {"targets": [target.model_dump(mode="json")]}
    aimed = replace(opened, manifest=opened.manifest | {"parameters": parameters})
    (one,) = decisions.targets(aimed)
    assert "Boundary: ships in port." in one.note.en
    assert one.note.en.endswith(shipped.source)
    assert "边界：在港船舶。" in one.note.zh
    assert one.note.zh.endswith(shipped.source_zh)
