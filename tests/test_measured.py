"""Measured fuel: read, put in the place of the modelled mass, and reported back to the milligram."""

import itertools
from dataclasses import replace

import engine_world as world
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_at_berth import boxes

from corridor import engine
from corridor.accounts.ledger import balance
from corridor.accounts.scenarios import Saving, Scenario
from corridor.emissions.basis import LEDGER_COLUMNS
from corridor.emissions.fuels import FUELS
from corridor.emissions.measured import goal, goals, read_measured
from corridor.emissions.rules import ms_of
from corridor.errors import InputError

HOUR = 3_600_000
MG = 1_000_000


def written(tmp_path, text):
    path = tmp_path / "noon.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_one_column_a_fuel_or_one_row_a_fuel(tmp_path):
    wide = read_measured(
        written(tmp_path, "imo,from,to,vlsfo_t,mgo_t\n9811000,2024-01-10T12:00,2024-01-11T12:00,80.5,2\n")
    )
    long = read_measured(
        written(
            tmp_path,
            "imo,from,to,fuel type,fuel_kg\n"
            "9811000,2024-01-10 12:00,2024-01-11 12:00,VLSFO,80500\n"
            "9811000,2024-01-10 12:00,2024-01-11 12:00,mgo,2000\n",
        )
    )
    for table in (wide, long):
        assert table["report"].tolist() == [0, 0]
        assert dict(zip(table["fuel"], table["mg"], strict=True)) == {
            "vlsfo": 80_500 * MG,
            "mdo": 2_000 * MG,
        }
        assert table["t0_ms"].tolist() == [ms_of("2024-01-10") + 12 * HOUR] * 2


def test_a_year_of_the_unions_monitoring(tmp_path):
    table = read_measured(
        written(
            tmp_path,
            "IMO Number,Name,Reporting Period,Total fuel consumption [m tonnes]\n"
            "9811000,EVER GIVEN,2019,30123.45\n",
        )
    )
    row = table.iloc[0]
    assert (row["t0_ms"], row["t1_ms"]) == (ms_of("2019-01-01"), ms_of("2020-01-01"))
    assert (row["mg"], row["fuel"], row["consumer"]) == (30_123_450 * MG, "", "all")


REFUSED = [
    ("imo,from,to\n9811000,2024-01-10,2024-01-11\n", "no column fuel_kg"),
    ("imo,fuel_t\n9811000,3\n", "no column from, to"),
    ("imo,from,to,fuel_t\n,2024-01-10,2024-01-11,3\n", "line 2: found no ship"),
    ("imo,from,to,fuel_t\n9811000,10/01/2024,2024-01-11,3\n", "line 2: found no period"),
    ("imo,from,to,fuel_t\n9811000,2024-01-12,2024-01-10,3\n", "ends before it begins"),
    ("imo,from,to,fuel_t\n9811000,2024-01-10,2024-01-11,\n", "line 2: found no mass"),
    ("imo,from,to,fuel_t\n9811000,2024-01-10,2024-01-11,-3\n", "below zero"),
    ("imo,from,to,fuel_type,fuel_t\n9811000,2024-01-10,2024-01-11,coal,3\n", "found fuel 'coal'"),
    ("imo,from,to,consumer,fuel_t\n9811000,2024-01-10,2024-01-11,galley,3\n", "unknown consumer"),
    (
        "imo,from,to,fuel_t\n9811000,2024-01-10,2024-01-11,3\n9811000,2024-01-11,2024-01-12,3\n",
        "line 3: found a report that overlaps",
    ),
    (
        (
            "imo,from,to,consumer,fuel_t\n9811000,2024-01-10,2024-01-11,all,3\n"
            "9811000,2024-01-10,2024-01-11,main,2\n"
        ),
        "one or the other",
    ),
]


@pytest.mark.parametrize(("text", "message"), REFUSED)
def test_reports_that_cannot_be_used_are_refused(tmp_path, text, message):
    with pytest.raises(InputError, match=message):
        read_measured(written(tmp_path, text))


def test_a_bare_date_ends_with_its_day(tmp_path):
    table = read_measured(written(tmp_path, "mmsi,from,to,fuel_t\n7,2024-01-10,2024-01-10,3\n"))
    assert (table["t1_ms"] - table["t0_ms"]).tolist() == [24 * HOUR]


WHOLE = {"hours": 24.0, "seen_h": 24.0, "distance_nm": np.nan, "seen_nm": 400.0}


