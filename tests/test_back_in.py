"""What a study wrote, given to another: vessels keep their origin, pieces say that they are pieces."""

from collections import Counter

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

import corridor
from corridor.emissions.register import read_register
from corridor.emissions.stated import PROVENANCE, STATED, own_mapping, stem, with_origins
from corridor.errors import InputError, OutputError
from corridor.outputs.export import export
from corridor.outputs.positions import write_positions
from corridor.outputs.tables import VESSEL_FACTS, vessels
from corridor.tracks import earlier
from corridor.tracks.formats import recognise
from corridor.tracks.ingest import ingest
from corridor.tracks.report import InputReport

# How far a study of pieces may be from the one that wrote them: 0.02 % for the demo. [1]
TOLERANCE = 1e-3


@pytest.fixture(scope="module")
def files(demo, tmp_path_factory):
    folder = tmp_path_factory.mktemp("files") / "out"
    export(demo.study, folder, ["geoparquet", "pieces", "xlsx"])
    return folder


# Ships


@pytest.fixture(params=["vessels.csv", "study.gpkg#vessels", "report.xlsx#vessels"])
def written_vessels(request, demo, files):
    return f"{files if 'xlsx' in request.param else demo.folder}/{request.param}"


def test_vessels_come_back_with_their_origin(demo, written_vessels, work_dir):
    """The same positions with the table of vessels instead of the register: the same study."""
    again = corridor.run_study(demo.inputs, ships=written_vessels, work_dir=work_dir)
    pd.testing.assert_frame_equal(again.vessels, demo.study.vessels)
    pd.testing.assert_frame_equal(again.ledger.rows, demo.study.ledger.rows)
    assert set(again.vessels["main_power_provenance"]) > {"register"}
    assert again.manifest["vessels_from_register"] == demo.study.manifest["vessels_from_register"]


def test_every_particular_of_the_table_says_its_origin():
    for column in STATED:
        assert {column, f"{stem(column)}_provenance"} <= set(VESSEL_FACTS), column


def test_a_placeholder_stays_one(demo, written_vessels):
    """What nobody said is not said by the table that holds its place."""
    register = read_register(written_vessels)
    assert register["scrubber"].isna().all()
    assert demo.study.vessels["scrubber"].eq("unknown").all()


def test_numbers_that_parted_ships_share_do_not_stop_the_table(demo):
    table = vessels(demo.study)
    assert table["mmsi"].duplicated().any()
    register = read_register(demo.folder / "vessels.csv")
    assert register["vessel_id"].tolist() == table["vessel_id"].tolist()


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [("tier_provenance", "guessed", "unknown_provenance"), ("size_bin", "large", "bad_value")],
)
def test_a_table_changed_beyond_its_words_is_refused(demo, tmp_path, column, value, code):
    table = pd.read_csv(demo.folder / "vessels.csv", dtype=str)
    table.loc[2, column] = value
    table.to_csv(tmp_path / "vessels.csv", index=False)
    with pytest.raises(InputError, match="line 4") as refusal:
        read_register(tmp_path / "vessels.csv")
    assert refusal.value.code == code


def test_what_a_user_knows_better_is_taken(demo, tmp_path, work_dir):
    table = pd.read_csv(demo.folder / "vessels.csv", dtype=str)
    default = int(np.flatnonzero(table["main_power_provenance"] != "register")[0])
    table.loc[default, ["main_power_kw", "main_power_provenance"]] = ["41000", "register"]
    table.to_csv(tmp_path / "vessels.csv", index=False)
    again = corridor.run_study(demo.inputs, ships=tmp_path / "vessels.csv", work_dir=work_dir)
    row = again.vessels.iloc[default]
    assert (row["main_power_kw"], row["main_power_provenance"]) == (41000.0, "register")
    assert set(again.vessels["reference_speed_provenance"]) <= set(PROVENANCE)


def test_a_name_guarded_from_spreadsheets_is_read_as_it_was(demo, tmp_path):
    table = pd.read_csv(demo.folder / "vessels.csv", dtype=str)
    table.loc[0, "name"] = "'=1+1"
    table.to_csv(tmp_path / "vessels.csv", index=False)
    assert read_register(tmp_path / "vessels.csv")["name"].iloc[0] == "=1+1"


def test_a_table_that_is_not_in_the_file_is_named(demo):
    with pytest.raises(InputError, match="totals") as refusal:
        read_register(f"{demo.folder / 'study.gpkg'}#ships")
    assert refusal.value.code == "missing_sheet"


@given(st.data())
def test_every_value_keeps_its_own_origin(data):
    """A value with an origin is taken with it, whichever; one without is none."""
    columns = sorted(STATED)
    said = {column: data.draw(st.sampled_from([*PROVENANCE, None])) for column in columns}
    values = dict.fromkeys(columns, "7")
    origins = {f"{stem(column)}_provenance": said[column] for column in columns}
    rows = pd.DataFrame([{"vessel_id": "IMO9811000", **values, **origins}], index=[2], dtype=object)
    mapping = own_mapping(list(rows))
    facts = pd.DataFrame({field: rows[column] for field, column in mapping.columns.items()})
    found = with_origins(facts, rows, "vessels.csv").iloc[0]
    for field, column in mapping.columns.items():
        if column in said:
            assert (found[field] == "7") == (said[column] is not None), column
            if said[column] is not None:
                assert found[f"{field}_provenance"] == said[column]


def test_activity_is_the_first_sheet_after_the_notes(files):
    book = openpyxl.load_workbook(files / "report.xlsx", read_only=True)
    assert book.sheetnames[:4] == ["Contents", "notes", "activity", "totals"]
    book.close()


# Positions


