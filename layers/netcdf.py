"""Fluxes on a regular grid as NetCDF that follows CF 1.11 and ACDD 1.3.

For models and those who feed them: kg m-2 s-1, bounds of every axis, the area of every cell, a grid mapping.
One slab (variable, month, group) is in memory at a time. The same numbers make the same bytes: no clock.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

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
        Name of the axis of groups, such as ``"phase"``.
    groups
        Names of the groups: one word each.
    """

    grid: Grid
    periods: Sequence[tuple[datetime, datetime]]
    group: str
    groups: Sequence[str]


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
        Variables of kg m-2 s-1 over group, time, latitude, longitude.
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
        file.setncatts({"Conventions": "CF-1.11, ACDD-1.3", **attributes, **_extent(axes)})
        _place_axes(file, axes.grid)
        _time_axis(file, axes.periods)
        _group_axis(file, axes)
        seconds = [(after - first).total_seconds() for first, after in axes.periods]
        for flux in fluxes:
            variable = _variable(file, axes, flux)
            for step, length in enumerate(seconds):
                for group in range(len(axes.groups)):
                    mass = slab(flux.name, step, group)
                    variable[group, step] = mass / (axes.grid.area_m2 * length)
    return Path(path)


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
        "time_coverage_start": f"{axes.periods[0][0]:%Y-%m-%dT%H:%M:%SZ}",
        "time_coverage_end": f"{axes.periods[-1][1]:%Y-%m-%dT%H:%M:%SZ}",
        "time_coverage_duration": f"P{(axes.periods[-1][1] - axes.periods[0][0]).days}D",
        "time_coverage_resolution": "P1M",
    }


def _axis(file: "netCDF4.Dataset", name: str, edges: Floats, attributes: Mapping[str, str]) -> None:
    """Coordinate with the bounds of its cells."""
    file.createDimension(name, len(edges) - 1)
    middle = file.createVariable(name, "f8", (name,), fill_value=False)
    middle.setncatts({**attributes, "bounds": f"{name}_bounds"})
    middle[:] = (edges[:-1] + edges[1:]) / 2.0
    bounds = file.createVariable(f"{name}_bounds", "f8", (name, "bound"), fill_value=False)
    bounds[:] = np.column_stack([edges[:-1], edges[1:]])


def _place_axes(file: "netCDF4.Dataset", grid: Grid) -> None:
    file.createDimension("bound", 2)
    for name, letter, edges in (("lat", "Y", grid.lat_edges), ("lon", "X", grid.lon_edges)):
        word, side = ("latitude", "north") if name == "lat" else ("longitude", "east")
        told = {"standard_name": word, "long_name": word, "units": f"degrees_{side}", "axis": letter}
        _axis(file, name, edges, told)
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


def _time_axis(file: "netCDF4.Dataset", periods: Sequence[tuple[datetime, datetime]]) -> None:
    """Months need not follow each other: each has bounds of its own."""
    days = np.array([[(instant - _EPOCH).total_seconds() / 86400.0 for instant in pair] for pair in periods])
    file.createDimension("time", len(days))
    told = {
        "standard_name": "time",
        "long_name": "time",
        "units": "days since 1970-01-01 00:00:00",
        "calendar": "standard",
        "units_metadata": "leap_seconds: none",
        "axis": "T",
        "bounds": "time_bounds",
    }
    middle = file.createVariable("time", "f8", ("time",), fill_value=False)
    middle.setncatts(told)
    middle[:] = days.mean(axis=1)
    file.createVariable("time_bounds", "f8", ("time", "bound"), fill_value=False)[:] = days


def _group_axis(file: "netCDF4.Dataset", axes: Axes) -> None:
    numbers = np.arange(len(axes.groups), dtype=np.int8)
    file.createDimension(axes.group, len(numbers))
    variable = file.createVariable(axes.group, "i1", (axes.group,), fill_value=False)
    variable.setncatts(
        {"long_name": axes.group, "flag_values": numbers, "flag_meanings": " ".join(axes.groups)}
    )
    variable[:] = numbers


def _variable(file: "netCDF4.Dataset", axes: Axes, flux: Flux) -> Any:
    """Variable in chunks of one slab: what is asked for together lies together."""
    shape = (1, 1, axes.grid.rows, axes.grid.columns)
    names = (axes.group, "time", "lat", "lon")
    variable: Any = file.createVariable(
        flux.name, "f8", names, fill_value=False, zlib=True, complevel=4, shuffle=True, chunksizes=shape
    )
    standard = {"standard_name": flux.standard_name} if flux.standard_name else {}
    how = {"cell_methods": "time: mean area: mean", "cell_measures": "area: cell_area", "grid_mapping": "crs"}
    what = {"long_name": flux.long_name, "units": "kg m-2 s-1", "coverage_content_type": "modelResult"}
    told = {**standard, **what, **how, **flux.more}
    variable.setncatts(told)
    return variable