def test_fuels_are_told_apart_only_where_both_sides_name_the_same():
    masses = pd.DataFrame({"consumer": "all", "fuel": ["vlsfo", "mdo"], "mg": [900, 100]})
    model = {"fuel": ["vlsfo", "mdo"], "main": [500, 30], "aux": [100, 10], "boiler": [0, 10]}
    apart = goals(masses, pd.DataFrame(model), WHOLE)
    assert apart[["fuel", "goal_mg", "modelled_mg", "by"]].to_numpy().tolist() == [
        ["mdo", 100, 50, "fuel"],
        ["vlsfo", 900, 600, "fuel"],
    ]
    together = goals(masses[:1], pd.DataFrame(model), WHOLE)
    assert together[["fuel", "goal_mg", "modelled_mg", "by"]].to_numpy().tolist() == [["", 900, 650, "total"]]
    nothing = goals(masses, pd.DataFrame({"fuel": [], "main": [], "aux": [], "boiler": []}), WHOLE)
    assert (nothing["basis"] == "not_placed").all()


def test_a_period_seen_in_part_gets_its_part():
    assert goal(1000, WHOLE | {"seen_h": 23.9}) == (1000, "whole")
    assert goal(1000, WHOLE | {"seen_h": 12.0}) == (500, "per_hour")
    assert goal(1000, WHOLE | {"seen_h": 12.0, "distance_nm": 500.0}) == (800, "per_nm")
    # Never more than was measured, however long the way that was seen.
    assert goal(1000, WHOLE | {"seen_h": 12.0, "distance_nm": 300.0}) == (1000, "per_nm")


# Through the engine: three box ships come in, lie ten hours, go out; reports cover them whole.


def report(number, mmsi, t0_ms, t1_ms, mg, fuel="", consumer="all", distance_nm=np.nan, rate=np.nan):
    return {
        "report": number, "line": number + 2, "vessel_id": "", "imo": -1, "mmsi": mmsi, "name": "",
        "t0_ms": int(t0_ms), "t1_ms": int(t1_ms), "consumer": consumer, "fuel": fuel, "mg": int(mg),
        "distance_nm": distance_nm, "rate_kg_per_nm": rate,
    }  # fmt: skip


TRACKS = [world.crossing(ship, berth_h=10.0, lat=world.LAT + 0.1 * ship) for ship in range(3)]
BEGIN, END = (int(f(TRACKS[0]["t_ms"])) for f in (np.min, np.max))


def run(tmp_path, *rows, pieces_dir=None):
    measured = pd.DataFrame(list(rows)) if rows else None
    plan = replace(boxes(3, pieces_dir=pieces_dir), measured=measured)
    return engine.run([world.bucket(tmp_path / "a.parquet", TRACKS)], plan)


def fuel_mg(result, vessel, consumers=("main", "aux", "boiler")):
    rows = result.ledger.rows[result.ledger.rows["vessel"] == vessel]
    return int(rows[[f"{name}_fuel_mg" for name in consumers]].to_numpy().sum())


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    return run(tmp_path_factory.mktemp("bare"))


def test_a_report_comes_back_to_the_milligram_and_others_stay(tmp_path, bare):
    told = 123_456_789_013
    result = run(tmp_path, report(0, 477999101, BEGIN, END, told))
    assert fuel_mg(result, 1) == told
    rows, before = result.ledger.rows, bare.ledger.rows
    for vessel in (0, 2):
        pd.testing.assert_frame_equal(
            rows[rows["vessel"] == vessel].reset_index(drop=True),
            before[before["vessel"] == vessel].reset_index(drop=True),
        )
    measured = rows[[f"{name}_measured_mg" for name in ("main", "aux", "boiler")]].to_numpy().sum()
    assert measured == told
    table = result.findings.reports.iloc[0]
    assert (table["basis"], table["by"], table["booked_mg"], table["measured_mg"]) == (
        "whole", "total", told, told,
    )  # fmt: skip


def test_the_shape_in_space_and_time_stays(tmp_path, bare):
    """Twice the fuel is twice every mass and energy in each row; hours and distance are what they were."""
    result = run(tmp_path, report(0, 477999101, BEGIN, END, 2 * fuel_mg(bare, 1)))
    rows, before = (one.ledger.rows.query("vessel == 1").reset_index(drop=True) for one in (result, bare))
    for name in LEDGER_COLUMNS:
        times = 1 if name in ("hours_ms", "observed_ms", "distance_mm", "shore_mwh") else 2
        assert np.abs(rows[name] - times * before[name]).max() <= 4, name


