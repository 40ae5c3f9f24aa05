"""The facts in ``data/``: tables and zones, each with its unit and source. The only reader of that folder.

A fact is a row. Its unit, its source, the day it was looked at and how far it was verified stand beside it,
so that a number in a result can be followed to the page it came from.
"""

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow.parquet as pq
import shapely

from corridor.errors import ReferenceDataError
from layers.coast import Coast
from layers.inland import Inland
from layers.lanes import Land, LaneGraph
from layers.sea import Sea
from layers.shore import ShoreGrid
from layers.zones import ZoneSystem


@cache
def data_path() -> Path:
    """Return the folder of the facts: beside this file when installed, one folder up in a checkout.

    Raises
    ------
    ReferenceDataError
        If neither folder exists.

    Examples
    --------
    >>> (data_path() / "gwp100_ipcc_2021.csv").is_file()
    True
    """
    here = Path(__file__).resolve().parent
    for folder in (here / "data", here.parent / "data"):
        if folder.is_dir():
            return folder
    raise ReferenceDataError(
        "missing_data",
        f"no folder 'data' in {here.name}/ or beside it; install the package again",
    )


def beside_checkout(*names: str) -> Path:
    """Return a path in the folder in which a checkout stands, where real data may lie beside it.

    >>> beside_checkout("shared", "ais").parts[-2:]
    ('shared', 'ais')
    """
    return data_path().parent.parent.joinpath(*names)


def shipped(kind: str) -> dict[str, Path]:
    """Small settings files that ship with the package, by name.

    Parameters
    ----------
    kind : str
        ``scenarios`` or ``targets``.

    Examples
    --------
    >>> "net_zero_2050" in shipped("targets")
    True
    """
    return {path.stem: path for path in sorted((data_path() / kind).glob("*.toml"))}


def tables() -> list[str]:
    """Names of all tables, in alphabetical order.

    >>> "gwp100_ipcc_2021" in tables()
    True
    """
    folder = data_path()
    return sorted(path.relative_to(folder).with_suffix("").as_posix() for path in folder.rglob("*.csv"))


def table(name: str) -> pd.DataFrame:
    """One table of facts; the copy is the caller's own.

    Parameters
    ----------
    name : str
        Path in ``data/``, without its ending.

    Raises
    ------
    ReferenceDataError
        If there is no such table; the message names the known ones.

    Examples
    --------
    >>> gwp = table("gwp100_ipcc_2021")
    >>> float(gwp.query("basis == 'ar5' and species == 'ch4'")["value"].iloc[0])
    28.0
    """
    return _read(name.removesuffix(".csv")).copy()


@cache
def _read(name: str) -> pd.DataFrame:
    path = data_path() / f"{name}.csv"
    if not path.is_file():
        raise ReferenceDataError(
            "unknown_table", f"table '{name}' is unknown; known: {', '.join(tables())} (files in data/)"
        )
    return pd.read_csv(path, keep_default_na=True, encoding="utf-8")


def rows(name: str, **where: object) -> pd.DataFrame:
    """Select the rows of a table whose columns equal the given values; none is an error.

    Parameters
    ----------
    name : str
        Table.
    **where : object
        Column and value.

    Raises
    ------
    ReferenceDataError
        If no row fits; the message names the values that each column knows.

    Examples
    --------
    >>> rows("fuels_mepc364_2022", fuel="hfo")["cf_co2"].tolist()
    [3.114]
    >>> rows("fuels_mepc364_2022", fuel="coal")
    Traceback (most recent call last):
    corridor.errors.ReferenceDataError: no row with fuel 'coal'; known fuel: hfo, vlsfo, mdo, ...
    """
    facts = table(name)
    chosen = facts
    for column, value in where.items():
        chosen = chosen[chosen[column] == value]
    if len(chosen):
        return chosen.reset_index(drop=True)
    wanted = ", ".join(f"{column} '{value}'" for column, value in where.items())
    known = "; ".join(f"known {column}: {', '.join(map(str, facts[column].unique()))}" for column in where)
    raise ReferenceDataError("unknown_row", f"no row with {wanted}; {known} (data/{name}.csv)")


def value(name: str, column: str = "value", **where: object) -> float:
    """One number of a table.

    Raises
    ------
    ReferenceDataError
        If no row or more than one fits.

    Examples
    --------
    >>> value("method_parameters_imo4_2020", parameter="draught_exponent")
    0.66
    """
    return _value(name, column, tuple(where.items()))


