"""Particulars of ships that share an MMSI: each part takes those of its own rows."""

import numpy as np
import pandas as pd
import pytest
from drawn_ais import line, table
from hypothesis import given, settings
from hypothesis import strategies as st

import corridor
from corridor.tracks.claims import Claims
from corridor.tracks.ingest import ingest

SECOND = {"name": "TEST BRAVO", "imo": "IMO9999022", "call": "WTB2", "length": "190", "width": "32"}
N = 60


def first(i, **cells):
    return line(i, **cells)


def second(i, mmsi="477999101", **cells):
    """Another ship at the same minutes, in the Indian Ocean."""
    return line(i, mmsi, lat="-5.00000", lon=f"{80 + 0.008 * i:.5f}", **(SECOND | cells))


def study_of(folder, name, lines):
    path = folder / f"{name}.csv"
    path.write_bytes(table(lines))
    return corridor.run_study(path, work_dir=folder / "work")


@pytest.fixture(scope="module")
def shared_and_apart(tmp_path_factory):
    folder = tmp_path_factory.mktemp("claims")
    shared = [row(i) for i in range(N) for row in (first, second)]
    apart = [first(i) for i in range(N)] + [second(i, "366999202") for i in range(N)]
    return study_of(folder, "shared", shared), study_of(folder, "apart", apart)


def test_each_part_takes_what_its_own_rows_carry(shared_and_apart):
    shared, apart = shared_and_apart
    facts = ["imo", "name", "ship_class", "size_bin", "main_power_kw", "fixes"]
    told, own = (study.vessels.sort_values("imo")[facts].reset_index(drop=True) for study in (shared, apart))
    assert own["imo"].tolist() == [9999010, 9999022]
    assert told.to_dict("list") == own.to_dict("list")
    assert shared.vessels["vessel_id"].tolist() == ["IMO9999010/1", "IMO9999010/2"]


def test_two_ships_under_one_number_burn_what_they_burn_apart(shared_and_apart):
    shared, apart = (study.ledger.rows.sum(numeric_only=True) for study in shared_and_apart)
    for account in ("main_fuel_mg", "aux_fuel_mg", "boiler_fuel_mg"):
        assert shared[account] == apart[account]
    assert apart["main_fuel_mg"] > 0


def test_ordinary_ships_make_no_claim(tmp_path):
    # A few damaged numbers that pass the check digit by chance are no second ship.
    lines = [first(i, imo="IMO9074729" if i < 5 else "IMO9999010") for i in range(N)]
    (tmp_path / "one.csv").write_bytes(table(lines))
    found = ingest([tmp_path / "one.csv"], work_dir=tmp_path / "work")
    assert found.claims is None
    assert found.ships["imo"].tolist() == [9999010]


def test_claims_are_kept_beside_the_positions(tmp_path):
    lines = [row(i) for i in range(N) for row in (first, second)]
    (tmp_path / "two.csv").write_bytes(table(lines))
    once = ingest([tmp_path / "two.csv"], work_dir=tmp_path / "work")
    again = ingest([tmp_path / "two.csv"], work_dir=tmp_path / "work")
    assert again.files_read == 0
    assert len(once.claims.rows) == 2 * N
    assert again.claims.rows.equals(once.claims.rows)
    assert again.claims.ships["imo"].tolist() == [9999010, 9999022]


def told(numbers_of_part):
    """Numbers told to the parts of one ship whose rows name the given ones; 0 for none."""
    part = np.repeat(np.arange(len(numbers_of_part)) + 1, [len(rows) for rows in numbers_of_part])
    named = np.concatenate([np.asarray(rows, np.int64) for rows in numbers_of_part])
    row_ref = np.arange(len(part), dtype=np.int64)
    known = sorted(set(named[named > 0].tolist()))
    ships = pd.DataFrame({"ship": 0, "imo": known, "name": [f"SHIP {imo}" for imo in known]})
    claims = Claims(
        pd.DataFrame({"row_ref": row_ref[named > 0], "imo": named[named > 0]}),
        ships.assign(ais_type=70, length_m=200.0, beam_m=30.0),
    )
    vessels = pd.DataFrame({"ship": 0, "part": np.arange(len(numbers_of_part)) + 1})
    nobody = np.full(len(vessels), -1)
    said = {name: nobody.copy() for name in ("imo", "ais_type", "length_m", "beam_m")}
    said["name"] = np.full(len(vessels), "", dtype=object)
    positions = {"ship": np.zeros(len(part), np.int32), "vessel_part": part, "row_ref": row_ref}
    claims.tell(said, positions, vessels)
    return said


@pytest.mark.parametrize(
    ("parts", "numbers", "names"),
    [
        ([[1, 1, 2], [2, 2]], [1, 2], ["SHIP 1", "SHIP 2"]),
        ([[1, 2], [2, 2]], [-1, 2], ["", "SHIP 2"]),
        ([[0, 0, 1], [0, 0]], [1, -1], ["SHIP 1", ""]),
        # One number, sent from two places at once: particulars are known, the number is nobody's.
        ([[1, 1], [1, 1], [2]], [-1, -1, 2], ["SHIP 1", "SHIP 1", "SHIP 2"]),
    ],
)
def test_most_rows_of_a_part_decide(parts, numbers, names):
    said = told(parts)
    assert said["imo"].tolist() == numbers
    assert said["name"].tolist() == names


@settings(max_examples=50)
@given(parts=st.lists(st.lists(st.integers(0, 3), min_size=1, max_size=9), min_size=2, max_size=4))
def test_no_number_is_given_to_two_parts(parts):
    given_out = [imo for imo in told(parts)["imo"].tolist() if imo > 0]
    assert len(given_out) == len(set(given_out))
    for rows, imo in zip(parts, told(parts)["imo"].tolist(), strict=True):
        assert imo == -1 or 2 * rows.count(imo) > sum(number > 0 for number in rows)
