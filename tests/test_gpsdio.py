"""Three tracks that others kept as hard cases, through the whole chain: every row said, every ship apart."""

import csv
import json
from collections import Counter

import drawn_ais
import numpy as np
import pandas as pd
import pyarrow.dataset
import pytest

import corridor
from layers.geodesy import distance_m


def as_csv(path, target):
    """Write JSON lines in NOAA's seventeen columns; a position that is null is one nobody had."""
    lines = []
    for text in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(text)
        cells = {
            "MMSI": row["ssvid"],
            "BaseDateTime": row["timestamp"].replace(" ", "T")[:19],
            "LAT": 91.0 if row["lat"] is None else row["lat"],
            "LON": 181.0 if row["lon"] is None else row["lon"],
            "SOG": 102.3 if row["speed"] is None else row["speed"],
            "COG": 360.0 if row["course"] is None else row["course"],
            "VesselType": 70,
        }
        lines.append(",".join(str(cells.get(name, "")) for name in drawn_ais.HEADER.split(",")))
    target.write_bytes(drawn_ais.table(lines))
    return target


@pytest.fixture(scope="module")
def studies(shared_ais, tmp_path_factory):
    """Study, folder and rows of each track."""
    made = {}
    for path in sorted((shared_ais / "gpsdio_segment").glob("*.json")):
        work = tmp_path_factory.mktemp(path.stem)
        study = corridor.run_study(as_csv(path, work / "ais.csv"), work_dir=work)
        study.to_folder(work / "out")
        said = json.loads((work / "out" / "run.json").read_text(encoding="utf-8"))
        with (work / "out" / "input_report.csv").open(encoding="utf-8") as file:
            report = list(csv.DictReader(file))
        made[path.stem] = (study, said, report, len(path.read_text().splitlines()))
    return made


TRACKS = ("263576000", "338013000", "416000000")


@pytest.mark.parametrize("mmsi", TRACKS)
def test_every_row_is_kept_or_dropped_for_a_reason_that_is_said(studies, mmsi):
    _, said, report, rows = studies[mmsi]
    assert said["rows_in"] == rows
    assert said["rows_kept"] + sum(said["rows_dropped"].values()) == rows
    counted = Counter()
    for line in report:
        counted[line["reason"]] += int(line["count"])
    for reason, number in (said["rows_dropped"] | said["rows_repaired"]).items():
        assert counted[reason] == number, reason


@pytest.mark.parametrize(("mmsi", "missing"), [("263576000", 20), ("338013000", 60), ("416000000", 0)])
def test_rows_without_a_position_are_dropped_and_lead_nowhere(studies, mmsi, missing):
    study, said, _, _ = studies[mmsi]
    assert said["rows_dropped"].get("no_position", 0) == missing
    pieces = pieces_of(study)
    assert pieces[["lat0", "lat1"]].abs().to_numpy().max() < 30
    assert pieces["speed_kn"].max() < 60


@pytest.mark.parametrize(("mmsi", "jumps"), [("263576000", 0), ("338013000", 17), ("416000000", 37)])
def test_teleports_are_removed_and_counted(studies, mmsi, jumps):
    study, said, _, _ = studies[mmsi]
    assert said["rows_dropped"].get("teleport", 0) == jumps
    pieces = pieces_of(study)
    moving = pieces[(pieces["hours"] > 1 / 60) & (pieces["phase"] != "at_berth")]
    length_nm = distance_m(moving["lat0"], moving["lon0"], moving["lat1"], moving["lon1"]) / 1852
    assert (length_nm / moving["hours"]).max() < 60


def test_one_number_of_several_ships_is_separated_and_said(studies):
    study, said, _, _ = studies["416000000"]
    assert study.vessels["vessel_id"].tolist() == [f"MMSI416000000/{k}" for k in (1, 2, 3, 4)]
    assert said["rows_repaired"]["shared_mmsi"] == said["rows_kept"] == study.vessels["fixes"].sum()
    # Particulars under a shared number are of nobody in particular.
    assert (study.vessels["imo"] == -1).all()
    # One of the four fishes in the Indian Ocean, the others off Taiwan: 60° of longitude apart.
    pieces = pieces_of(study)
    reach = pieces.groupby("vessel_id")["lon0"].agg(["min", "max"])
    assert (reach["max"] - reach["min"]).max() < 15
    assert sorted((reach["min"] > 90).tolist()) == [False, True, True, True]


@pytest.mark.parametrize("mmsi", TRACKS[:2])
def test_one_ship_stays_one(studies, mmsi):
    study, said, _, _ = studies[mmsi]
    assert study.vessels["vessel_id"].tolist() == [f"MMSI{mmsi}"]
    assert "shared_mmsi" not in said["rows_repaired"]


@pytest.mark.parametrize("mmsi", TRACKS)
def test_no_hour_between_first_and_last_report_is_lost(studies, mmsi):
    study, said, _, _ = studies[mmsi]
    pieces = pieces_of(study)
    holes = study.holes()
    ends = pd.concat(
        [table[["vessel_id", "start_utc", "end_utc"]] for table in (pieces, holes)], ignore_index=True
    )
    spans = ends.groupby("vessel_id").agg(first=("start_utc", "min"), last=("end_utc", "max"))
    span_h = (spans["last"] - spans["first"]).dt.total_seconds().sum() / 3600
    totals = said["totals"]
    assert totals["hours"] + totals["hours_unobserved"] == pytest.approx(span_h, abs=1e-3)
    assert np.isclose(said["totals"]["hours_unobserved"], holes["hours"].sum())


def pieces_of(study):
    pieces = pyarrow.dataset.dataset(study.pieces).to_table().to_pandas()
    return pieces.assign(vessel_id=pieces["vessel_id"].astype(str), phase=pieces["phase"].astype(str))
