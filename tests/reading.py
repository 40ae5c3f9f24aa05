"""Small files read through the whole door, for tests of forms and archives."""

import pandas as pd
import pyarrow.parquet as pq
import pytest
from drawn_ais import line, table

from corridor.errors import InputError
from corridor.tracks.ingest import ingest

PLAIN = table([line(i) for i in range(20)])
GPX = """<?xml version="1.0"?><gpx xmlns="http://www.topografix.com/GPX/1/1" version="1.1">
<trk><name>TEST ALPHA</name><trkseg>{points}</trkseg></trk></gpx>"""


def write(folder, content, name="day.dat"):
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_bytes(content)
    return path


def read(folder, content, name="day.dat", **options):
    return ingest([write(folder, content, name)], work_dir=folder / "work", **options)


def refusal(folder, content, name="day.dat"):
    path = write(folder, content, name)
    with pytest.raises(InputError) as caught:
        ingest([path], work_dir=folder / "work")
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)
    return caught.value


def rows_of(result):
    return pd.concat([pq.read_table(path).to_pandas() for path in result.buckets], ignore_index=True)


def assert_equal(first, second):
    """The same positions and ships, but for the lines they stood on."""
    a, b = (rows_of(result).drop(columns="row_ref") for result in (first, second))
    pd.testing.assert_frame_equal(a, b)
    pd.testing.assert_frame_equal(first.ships, second.ships)
