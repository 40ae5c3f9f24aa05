"""Who makes a cell, and the well-to-wake mass of cells: the same numbers as the ledger's."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from corridor.emissions.species import CONSUMERS
from corridor.errors import InputError
from corridor.outputs import contributors as of
from corridor.outputs.contributors import contributors
from corridor.outputs.page import page_data
from corridor.outputs.publish import published
from corridor.outputs.store import open_study
from corridor.runs import run_study


def said(study, names):
    """The study as it would be with another setting of names."""
    parameters = study.manifest["parameters"] | {"names": names}
    return dataclasses.replace(study, manifest=study.manifest | {"parameters": parameters})


def with_tonnage(study, gt):
    """The study with gross tonnages of its first ships, and names of their own."""
    vessels = study.vessels.assign(name=study.vessels["vessel_id"])
    vessels["gt"] = [*gt, *[np.nan] * (len(vessels) - len(gt))]
    return dataclasses.replace(study, vessels=vessels)


def test_pairs_are_the_ledger_by_cell_and_by_vessel(demo):
    ledger = demo.study.ledger
    by_cell = ledger.cells.groupby("cell")["co2_mg"].sum()
    pd.testing.assert_series_equal(ledger.pairs.groupby("cell")["co2_mg"].sum(), by_cell)
    co2 = ledger.rows[[f"{consumer}_co2_mg" for consumer in CONSUMERS]].sum(axis=1)
    by_vessel = co2.groupby(ledger.rows["vessel"]).sum()
    assert ledger.pairs.groupby("vessel")["co2_mg"].sum().to_dict() == by_vessel.to_dict()
    assert not ledger.pairs.duplicated(["cell", "vessel"]).any()


def test_well_to_tank_of_cells_is_that_of_the_ledger_to_rounding(demo):
    weighed = demo.study.upstream_rows()["wtt_co2e_mg"].sum()
    assert abs(demo.study.ledger.cells["wtt_co2e_mg"].sum() - weighed) <= len(demo.study.vessels)


def test_pairs_are_kept_in_the_folder_and_not_in_one_to_be_passed_on(demo):
    pd.testing.assert_frame_equal(open_study(demo.folder).ledger.pairs, demo.study.ledger.pairs)
    assert published(demo.study).ledger.pairs.empty


def test_the_largest_ships_of_a_cell_stand_first_with_their_share(demo):
    study = said(demo.study, "all")
    found = contributors(study)
    pairs = study.ledger.pairs.assign(name=study.vessels["name"].to_numpy()[study.ledger.pairs["vessel"]])
    cells = np.unique(study.ledger.cells["cell"])
    for place in np.linspace(0, len(cells) - 1, 20).astype(int):
        here = pairs[pairs["cell"] == cells[place]].sort_values("co2_mg", ascending=False)
        shares = np.rint(here["co2_mg"] / here["co2_mg"].sum() * 255)
        ours = [found.vessels[number].name for number in found.who[:, place] if number >= 0]
        assert ours == here["name"].to_list()[: len(ours)]
        assert found.who_share[: len(ours), place].tolist() == shares.to_list()[: len(ours)]
        assert len(ours) == min(3, int((shares > 0).sum()))


def test_by_default_a_page_tells_classes_and_no_ship(demo):
    page = page_data(demo.study)
    assert page.vessels
    assert {vessel.name for vessel in page.vessels} == {""}
    assert len(page.vessels) == len({vessel.kind for vessel in page.vessels})
    assert page.cells.who.max() == len(page.vessels) - 1


def test_none_and_a_study_to_be_passed_on_tell_of_nobody(demo):
    for study in (said(demo.study, "none"), published(demo.study)):
        page = page_data(study)
        assert page.vessels == ()
        assert page.cells.who is None


def test_small_ships_are_one_and_have_no_names(demo):
    two = with_tonnage(said(demo.study, "all"), [120.0, 299.0, 300.0])
    found = contributors(two)
    names = {vessel.name for vessel in found.vessels}
    assert not names & set(two.vessels["name"][:2])
    assert two.vessels["name"][2] in names
    pools = [number for number, vessel in enumerate(found.vessels) if vessel.name == ""]
    assert [found.vessels[number].kind.en for number in pools] == ["small ships, under 300 GT"]
    pairs = two.ledger.pairs
    alone = pairs.groupby("cell")["vessel"].transform("max") < 2
    cells = np.unique(two.ledger.cells["cell"])
    rank = np.searchsorted(cells, np.unique(pairs["cell"][alone]))
    assert len(rank)
    assert (found.who[0, rank] == pools[0]).all()
    assert (found.who_share[0, rank] == 255).all()


def test_a_page_of_very_many_cells_does_without(demo, monkeypatch):
    monkeypatch.setattr(of, "MOST_CELLS", 3)
    assert contributors(demo.study) == ((), None, None)


def test_a_word_that_says_nothing_of_names_is_refused(demo):
    with pytest.raises(InputError, match="class, all, none"):
        run_study(demo.inputs, names="some")
