"""Studies told of so many ships at the least: no place's figure is of fewer, nothing of the whole is lost."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import corridor
from corridor.accounts.ledger import Ledger
from corridor.accounts.scenarios import Alternative, read_scenario
from corridor.cli import OK, USAGE, main
from corridor.emissions.basis import CELL_COLUMNS, CELL_KEYS, LEDGER_KEYS
from corridor.errors import InputError
from corridor.outputs.coarsening import coarsening, small_months
from corridor.outputs.merge import merge_studies
from corridor.outputs.page import page_data
from corridor.outputs.publish import GROUPED, published


def stays(least=1):
    """A ship's stay: vessel, month, phase, zone code and cell."""
    one = st.tuples(
        *(st.integers(0, 5), st.sampled_from([24312, 24313, 24314]), st.integers(0, 3), st.integers(0, 4)),
        st.integers(1, 6),
    )
    return st.lists(one, min_size=least, max_size=60)


def drawn(study, found):
    """The study with these stays instead of its own; every account of a row is a number of its own."""
    table = pd.DataFrame(found, columns=["vessel", "month", "phase", "zone", "cell"])
    mass = np.arange(1, len(table) + 1, dtype=np.int64)
    rows = table.drop(columns="cell").assign(voyage=0, origin=0, fuel=0)
    accounts = [name for name in study.ledger.rows if name not in LEDGER_KEYS]
    rows = rows.assign(**{name: mass * (n + 1) for n, name in enumerate(accounts)})
    cells = table.assign(**{"class": np.asarray(classes_of(study))[table["vessel"]]})
    cells = cells.assign(**{name: mass * (n + 1) for n, name in enumerate(CELL_COLUMNS)})
    cells = cells.groupby(list(CELL_KEYS), as_index=False)[list(CELL_COLUMNS)].sum()
    pairs = table.assign(co2_mg=mass).groupby(["cell", "vessel"], as_index=False)["co2_mg"].sum()
    ledger = Ledger(rows[[*LEDGER_KEYS, *accounts]], cells[[*CELL_KEYS, *CELL_COLUMNS]], pairs)
    return replace(study, ledger=ledger)


def classes_of(study):
    order = {name: place for place, name in enumerate(study.class_names())}
    return study.vessels["ship_class"].map(order).to_list()


@pytest.fixture(scope="module")
def fleet(demo):
    """The demo's ships, of three classes."""
    ships = demo.study.vessels.copy()
    ships.loc[ships.index[:6], "ship_class"] = ["container"] * 3 + ["cruise", "cruise", "ro_ro"]
    return replace(demo.study, vessels=ships)


@given(stays(), st.integers(1, 4))
def test_nothing_is_lost_and_no_place_is_of_few(fleet, found, least):
    study = drawn(fleet, found)
    if len({one[0] for one in found}) < least:
        with pytest.raises(InputError, match="ships; expected at least"):
            coarsening(study, least)
        return
    how = coarsening(study, least)
    before, rows = study.ledger.rows, how.rows(study.ledger.rows)
    accounts = [name for name in before if name not in LEDGER_KEYS]
    # Row by row the same accounts: only where and when they are told has changed.
    pd.testing.assert_frame_equal(rows[[*accounts, "vessel"]], before[[*accounts, "vessel"]])
    for keys in (["month"], ["month", "phase"], ["month", "phase", "zone"]):
        assert rows.groupby(keys)["vessel"].nunique().min() >= least, keys
    kept = rows["zone"] == before["zone"]
    assert (rows.loc[~kept, "zone"] == 0).all()

    cells, told = study.ledger.cells, how.told_cells(study.ledger.cells)
    gone = how.withheld(cells)
    for name in CELL_COLUMNS:
        assert int(told[name].sum()) + gone["sums"][name] == int(cells[name].sum())
    assert gone["cells"] == cells["cell"].nunique() - told["cell"].nunique()
    ships = {cell: {one[0] for one in found if one[4] == cell} for cell in {one[4] for one in found}}
    for cell in told["cell"].unique():
        assert len(ships[cell]) >= least
    hidden = set(ships) - set(told["cell"])
    if hidden:
        assert len(set().union(*(ships[cell] for cell in hidden))) >= least, "nor by what is missing"
    number = np.asarray(classes_of(study))
    pool = study.class_names().index("miscellaneous")
    for (cell, kind), _ in told.groupby(["cell", "class"]):
        told_apart = {int(number[one]) for one in ships[cell]} & set(told.loc[told["cell"] == cell, "class"])
        own = {one for one in ships[cell] if number[one] == kind}
        pooled = {one for one in ships[cell] if number[one] not in told_apart or number[one] == pool}
        assert len(pooled if kind == pool else own) >= least


@given(st.lists(st.tuples(st.integers(1, 6), st.integers(0, 9)), min_size=1), st.integers(1, 5))
def test_small_months_join_until_none_is_left(found, least):
    rows = pd.DataFrame(found, columns=["month", "vessel"])
    joined = small_months(rows, least)
    told = rows.assign(month=rows["month"].replace(joined))
    counts = told.groupby("month")["vessel"].nunique()
    assert counts.min() >= least or len(counts) == 1
    assert not set(joined) & set(joined.values())


@pytest.fixture(scope="module")
def coarse(demo, tmp_path_factory):
    folder = tmp_path_factory.mktemp("coarse") / "out"
    published(demo.study, 3).to_folder(folder)
    return corridor.open_study(folder)