@cache
def _value(name: str, column: str, where: tuple[tuple[str, object], ...]) -> float:
    found = rows(name, **dict(where))
    if len(found) != 1:
        raise ReferenceDataError(
            "ambiguous_row", f"{len(found)} rows fit {dict(where)}; expected one (data/{name}.csv)"
        )
    return float(found[column].iloc[0])


def sources(name: str) -> list[str]:
    """Every source that a table's rows name, once, in the order of the rows.

    >>> sources("nox_rules_2026")
    ['MARPOL Annex VI regulations 13.5.1 and 13.6']
    """
    return [str(source) for source in table(name)["source"].dropna().unique()]


def cite(name: str, **where: object) -> str:
    """One line that says where a table, or some rows of it, comes from and when it was checked.

    >>> cite("nox_rules_2026")
    'nox_rules_2026: MARPOL Annex VI regulations 13.5.1 and 13.6 (checked 2026-11-23)'
    """
    facts = rows(name, **where) if where else table(name)
    checked = f" (checked {facts['checked_on'].max()})" if "checked_on" in facts else ""
    said = [str(source) for source in facts["source"].dropna().unique()]
    return f"{name}: {'; '.join(said)}{checked}"


@cache
def _hash_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def table_hashes() -> dict[str, str]:
    """SHA-256 of every file of facts, by its path inside ``data/``.

    >>> len(table_hashes()["nox_rules_2026.csv"])
    64
    """
    folder = data_path()
    files = [*folder.rglob("*.csv"), *folder.rglob("*.geojson"), *folder.rglob("*.parquet")]
    files += folder.rglob("*.npz")
    return {path.relative_to(folder).as_posix(): _hash_of(path) for path in sorted(files)}


def features(name: str) -> list[dict[str, Any]]:
    """Features of a GeoJSON file of ``data/``: coasts and outlines that zones are drawn from.

    Parameters
    ----------
    name : str
        Path in ``data/``, without its ending.

    Raises
    ------
    ReferenceDataError
        If there is no such file.

    Examples
    --------
    >>> [feature["properties"]["name"] for feature in features("geo/california_land_ne10m")]
    ['California land']
    """
    path = data_path() / f"{name}.geojson"
    if not path.is_file():
        raise ReferenceDataError(
            "unknown_features", f"no file data/{name}.geojson; install the package again"
        )
    return list(json.loads(path.read_text(encoding="utf-8"))["features"])


def zone_systems() -> list[str]:
    """Names of the zone systems that ship with the package."""
    return sorted(path.stem for path in data_path().glob("zones/*.geojson"))


def zone_names(system: str) -> pd.DataFrame:
    """Names of the zones of one system, by zone: ``data/zone_names_2026.csv``, the one place to edit them.

    >>> zone_names("waters").loc["taiwan_strait", "name_en"]
    'Taiwan Strait'
    """
    names = rows("zone_names_2026", system=system).set_index("zone_id")
    return names[["name_en", "name_zh"]]


def zones(name: str) -> ZoneSystem:
    """One zone system: disjoint areas that are named and sourced, with an explicit remainder.

    Names are those of ``data/zone_names_2026.csv``, whatever the drawn file says.

    Parameters
    ----------
    name : str
        Name of the system, such as ``port``, ``sulphur`` or ``waters``.

    Raises
    ------
    ReferenceDataError
        If there is no such system; the message names the known ones.
    """
    path = data_path() / "zones" / f"{name}.geojson"
    if not path.is_file():
        known = ", ".join(zone_systems()) or "none"
        raise ReferenceDataError(
            "unknown_zones", f"zone system '{name}' is unknown; known: {known} (files in data/zones/)"
        )
    return _system(name, json.loads(path.read_text(encoding="utf-8")))


def _system(name: str, collection: dict[str, Any]) -> ZoneSystem:
    frame = gpd.GeoDataFrame.from_features(collection["features"], crs="EPSG:4326")
    names = zone_names(name)
    rest = str(collection["remainder"]["zone_id"])
    missing = [str(zone) for zone in [*frame["zone_id"], rest] if zone not in names.index]
    if missing:
        raise ReferenceDataError(
            "unnamed_zones",
            f"zones {', '.join(missing)} of system '{name}' have no name; expected one each; "
            "add them to data/zone_names_2026.csv",
        )
    chosen = names.loc[frame["zone_id"]]
    return ZoneSystem(
        name=name,
        zones=frame.assign(
            name_en=chosen["name_en"].to_numpy(dtype=object), name_zh=chosen["name_zh"].to_numpy(dtype=object)
        ),
        remainder_id=rest,
        remainder_name_en=str(names["name_en"][rest]),
        remainder_name_zh=str(names["name_zh"][rest]),
    )


