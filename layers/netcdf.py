"""Fluxes on a regular grid, and plain arrays, as NetCDF that follows CF 1.11 and ACDD 1.3.

For models and those who feed them: kg m-2 s-1, bounds of every axis, the area of every cell, a grid mapping.
One slab (variable, month, group) is in memory at a time. The same numbers make the same bytes: no clock.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyproj

from layers import atomic
from layers.rasters import Grid

if TYPE_CHECKING:
    import netCDF4

Floats = npt.NDArray[np.float64]
Slab = Callable[[str, int, int], Floats]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CONVENTIONS = {"Conventions": "CF-1.11, ACDD-1.3"}
_RADIUS = {"semi_major_axis": 6378137.0, "inverse_flattening": 298.257223563}


@dataclass(frozen=True)
class Flux:
    """One variable: its name in the file, what it is, and further attributes."""

    name: str
    long_name: str
    standard_name: str = ""
    more: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True)
class Axes:
    """Grid, months and groups of the variables.

    Parameters
    ----------
    grid
        Regular grid.
    periods
        First and after-last instant of each step of time [UTC].
    group
        Name of the axis of groups, such as ``"phase"``; empty for fluxes without one.
    groups
        Names of the groups, one word each; or how many members of an ensemble there are.
    single
        Whether the fluxes are kept in single precision, which halves the file.
    """

    grid: Grid
    periods: Sequence[tuple[datetime, datetime]]
    group: str = ""
    groups: Sequence[str] | int = 1
    single: bool = False

    @property
    def count(self) -> int:
        """Number of groups."""
        return self.groups if isinstance(self.groups, int) else len(self.groups)


class Array(NamedTuple):
    """A variable over named dimensions; one named as its only dimension is that dimension's coordinate."""

    name: str
    dimensions: tuple[str, ...]
    values: npt.NDArray[Any]
    attributes: Mapping[str, Any] = MappingProxyType({})


def write(
    path: str | Path, axes: Axes, fluxes: Sequence[Flux], slab: Slab, attributes: Mapping[str, str]
) -> Path:
    """Write fluxes; a file of that name is replaced when the new one is whole.

    Parameters
    ----------
    path
        Where the file goes.
    axes
        Grid, months, groups.
    fluxes
        Variables of kg m-2 s-1 over group, where there is one, time, latitude, longitude.
    slab
        Called with the name of a variable, the number of the period, the number of the group; returns
        (rows, columns) masses in the period. [kg]
    attributes
        Of the whole file; what follows from the axes is added.

    Raises
    ------
    ModuleNotFoundError
        If netCDF4 is not installed.
    OSError
        If the file cannot be written.
    """
    import netCDF4  # noqa: PLC0415 — slow to import, and not everybody has it

    with atomic.whole_file(path) as part, netCDF4.Dataset(part, "w", format="NETCDF4") as file:
        file.setncatts({**_CONVENTIONS, **attributes, **_extent(axes), **_coverage(axes.periods)})
        file.createDimension("bound", 2)
        _place_axes(file, axes.grid)
        for array in time_axis(axes.periods):
            _add(file, array)
        if axes.group:
            _add(file, _group_axis(axes))
        seconds = [(after - first).total_seconds() for first, after in axes.periods]
        for flux in fluxes:
            variable = _variable(file, axes, flux)
            for step, length in enumerate(seconds):
                for group in range(axes.count):
                    mass = slab(flux.name, step, group)
                    place = (group, step) if axes.group else (step,)
                    variable[place] = mass / (axes.grid.area_m2 * length)
    return Path(path)


def write_arrays(
    path: str | Path,
    arrays: Sequence[Array],
    periods: Sequence[tuple[datetime, datetime]],
    attributes: Mapping[str, str],
) -> Path:
    """Write plain arrays, such as profiles, beside an axis of time; a file of that name is replaced.

    Parameters
    ----------
    path
        Where the file goes.
    arrays
        Variables; a dimension is as long as the first one that has it. Missing values are NaN.
    periods
        First and after-last instant of each step of the dimension ``time`` [UTC].
    attributes
        Of the whole file; what follows from the axis of time is added.

    Raises
    ------
    ModuleNotFoundError
        If netCDF4 is not installed.
    OSError
        If the file cannot be written.
    """
    import netCDF4  # noqa: PLC0415 — slow to import, and not everybody has it

    with atomic.whole_file(path) as part, netCDF4.Dataset(part, "w", format="NETCDF4") as file:
        file.setncatts({**_CONVENTIONS, **attributes, **_coverage(periods)})
        file.createDimension("bound", 2)
        for array in (*time_axis(periods), *arrays):
            _add(file, array)
    return Path(path)


def _add(file: "netCDF4.Dataset", array: Array) -> None:
    """Write a variable, and those of its dimensions that are not there yet."""
    for name, length in zip(array.dimensions, array.values.shape, strict=True):
        if name not in file.dimensions:
            file.createDimension(name, length)
    missing = array.values.dtype.kind == "f" and bool(np.isnan(array.values).any())
    fill = np.nan if missing else False
    variable = file.createVariable(array.name, array.values.dtype, array.dimensions, fill_value=fill)
    variable.setncatts(dict(array.attributes))
    variable[:] = array.values