def test_the_whole_stays_to_the_milligram(demo, coarse):
    assert coarse.ledger.total("distance_mm") == demo.study.ledger.total("distance_mm")
    for name in [one for one in demo.study.ledger.rows if one not in LEDGER_KEYS]:
        assert int(coarse.ledger.rows[name].sum()) == int(demo.study.ledger.rows[name].sum()), name
    gone = coarse.manifest["published"]["withheld"]
    assert gone["cells"] > 0
    for name in CELL_COLUMNS:
        both = int(coarse.ledger.cells[name].sum()) + gone["sums"][name]
        assert both == int(demo.study.ledger.cells[name].sum()), name
    assert coarse.ledger.pairs.empty


def test_the_page_says_what_it_does_not_draw(coarse):
    gone = coarse.manifest["published"]["withheld"]
    first = page_data(coarse)
    assert first.withheld_kg[0, 0] > 0
    assert any(f"{gone['cells']:,} cells" in line.en for line in first.status)
    co2 = [one.key for one in first.species].index("co2")
    shown, missing = first.cells.mass_kg[0, co2].sum(), first.withheld_kg[0, co2]
    assert shown + missing == pytest.approx(coarse.manifest["totals"]["co2_kg"], rel=1e-9)


def test_scenarios_are_told_as_coarsely(demo):
    """A scenario's page adds up too: what it withholds is told of each side."""
    scenario = read_scenario("slow_steaming_12kn_40nm")
    slow = replace(demo.study, alternatives={scenario.key: Alternative(scenario, demo.study.ledger)})
    data = page_data(published(slow, 3))
    np.testing.assert_array_equal(data.withheld_kg[0], data.withheld_kg[1])
    mixed = merge_studies(published(halves(slow)[0], 3), published(halves(slow)[1]))
    assert page_data(mixed).withheld_kg.shape == data.withheld_kg.shape


def test_no_cell_of_the_demo_is_of_fewer_ships(demo, coarse):
    ships = demo.study.ledger.pairs.groupby("cell")["vessel"].nunique()
    shown = coarse.cells("nox")["cell_id"].to_numpy()
    assert len(shown)
    assert ships.loc[shown].min() >= 3


def test_groups_of_a_coarse_study_are_of_enough_ships(demo, coarse):
    kinds = demo.study.vessels.copy()
    assert len(coarse.vessels) <= len(published(demo.study).vessels)
    assert set(coarse.vessels["ship_class"]) <= {*kinds["ship_class"], "miscellaneous"}
    assert not coarse.vessels.duplicated(list(GROUPED)).any()


def halves(study):
    """Two studies of other inputs: what the first and the other ships did."""
    middle = len(study.vessels) // 2
    rows, pairs = study.ledger.rows, study.ledger.pairs
    parts = []
    for number, ours in enumerate((rows["vessel"] < middle, rows["vessel"] >= middle)):
        even = study.ledger.cells["cell"].to_numpy() % 2 == number
        cells = study.ledger.cells[even]
        mine = pairs[pairs["cell"].isin(cells["cell"])]
        inputs = [{"name": f"{number}.csv", "bytes": 1, "sha256": f"{number}" * 64}]
        ledger = Ledger(rows[ours], cells, mine)
        sides = {key: replace(one, ledger=ledger) for key, one in study.alternatives.items()}
        manifest = study.manifest | {"inputs": inputs}
        parts.append(replace(study, ledger=ledger, alternatives=sides, manifest=manifest))
    return parts


def test_two_coarse_studies_are_joined_with_what_they_withhold(demo):
    parts = [published(one, 3) for one in halves(demo.study)]
    whole = merge_studies(*parts)
    told = whole.manifest["published"]
    assert told["at_least"] == 3
    assert told["withheld"]["cells"] == sum(one.manifest["published"]["withheld"]["cells"] for one in parts)
    for name in CELL_COLUMNS:
        both = int(whole.ledger.cells[name].sum()) + told["withheld"]["sums"][name]
        assert both == int(demo.study.ledger.cells[name].sum())
    assert whole.ledger.total("hours_ms") == demo.study.ledger.total("hours_ms")
    mixed = merge_studies(parts[0], published(halves(demo.study)[1]))
    assert "at_least" not in mixed.manifest["published"], "one of them promises nothing"


def test_what_cannot_be_counted_is_refused(demo):
    with pytest.raises(InputError) as refusal:
        published(published(demo.study), 3)
    assert refusal.value.code == "published_study"
    once = published(demo.study, 4)
    assert published(once, 3) is once
    with pytest.raises(InputError) as refusal:
        published(demo.study, 2)
    assert refusal.value.code == "bad_at_least"
    nobody = replace(demo.study.ledger, pairs=demo.study.ledger.pairs.iloc[:0])
    with pytest.raises(InputError) as refusal:
        published(replace(demo.study, ledger=nobody), 3)
    assert refusal.value.code == "no_pairs"


def test_the_command_asks_for_publish_beside_it(demo, tmp_path, capsys):
    out = tmp_path / "o"
    command = ["report", str(demo.folder), "--at-least", "3", "--lang", "en", "--out", str(out)]
    assert main(command) == USAGE
    assert "--publish" in capsys.readouterr().err
    assert main([*command, "--publish", "--port", "LB"]) == OK
