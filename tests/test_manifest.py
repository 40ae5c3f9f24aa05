"""The manifest: row balance, mass balance checked by the program itself, totals."""

import dataclasses
from collections import Counter
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corridor.accounts.ledger import Ledger
from corridor.errors import CorridorError
from corridor.manifest import describe, input_report, row_balance
from corridor.sums import with_engine_kind
from corridor.tracks.buckets import FILE_SHIFT
from corridor.tracks.quality import DROPPED, NAMES
from corridor.tracks.report import MOST_LINES, InputReport

dropping = [name for name, bit in NAMES.items() if bit & DROPPED]
marking = [name for name, bit in NAMES.items() if not bit & DROPPED]


def ingested(report, names=("a.csv", "b.csv")):
    inputs = [{"name": name, "bytes": 1, "sha256": f"{9 - n:064d}"} for n, name in enumerate(names)]
    return SimpleNamespace(report=report, inputs=inputs, names=tuple(names))


@given(
    read=st.integers(0, 10**6),
    dropped=st.dictionaries(st.sampled_from(["bad_time", "no_position", "clock_fault"]), st.integers(1, 99)),
    cleaned=st.dictionaries(st.sampled_from(sorted(NAMES)), st.integers(1, 99)),
)
def test_rows_in_are_kept_and_dropped(read, dropped, cleaned):
    """What cleaning drops counts as dropped; what it only marks was kept, and counts as repaired."""
    report = InputReport(rows_in=read)
    for reason, number in dropped.items():
        report.drop("a.csv", reason, [], number)
    said = row_balance(ingested(report), cleaned)
    assert said["rows_in"] == said["rows_kept"] + sum(said["rows_dropped"].values())
    # A wrong clock may be found by either: their counts add up.
    assert said["rows_dropped"] == Counter(dropped) + Counter(
        {r: n for r, n in cleaned.items() if r in dropping}
    )
    assert said["rows_repaired"] == {r: n for r, n in cleaned.items() if r in marking}


def test_reasons_of_cleaning_are_of_both_kinds():
    assert {"duplicate", "teleport"} <= set(dropping)
    assert "shared_mmsi" in marking


def test_the_report_names_file_and_line_and_counts_what_it_does_not_list():
    report = InputReport(rows_in=5000)
    report.drop("a.csv", "bad_time", [7])
    lines = np.arange(1, MOST_LINES + 3)
    flagged = pd.DataFrame({"row_ref": (1 << FILE_SHIFT) | lines, "reason": "teleport"})
    table = input_report(ingested(report), flagged, {"teleport": MOST_LINES + 50})
    first = table.iloc[0]
    assert (first["file"], first["line"], first["reason"], first["count"]) == ("a.csv", 7, "bad_time", 1)
    listed = table[table["reason"] == "teleport"]
    assert listed["count"].sum() == MOST_LINES + 50
    assert listed["file"].iloc[0] == "b.csv"
    assert listed["line"].iloc[:-1].tolist() == list(range(1, MOST_LINES + 1))
    assert pd.isna(listed["line"].iloc[-1])


def test_a_clean_input_has_an_empty_report_with_all_columns():
    table = input_report(ingested(InputReport(rows_in=3)), pd.DataFrame({"row_ref": [], "reason": []}), {})
    assert list(table) == ["file", "line", "reason", "count"]
    assert table.empty


def described(demo, ledger):
    """The manifest of the demo with another ledger."""
    study = demo.study
    result = SimpleNamespace(
        no_draught_ms=0,
        ledger=ledger,
        vessels=study.vessels,
        counts={},
        piece_sums=None,
        unobserved=study.unobserved,
        main_off_ms=0,
    )
    return describe(
        result,
        rows=with_engine_kind(ledger, study.vessels),
        derived=study.derived,
        ingested=ingested(InputReport(rows_in=1)),
        parameters={"method": "imo4"},
        pieces=False,
    )


def test_inputs_stand_in_an_order_of_their_own(demo):
    said = described(demo, demo.study.ledger)
    assert [item["name"] for item in said["inputs"]] == ["b.csv", "a.csv"]
    assert said["mass_balance"]["paths"] == ["cells", "vessels", "zones"]
    assert said["totals"]["co2_kg"] == demo.study.manifest["totals"]["co2_kg"]


def test_a_sum_that_differs_by_a_milligram_stops_the_run(demo):
    cells = demo.study.ledger.cells.copy()
    cells.loc[0, "sox_mg"] += 1
    with pytest.raises(CorridorError, match="sums of sox differ by path") as refused:
        described(demo, dataclasses.replace(demo.study.ledger, cells=cells))
    assert refused.value.code == "mass_balance"


def test_hours_of_gaps_are_told_beside_those_of_the_ledger(demo):
    totals = demo.study.manifest["totals"]
    gaps = demo.study.unobserved
    assert totals["hours_unobserved"] == pytest.approx((gaps["t1_ms"] - gaps["t0_ms"]).sum() / 3_600_000)
    assert 0 < totals["hours_observed"] <= totals["hours"]
    assert isinstance(demo.study.ledger, Ledger)
