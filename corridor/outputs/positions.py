"""Positions as a file that this programme, a GIS and a spreadsheet read: what was read can be written again.

CSV, GeoParquet, GeoPackage or GeoJSON, by the ending of the name. Reading the file gives the same ships and
the same positions; only ``row_ref`` says the lines of the new file.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from corridor.errors import OutputError
from corridor.outputs.folder import write_csv
from corridor.tracks.ingest import Ingested
from layers import atomic

LAYER = "positions"
# Cells of the ship that are repeated beside each of its positions, where any ship has them.
WORDS = ("name", "call_sign", "transceiver")
CODES = ("imo", "ais_type")
MEASURES = ("length_m", "beam_m")
_EPOCH = "1970-01-01T00:00:00.000Z"


def write_positions(ingested: Ingested, path: str | Path) -> Path:
    r"""Write what was ingested as one table and return its path.

    The ship's particulars stand beside each position; missing values are empty. Longitudes are −180…180.
    Ships without MMSI are written under their id, all of them: then ``vessel_id`` names the ship.

    Parameters
    ----------
    ingested : Ingested
        What `corridor.ingest` returned; the tables are held in memory.
    path : str or Path
        Ending in ``.csv``, ``.parquet``, ``.gpkg`` or ``.geojson``; replaced if it is there.

    Raises
    ------
    OutputError
        ``unknown_format`` for another ending; ``no_reports`` for positions that are pieces of an earlier
        study: in a table of reports nobody could tell.

    Examples
    --------
    >>> import tempfile
    >>> from corridor.tracks.ingest import ingest
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     day = Path(folder) / "day.csv"
    ...     header = "MMSI,BaseDateTime,LAT,LON,SOG"
    ...     _ = day.write_text(f"{header}\n477999101,2024-01-10T06:00:00,33.7,-118.2,9.5\n")
    ...     file = write_positions(ingest([day], work_dir=Path(folder) / "work"), Path(folder) / "again.csv")
    ...     print(file.read_text(), end="")
    mmsi,time_utc,lat,lon,sog_kn
    477999101,2024-01-10T06:00:00.000Z,33.7,-118.2,9.5
    """
    place = Path(path)
    if place.suffix not in WRITERS:
        known = ", ".join(sorted(WRITERS))
        found = f"{place.name}: found ending {place.suffix or 'none'}"
        raise OutputError("unknown_format", f"{found}; expected {known}; choose one")
    if ingested.report.origins:
        found = f"{place.name}: found positions from pieces of an earlier study"
        raise OutputError("no_reports", f"{found}; expected reports of ships; copy the pieces instead")
    WRITERS[place.suffix](table(ingested), place)
    return place


def table(ingested: Ingested) -> pd.DataFrame:
    """Return all positions with the particulars of their ship, by ship and time, without empty columns."""
    rows = pd.concat([pq.read_table(bucket).to_pandas() for bucket in ingested.buckets], ignore_index=True)
    ships = ingested.ships.set_index("ship").loc[rows["ship"]].reset_index(drop=True)
    named = bool((ingested.ships["mmsi"] >= 0).all())
    columns: dict[str, Any] = {"mmsi": ships["mmsi"]} if named else {"vessel_id": _labels(ships)}
    columns["time_utc"] = pd.to_datetime(rows["t_ms"], unit="ms", utc=True).dt.as_unit("ms")
    columns |= {name: rows[name] for name in ("lat", "lon", "sog_kn", "draught_m")}
    columns["status"] = _known(rows["status"])
    columns |= {name: _known(ships[name]) for name in CODES}
    columns |= {name: ships[name] for name in MEASURES}
    columns |= {name: ships[name].replace("", None) for name in WORDS}
    # A table that says nothing of types is read as one that cannot tell ocean-going ships from others.
    told = {"ais_type"} if (ingested.ships["population"] != "unknown").any() else set()
    empty = [name for name, values in columns.items() if name not in told and values.isna().all()]
    return pd.DataFrame(columns).drop(columns=empty)


def _labels(ships: pd.DataFrame) -> pd.Series:
    """What names each ship: nine digits of an MMSI, or its own id."""
    numbers = ships["mmsi"].map("{:09d}".format)
    labels: pd.Series = numbers.where(ships["mmsi"] >= 0, ships["ship_key"]).astype("str")
    return labels


def _known(codes: pd.Series) -> pd.Series:
    whole: pd.Series = codes.astype("Int64")
    return whole.mask(whole < 0)


def _write_csv(rows: pd.DataFrame, path: Path) -> None:
    moments = rows["time_utc"].dt.tz_localize(None).to_numpy().astype("datetime64[ms]")
    stamped = rows.assign(time_utc=np.char.add(np.datetime_as_string(moments), "Z"))
    with atomic.whole_file(path) as part:
        write_csv(stamped, part)


def _write_parquet(rows: pd.DataFrame, path: Path) -> None:
    with atomic.whole_file(path) as part:
        _places(rows).to_parquet(part, index=False)


def _write_geopackage(rows: pd.DataFrame, path: Path) -> None:
    import pyogrio  # noqa: PLC0415 - slow to import

    with atomic.whole_file(path) as part:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": _EPOCH})
        try:
            pyogrio.write_dataframe(_places(rows), part, layer=LAYER, driver="GPKG")
        finally:
            pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})


def _write_geojson(rows: pd.DataFrame, path: Path) -> None:
    """Write a feature a line; numbers in full, which GDAL would cut to seven digits."""
    moments = np.datetime_as_string(rows["time_utc"].dt.tz_localize(None).to_numpy().astype("datetime64[ms]"))
    facts = rows.drop(columns=["lat", "lon", "time_utc"]).astype(object)
    names = list(facts.columns)
    with atomic.whole_file(path) as part, part.open("w", encoding="utf-8", newline="\n") as file:
        file.write('{"type": "FeatureCollection", "features": [\n')
        cells = zip(rows["lon"], rows["lat"], moments, facts.itertuples(index=False), strict=True)
        for number, (lon, lat, moment, values) in enumerate(cells):
            said = {name: _plain(value) for name, value in zip(names, values, strict=True)}
            feature = {
                "type": "Feature",
                "geometry": {"type": "Point", "coordinates": [lon, lat]},
                "properties": said | {"time_utc": f"{moment}Z"},
            }
            file.write((",\n" if number else "") + json.dumps(feature, ensure_ascii=False))
        file.write("\n]}\n")


def _plain(value: Any) -> Any:
    """A value as JSON has it: nothing for missing."""
    if pd.isna(value):
        return None
    return value.item() if isinstance(value, np.generic) else value


def _places(rows: pd.DataFrame) -> Any:
    import geopandas  # noqa: PLC0415 - slow to import

    points = geopandas.points_from_xy(rows["lon"], rows["lat"])
    return geopandas.GeoDataFrame(rows.drop(columns=["lat", "lon"]), geometry=points, crs="EPSG:4326")


WRITERS: dict[str, Callable[[pd.DataFrame, Path], None]] = {
    ".csv": _write_csv,
    ".parquet": _write_parquet,
    ".gpkg": _write_geopackage,
    ".geojson": _write_geojson,
}