def words_axis(name: str, words: Sequence[str], long_name: str = "") -> Array:
    """Coordinate whose steps are words: numbers with ``flag_meanings``, which every reader knows.

    >>> words_axis("port", ["LB", "YT"]).attributes["flag_meanings"]
    'LB YT'
    """
    numbers = np.arange(len(words), dtype=np.int8)
    told = {"long_name": long_name or name, "flag_values": numbers, "flag_meanings": " ".join(words)}
    return Array(name, (name,), numbers, told)


def steps_axis(name: str, edges: npt.ArrayLike, attributes: Mapping[str, Any]) -> tuple[Array, Array]:
    """Coordinate in the middle of steps that follow each other, and their bounds.

    >>> middle, bounds = steps_axis("hour", [0, 1, 2], {"units": "hours"})
    >>> middle.values.tolist(), bounds.values.tolist(), middle.attributes["bounds"]
    ([0.5, 1.5], [[0.0, 1.0], [1.0, 2.0]], 'hour_bounds')
    """
    sides = np.asarray(edges, np.float64)
    middle = Array(name, (name,), (sides[:-1] + sides[1:]) / 2.0, {**attributes, "bounds": f"{name}_bounds"})
    return middle, Array(f"{name}_bounds", (name, "bound"), np.column_stack([sides[:-1], sides[1:]]))


def _extent(axes: Axes) -> dict[str, Any]:
    lon, lat = axes.grid.lon_edges, axes.grid.lat_edges
    return {
        "geospatial_lat_min": lat[0],
        "geospatial_lat_max": lat[-1],
        "geospatial_lat_units": "degrees_north",
        "geospatial_lon_min": lon[0],
        "geospatial_lon_max": lon[-1],
        "geospatial_lon_units": "degrees_east",
        "geospatial_bounds_crs": "EPSG:4326",
    }


def _coverage(periods: Sequence[tuple[datetime, datetime]]) -> dict[str, str]:
    first, last = periods[0][0], periods[-1][1]
    return {
        "time_coverage_start": f"{first:%Y-%m-%dT%H:%M:%SZ}",
        "time_coverage_end": f"{last:%Y-%m-%dT%H:%M:%SZ}",
        "time_coverage_duration": f"P{(last - first).days}D",
        "time_coverage_resolution": "P1M",
    }


def _place_axes(file: "netCDF4.Dataset", grid: Grid) -> None:
    for name, letter, edges in (("lat", "Y", grid.lat_edges), ("lon", "X", grid.lon_edges)):
        word, side = ("latitude", "north") if name == "lat" else ("longitude", "east")
        told = {"standard_name": word, "long_name": word, "units": f"degrees_{side}", "axis": letter}
        for array in steps_axis(name, edges, told):
            _add(file, array)
    mapping = file.createVariable("crs", "i4", fill_value=False)
    mapping.setncatts(
        {
            "grid_mapping_name": "latitude_longitude",
            "long_name": "WGS 84",
            "longitude_of_prime_meridian": 0.0,
            **_RADIUS,
            # For programs that take the name of a coordinate system from nothing else.
            "crs_wkt": pyproj.CRS(4326).to_wkt(),
        }
    )
    mapping[...] = 0
    told = {"standard_name": "cell_area", "long_name": "area of the cell on the ellipsoid", "units": "m2"}
    area = file.createVariable("cell_area", "f8", ("lat", "lon"), fill_value=False, zlib=True)
    area.setncatts({**told, "grid_mapping": "crs"})
    area[:] = grid.area_m2


def time_axis(periods: Sequence[tuple[datetime, datetime]]) -> tuple[Array, Array]:
    """Axis ``time`` with its bounds. Months need not follow each other: each has bounds of its own."""
    days = np.array([[(instant - _EPOCH).total_seconds() / 86400.0 for instant in pair] for pair in periods])
    told = {
        "standard_name": "time",
        "long_name": "time",
        "units": "days since 1970-01-01 00:00:00",
        "calendar": "standard",
        "units_metadata": "leap_seconds: none",
        "axis": "T",
        "bounds": "time_bounds",
    }
    return Array("time", ("time",), days.mean(axis=1), told), Array("time_bounds", ("time", "bound"), days)


def _group_axis(axes: Axes) -> Array:
    """Groups by their words, members of an ensemble by their numbers."""
    if not isinstance(axes.groups, int):
        return words_axis(axes.group, axes.groups)
    told = {"standard_name": "realization", "long_name": "member of the ensemble", "units": "1"}
    return Array(axes.group, (axes.group,), np.arange(axes.groups, dtype=np.int32), told)


def _variable(file: "netCDF4.Dataset", axes: Axes, flux: Flux) -> Any:
    """Variable in chunks of one slab: what is asked for together lies together."""
    names = (*([axes.group] if axes.group else []), "time", "lat", "lon")
    shape = (*(1 for _ in names[2:]), axes.grid.rows, axes.grid.columns)
    kind = "f4" if axes.single else "f8"
    chunks: dict[str, Any] = {"chunksizes": shape, "chunk_cache": math.prod(shape) * 8}
    variable: Any = file.createVariable(
        flux.name, kind, names, fill_value=False, zlib=True, complevel=4, shuffle=True, **chunks
    )
    standard = {"standard_name": flux.standard_name} if flux.standard_name else {}
    how = {"cell_methods": "time: mean area: mean", "cell_measures": "area: cell_area", "grid_mapping": "crs"}
    what = {"long_name": flux.long_name, "units": "kg m-2 s-1", "coverage_content_type": "modelResult"}
    told = {**standard, **what, **how, **flux.more}
    variable.setncatts(told)
    return variable
