"""Reading the real AIS beside the checkout: every row accounted for, what cannot be known refused."""

import pandas as pd
import pyarrow.parquet as pq
import pytest

from corridor import schema
from corridor.errors import InputError
from corridor.tracks.ingest import ingest


def test_the_real_two_days_are_all_accounted_for(tmp_path, shared_ais):
    name = "sbarc_20180601-02_cargo150m_marinecadastre-columns.csv"
    result = ingest([shared_ais / name], work_dir=tmp_path)
    report = result.report
    assert (report.rows_in, len(result.ships)) == (79_765, 111)
    assert dict(report.rows_dropped) == {"no_position": 1}
    missing = [report.not_available[name] for name in ("sog", "cog", "heading")]
    assert missing == [13, 13, 4]
    rows = pd.concat([pq.read_table(path).to_pandas() for path in result.buckets], ignore_index=True)
    schema.check(rows, schema.POSITIONS)
    oakland = result.ships.query("mmsi == 235072407").iloc[0]
    assert (oakland["name"], oakland["rows"]) == ("HYUNDAI OAKLAND", 114)


def test_the_real_file_of_one_row_per_vessel(tmp_path, shared_ais):
    result = ingest([shared_ais / "test_data_noaa_20230101.csv"], work_dir=tmp_path, population="all")
    report = result.report
    assert (report.rows_in, report.rows_kept, dict(report.rows_dropped)) == (1000, 998, {"not_a_ship": 2})
    assert (report.not_available["sog"], report.not_available["cog"]) == (4, 90)
    assert (result.ships["rows"] == 1).all()


def test_a_private_format_is_refused_with_the_way_out(tmp_path, shared_ais):
    path = sorted((shared_ais / "sbarc_raw").glob("*.txt"))[0]
    with pytest.raises(InputError, match="--columns"):
        ingest([path], work_dir=tmp_path)