def test_sums_are_one_sum_with_reports_too(tmp_path):
    rows = [report(0, 477999100, BEGIN, (BEGIN + END) // 2, 7e9), report(1, 477999102, BEGIN, END, 9e9)]
    pieces = tmp_path / "pieces"
    pieces.mkdir()
    result = run(tmp_path, *rows, pieces_dir=pieces)
    for quantity, paths in balance(result.ledger, result.piece_sums).items():
        assert len(set(paths.values())) == 1, (quantity, paths)


def test_fuels_and_consumers_are_scaled_apart(tmp_path, bare):
    """East of the meridian the ship burns distillate, west of it the ocean's fuel."""
    told = {"vlsfo": 3_000_000_001, "mdo": 5_000_000_002}
    result = run(tmp_path, *(report(0, 477999100, BEGIN, END, mg, fuel, "main") for fuel, mg in told.items()))
    rows = result.ledger.rows.query("vessel == 0")
    for fuel, mg in told.items():
        assert rows.loc[rows["fuel"] == FUELS.index(fuel), "main_fuel_mg"].sum() == mg
    assert abs(fuel_mg(result, 0, ("aux", "boiler")) - fuel_mg(bare, 0, ("aux", "boiler"))) <= 2
    assert result.findings.reports["by"].tolist() == ["fuel", "fuel"]


def test_a_report_beyond_the_positions_is_scaled_by_hours(tmp_path):
    result = run(tmp_path, report(0, 477999100, BEGIN - (END - BEGIN), END, 8e9))
    table = result.findings.reports.iloc[0]
    assert table["basis"] == "per_hour"
    assert fuel_mg(result, 0) == pytest.approx(4e9, rel=1e-6)
    assert table["booked_mg"] == fuel_mg(result, 0)


def test_a_rate_per_distance_needs_more_than_a_short_way(tmp_path, bare):
    """A crossing of the small world is no thousand miles: the model stays."""
    result = run(tmp_path, report(0, 477999101, BEGIN, END, 0, rate=300.0))
    assert fuel_mg(result, 1) == fuel_mg(bare, 1)
    assert result.findings.reports["basis"].tolist() == ["not_placed"]


def test_a_report_of_a_time_nobody_saw_is_said_to_have_no_place(tmp_path, bare):
    result = run(tmp_path, report(0, 477999100, END + HOUR, END + 2 * HOUR, 8e9))
    assert result.findings.reports["basis"].tolist() == ["not_placed"]
    pd.testing.assert_frame_equal(result.ledger.rows, bare.ledger.rows)


@settings(max_examples=15, deadline=None)
@given(
    cuts=st.lists(st.floats(0.02, 0.98), min_size=0, max_size=5, unique=True),
    masses=st.lists(st.integers(10**8, 10**13), min_size=6, max_size=6),
)
def test_any_chain_of_reports_comes_back_to_the_milligram(tmp_path_factory, cuts, masses):
    edges = [BEGIN, *(BEGIN + int(cut * (END - BEGIN)) for cut in sorted(cuts)), END]
    spans = [(a, b) for a, b in itertools.pairwise(edges) if b - a > 60_000]
    rows = [report(n, 477999100, a, b, masses[n]) for n, (a, b) in enumerate(spans)]
    result = run(tmp_path_factory.mktemp("chain"), *rows)
    table = result.findings.reports
    whole = table[table["basis"] == "whole"]
    assert len(whole) == len(rows)
    assert (whole["booked_mg"] == whole["measured_mg"]).all()
    for quantity, paths in balance(result.ledger).items():
        assert len(set(paths.values())) == 1, quantity


def test_a_scenario_that_changes_nothing_keeps_what_was_measured(tmp_path):
    """Another booking of all atoms has the phases of all: the ledger is the baseline's, row by row."""
    nothing = Scenario(name="nothing", saving=(Saving(measure="wind", main_percent=0.0, source="assumed"),))
    told = report(0, 477999101, BEGIN, END, 123_456_789_013)
    plan = replace(boxes(3), measured=pd.DataFrame([told]), scenarios=(nothing,))
    result = engine.run([world.bucket(tmp_path / "a.parquet", TRACKS)], plan)
    again = result.scenarios[nothing.key].rows
    keys = ["vessel", "phase", "zone", "fuel"]
    sums = [
        rows.groupby(keys)[["hours_ms", "main_fuel_mg", "aux_fuel_mg"]].sum()
        for rows in (result.ledger.rows, again)
    ]
    pd.testing.assert_index_equal(sums[0].index, sums[1].index)
    assert (sums[0] - sums[1]).abs().to_numpy().max() <= 20