@cache
def land() -> gpd.GeoDataFrame:
    """Land polygons of the corridor in ±180, with ``file``, ``source``, ``licence`` and ``credit`` of each.

    OpenStreetMap in the windows around both ports, Natural Earth 10m elsewhere between 5 and 65 °N.

    >>> sorted(land()["licence"].unique())
    ['ODbL-1.0', 'public domain']
    """
    said = table("geo/SOURCES").set_index("file")[["source", "licence", "credit"]]
    parts = []
    for file in ("land_ne10m_corridor.parquet", "land_osm_ports.parquet"):
        part = gpd.read_parquet(data_path() / "geo" / file)
        facts = {str(name): value for name, value in said.loc[file].items()}
        parts.append(part.assign(file=file, **facts))
    return pd.concat(parts, ignore_index=True)


SHORE_FILE = "shore_distance_2026.npz"


@cache
def shore() -> ShoreGrid:
    """Distance to the coast over the northern Pacific; `corridor.geography.shore` measures it.

    >>> [round(float(nm)) for nm in shore().distance_nm([33.72, 33.60], [-118.20, -118.20])]
    [1, 7]
    """
    with np.load(data_path() / "geo" / SHORE_FILE) as arrays:
        west, south, step = arrays["west_south_step"].tolist()
        return ShoreGrid(west, south, step, arrays["tenths_nm"])


@cache
def inland(distance_nm: float) -> Inland:
    """Where no water of the map lies within a distance. [nm]

    >>> inland(150.0).holds([40.7, 32.1, 33.7], [-112.1, 118.7, -118.2]).tolist()
    [True, False, False]
    """
    return Inland.of(shore(), distance_nm)


def land_polygons() -> npt.NDArray[np.object_]:
    """Polygons of `land` with longitudes from 0 to 360.

    >>> bool((shapely.bounds(land_polygons())[:, 0] >= 0).all())
    True
    """
    shapes = land().geometry.to_numpy().copy()
    west = shapely.bounds(shapes)[:, 0] < 0
    shapes[west] = shapely.transform(shapes[west], lambda points: points + np.array([360.0, 0.0]))
    polygons: npt.NDArray[np.object_] = np.asarray(shapes, dtype=object)
    return polygons


@cache
def sea() -> Sea:
    """Water of the northern Pacific and the shortest ways over it; built once a process.

    >>> way = sea().way(22.56, 114.28, 33.745, -118.21)
    >>> round(way.length_m / 1852, -2)
    6400.0
    """
    window = rows("geo/sea_windows_2026", window="north_pacific").iloc[0]
    coast = Coast.of(land_polygons(), tuple(window[["west", "south", "east", "north"]]))
    folder = data_path() / "lanes"
    capes, sights = (pq.read_table(folder / f"{name}_2026.parquet") for name in ("capes", "sights"))
    places = np.column_stack([capes[name].to_numpy() for name in ("lon_e5", "lat_e5")]) / 1e5
    pairs = np.column_stack([sights[name].to_numpy() for name in ("cape", "other")])
    return Sea(coast, places, pairs)


@cache
def lane_graph() -> LaneGraph:
    """Lanes of the whole world, for places that `sea` does not know; coarser than it.

    >>> graph = lane_graph()
    >>> way = graph.way((51.98, 4.05), (1.25, 103.85))
    >>> 8_200 < way.length_m / 1852 < 8_600
    True
    """
    folder = data_path()
    places, pairs = (
        pq.read_table(folder / "lanes" / f"lane_{name}_2026.parquet") for name in ("places", "pairs")
    )
    lat, lon = (places[name].to_numpy() / 1e5 for name in ("lat_e5", "lon_e5"))
    number = np.column_stack([pairs[name].to_numpy() for name in ("place", "other")]).astype(np.int64)
    land = gpd.read_parquet(folder / "geo" / "land_ne50m.parquet")
    return LaneGraph(lat, lon, number, Land(land.geometry.to_numpy()))