@pytest.fixture(params=["pieces/", "pieces.parquet", "pieces.gpkg"])
def written_pieces(request, demo, files):
    if request.param == "pieces.gpkg":
        return [f"{files / 'pieces.gpkg'}#{layer}" for layer in ("pieces", "stays")]
    return [demo.study.pieces if request.param == "pieces/" else files / request.param]


def test_pieces_make_the_study_again(demo, written_pieces, work_dir):
    """With the vessels of the study its pieces give the same totals, and do not pose as reports."""
    again = corridor.run_study(written_pieces, ships=demo.folder / "vessels.csv", work_dir=work_dir)
    ours, theirs = again.manifest["totals"], demo.study.manifest["totals"]
    for name in ("hours", "nm", "fuel_kg", "co2_kg", "nox_kg", "sox_kg", "pm10_kg", "bc_kg"):
        assert ours[name] == pytest.approx(theirs[name], rel=TOLERANCE), name
    assert again.simulated
    assert "no reports of ships" in again.manifest["warnings"][0]
    filled = sum(
        batch_of(path)["origin"].to_pandas().eq("filled").sum() for path in [*demo.study.pieces.iterdir()]
    )
    assert again.manifest["rows_dropped"][earlier.LEFT_OUT] == filled > 0
    assert again.vessels["vessel_id"].tolist() == demo.study.vessels["vessel_id"].tolist()


def batch_of(path):
    return pq.read_table(path, columns=["origin"])


def test_thinned_tracks_do_not_pose_as_reports(demo, files, work_dir):
    for source in (files / "tracks.parquet", f"{demo.folder / 'study.gpkg'}#voyage_tracks"):
        with pytest.raises(InputError, match="give its pieces") as refusal:
            ingest([source], work_dir=work_dir)
        assert refusal.value.code == "thinned_tracks"


def test_holes_do_not_pose_as_reports(work_dir, tmp_path):
    """Two ends with times are all that lines of reports need; of a hole they are no way sailed."""
    times = pd.to_datetime(["2026-03-03T00:00Z", "2026-03-04T00:00Z"])
    words = {"vessel_id": "IMO9811000", "reason": "too_fast", "from_waters": "a", "to_waters": "b"}
    hole = pd.DataFrame({"start_utc": times[:1], "end_utc": times[1:]}).assign(**words)
    line = [shapely.LineString([(170, 30), (175, 30)])]
    gpd.GeoDataFrame(hole, geometry=line, crs=4326).to_file(tmp_path / "holes.gpkg", layer="unobserved")
    with pytest.raises(InputError, match="nobody saw") as refusal:
        ingest([tmp_path / "holes.gpkg"], work_dir=work_dir)
    assert refusal.value.code == "unobserved_holes"


def test_planned_pieces_are_refused(demo, work_dir, tmp_path):
    (path, *_) = sorted(demo.study.pieces.iterdir())
    table = pq.read_table(path).slice(0, 10).to_pandas()
    table.assign(origin="planned").to_parquet(tmp_path / "planned.parquet")
    with pytest.raises(InputError, match="no ship sailed") as refusal:
        ingest([tmp_path / "planned.parquet"], work_dir=work_dir)
    assert refusal.value.code == "planned_positions"


def test_pieces_are_said_to_be_pieces_before_they_are_used(files):
    assert "no reports of ships" in str(recognise(files / "pieces.parquet"))


def test_pieces_are_not_written_as_reports(demo, work_dir, tmp_path):
    with pytest.raises(OutputError) as refusal:
        write_positions(ingest([demo.study.pieces], work_dir=work_dir), tmp_path / "ais.csv")
    assert refusal.value.code == "no_reports"


@given(
    st.lists(
        st.tuples(st.sampled_from("AB"), st.booleans(), st.sampled_from(["observed", "filled", "simulated"])),
        min_size=1,
        max_size=30,
    )
)
def test_every_end_stands_once(steps):
    """Ends of pieces that are kept, each once where two meet; the account of the rows is whole."""
    clock, rows = 0, []
    for ship, gap, origin in steps:
        clock += 3600 if gap else 0
        rows.append((ship, clock, clock + 60, origin))
        clock += 60
    frame = pd.DataFrame(rows, columns=["vessel_id", "t0", "t1", "origin"])
    speed = np.arange(len(frame), dtype=float)
    places = dict.fromkeys(earlier.ENDS, 30.0)
    frame = frame.assign(observed=1.0, speed_kn=speed, draught_m=12.0, **places)
    frame["start_utc"] = pd.to_datetime(frame["t0"], unit="s", utc=True)
    frame["end_utc"] = pd.to_datetime(frame["t1"], unit="s", utc=True)
    report = InputReport()
    made = list(earlier.positions(iter([pa.Table.from_pandas(frame)]), "pieces.parquet", report))
    kept = frame[frame["origin"] != "filled"]
    wanted = {(row.vessel_id, t) for row in kept.itertuples() for t in (row.start_utc, row.end_utc)}
    found = pd.concat([table.to_pandas() for table, _ in made]) if made else pd.DataFrame()
    times = list(zip(found["vessel_id"], found["time_utc"], strict=True)) if len(found) else []
    assert set(times) == wanted
    meeting = (kept["vessel_id"] == kept["vessel_id"].shift()) & (
        kept["start_utc"] == kept["end_utc"].shift()
    )
    assert len(times) == 2 * len(kept) - meeting.sum()
    assert report.origins == Counter(kept["origin"])
    assert report.rows_dropped[earlier.LEFT_OUT] == len(frame) - len(kept)
    lines = np.concatenate([lines for _, lines in made]) if made else np.array([], int)
    assert set(lines) == set(kept.index + 1)
