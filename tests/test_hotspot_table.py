"""Hotspots of a study: rank, share, clusters, and what made them."""

from dataclasses import replace

import numpy as np
import pytest

from corridor.emissions.phases import PHASES
from corridor.outputs.hotspots import HALF, SHOWN, hotspots, panel


@pytest.fixture(scope="module")
def table(demo):
    return demo.study.hotspots()


def test_every_cell_with_mass_stands_once_densest_first(demo, table):
    cells = demo.study.cells("co2")
    assert sorted(table["cell_id"]) == sorted(cells.loc[cells["co2_kg"] > 0, "cell_id"])
    assert table["rank"].tolist() == list(range(1, len(table) + 1))
    assert (np.diff(table["kg_per_km2"]) <= 0).all()
    assert table["mass_kg"].sum() == pytest.approx(cells["co2_kg"].sum(), rel=1e-12)
    assert table["cumulative_share"].iloc[-1] == pytest.approx(1.0)


def test_the_fewest_cells_hold_half(table):
    half = table[table["in_half"]]
    share = half["mass_kg"].sum() / table["mass_kg"].sum()
    assert share >= HALF
    assert share - half["mass_kg"].min() / table["mass_kg"].sum() < HALF
    assert half["mass_kg"].min() >= table.loc[~table["in_half"], "mass_kg"].max()


def test_what_makes_a_cell_is_what_its_accounts_say(demo, table):
    first = table.iloc[0]
    cells = demo.study.ledger.cells
    mine = cells[cells["cell"] == first["cell_id"]]
    by_phase = mine.groupby("phase")["co2_mg"].sum()
    assert first["phase"] == PHASES[by_phase.idxmax()]
    assert first["phase_share"] == pytest.approx(by_phase.max() / by_phase.sum())
    by_month = mine.groupby("month")["co2_mg"].sum()
    month = by_month.idxmax()
    assert first["month"] == f"{month // 12:04d}-{month % 12 + 1:02d}"
    shares = table[["phase_share", "ship_class_share", "month_share"]].to_numpy()
    assert ((shares > 0) & (shares <= 1)).all()


def test_the_vessels_of_a_cell_are_named_with_their_shares(demo, table):
    pairs = demo.study.ledger.pairs
    first = table.iloc[0]
    mine = pairs[pairs["cell"] == first["cell_id"]].sort_values("co2_mg", ascending=False)
    assert first["vessels"] == len(mine)
    assert first["vessel_1"] == demo.study.vessels["vessel_id"].iloc[mine["vessel"].iloc[0]]
    assert first["vessel_1_share"] == pytest.approx(mine["co2_mg"].iloc[0] / mine["co2_mg"].sum())
    assert not [name for name in _published(demo.study).hotspots() if "vessel" in name]


def _published(study):
    return replace(study, manifest=study.manifest | {"published": {"least_ships_in_a_class": 3}})


def test_a_test_of_clusters_finds_the_harbours(demo):
    table = hotspots(demo.study, "nox", test=True)
    hot = table[table["gi_hot"]]
    assert 0 < len(hot) < len(table) / 2
    assert (hot["gi_z"] > 0).all()
    assert hot["rank"].median() < table["rank"].median()
    assert table["gi_p"].between(0, 1).all()


def test_a_study_may_ask_for_the_test(demo):
    manifest = demo.study.manifest
    asked = manifest | {"parameters": manifest["parameters"] | {"hotspot_test": True}}
    assert "gi_hot" in hotspots(replace(demo.study, manifest=asked))
    assert "gi_hot" not in hotspots(demo.study)


def test_a_scenario_names_no_vessels(demo):
    bare = replace(demo.study, ledger=replace(demo.study.ledger, pairs=demo.study.ledger.pairs.iloc[:0]))
    assert bare.hotspots()["vessel_1"].isna().all()


def test_an_unknown_species_is_refused(demo):
    with pytest.raises(ValueError, match=r"known: .*nox"):
        hotspots(demo.study, "soot")


def test_the_page_shows_the_densest(demo):
    (shown,) = panel(demo.study)
    assert len(shown.rows) == SHOWN
    assert len(shown.head) == len(shown.rows[0])
    assert "hold half" in shown.note.en
