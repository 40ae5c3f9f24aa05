import numpy as np
import pandas as pd
import pytest
from drawn_ais import track

from corridor import schema
from corridor.errors import CorridorError, InputError


def test_every_column_is_declared_once_with_a_meaning():
    for table in schema.TABLES.values():
        assert len(set(table.names)) == len(table.names)
        assert all(column.meaning for column in table.columns)
        assert table.describe()["column"].tolist() == table.names
        for column in table.columns:
            if column.dtype not in ("text", "Int64"):
                assert np.dtype(column.dtype).name == column.dtype


def test_good_positions_pass_as_arrays_and_as_frame():
    good = track([0, 60_000], 33.0, -118.0)
    schema.check(good, schema.POSITIONS)
    schema.check(pd.DataFrame(good), schema.POSITIONS)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda t: t.pop("lat"), "missing_column"),
        (lambda t: t.update(t_ms=t["t_ms"].astype(float)), "wrong_type"),
        (lambda t: t.update(lat=np.array([33.0, np.nan])), "missing_value"),
        (lambda t: t.update(lon=np.array([0.0, 181.0])), "out_of_range"),
        (lambda t: t.update(lat=np.array([0.0, -91.0])), "out_of_range"),
    ],
)
def test_faults_name_table_column_and_cure(change, code):
    table = track([0, 60_000], 33.0, -118.0)
    change(table)
    with pytest.raises(InputError, match=r"^positions: column \w+") as caught:
        schema.check(table, schema.POSITIONS)
    assert caught.value.code == code
    assert isinstance(caught.value, CorridorError)
    assert isinstance(caught.value, ValueError)


def test_speed_may_be_missing():
    schema.check(track([0], 33.0, -118.0, sog=np.nan), schema.POSITIONS)
