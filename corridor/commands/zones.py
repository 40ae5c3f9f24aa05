"""``corridor zones``: list, draw and export the zone systems, and look at your own before a run."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from corridor.errors import InputError, OutputError
from layers import atomic

if TYPE_CHECKING:
    import geopandas as gpd

    from layers.zones import ZoneSystem

# Never in a picture: an outline of it would be read as a boundary between states.
NOT_DRAWN = "jurisdiction"
FORMATS = (".gpkg", ".geojson")
EXAMPLES = """\b
Examples:
  corridor zones list
  corridor zones list --system port
  corridor zones list --zones berths.geojson
  corridor zones export --out zones.gpkg
  corridor zones export --system sulphur --out sulphur.geojson
  corridor zones draw --system speed --out speed.svg
"""

app = typer.Typer(
    name="zones",
    help="List, draw and export the zones that totals are made for; look at your own before a run.",
    epilog=EXAMPLES,
    no_args_is_help=True,
    rich_markup_mode=None,
)

System = Annotated[
    str | None, typer.Option("--system", metavar="NAME", help="One system, such as port [all].")
]
Zones = Annotated[
    Path | None,
    typer.Option(
        "--zones", metavar="FILE", help="Your own zones too, as the system user; FILE#layer names a layer."
    ),
]
Datum = Annotated[
    str | None,
    typer.Option("--zones-datum", metavar="NAME", help="Datum of your zones if you know it: wgs84, gcj02."),
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace the file if it is there.")]


@app.command("list", epilog=EXAMPLES)
def list_zones(
    system: System = None,
    zones: Zones = None,
    datum: Datum = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the list as JSON.")] = False,
) -> None:
    """Print every zone: system, key, kind, area, name, and how far its outline was checked."""
    table = zone_table(chosen_systems(system, zones, datum)).drop(columns="geometry")
    if as_json:
        typer.echo(table.to_json(orient="records", force_ascii=False))
        return
    wide = max(len(zone) for zone in table["zone_id"])
    for name, rows in table.groupby("system", sort=False):
        typer.echo(f"{name}: {len(rows)} zones")
        for row in rows.to_dict("records"):
            typer.echo(
                f"  {row['zone_id']:<{wide}}  {row['kind']:<19}  {row['area_km2']:>12,.1f} km2  "
                f"{row['name_en']}  [{row['verification']}]"
            )


@app.command(epilog=EXAMPLES)
def export(
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="File: .gpkg or .geojson.")],
    system: System = None,
    zones: Zones = None,
    datum: Datum = None,
    overwrite: Overwrite = False,
) -> None:
    """Write zones with names, kind, validity, source, licence and verification; cut at 180 degrees."""
    if out.suffix.lower() not in FORMATS:
        raise OutputError("unknown_format", f"found {out.name}; expected {' or '.join(FORMATS)}; rename it")
    check_free(out, overwrite=overwrite)
    table = zone_table(chosen_systems(system, zones, datum))
    if out.suffix.lower() == ".gpkg":
        _write_geopackage(table, out)
    else:
        _write_text(out, geojson(table))
    typer.echo(str(out))


@app.command(epilog=EXAMPLES)
def draw(
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="Picture to write: .svg.")],
    system: System = None,
    zones: Zones = None,
    datum: Datum = None,
    overwrite: Overwrite = False,
) -> None:
    """Draw one system as a picture that any browser opens; your own zones, or port, if none is named."""
    from corridor.outputs.zones import system_svg  # noqa: PLC0415 — slow to import

    if out.suffix.lower() != ".svg":
        raise OutputError("unknown_format", f"found {out.name}; expected .svg; rename it")
    if system == NOT_DRAWN:
        raise InputError(
            "not_drawn", f"found system '{system}', which is for files only; expected another; export it"
        )
    check_free(out, overwrite=overwrite)
    (one,) = chosen_systems(system or ("user" if zones is not None else "port"), zones, datum)
    _write_text(out, system_svg(one))
    typer.echo(str(out))


def chosen_systems(name: str | None, zones: Path | None, datum: str | None) -> "list[ZoneSystem]":
    """Systems that ship and the user's own, or the one that is named.

    Raises
    ------
    InputError
        If there is no such system, or the user's zones cannot be used.
    """
    from corridor.ground import study_systems  # noqa: PLC0415 — slow to import
    from corridor.userzones import datum_remark  # noqa: PLC0415

    systems = list(study_systems(zones, datum))
    known = [one.name for one in systems]
    if name is not None and name not in known:
        hint = "; give --zones FILE" if name == "user" else ""
        raise InputError(
            "unknown_system", f"zone system '{name}' is unknown; known: {', '.join(known)}{hint}"
        )
    remark = datum_remark(systems[-1], datum) if zones is not None else None
    if remark:
        typer.echo(f"warning {remark}", err=True)
    return [one for one in systems if name in {None, one.name}]


def zone_table(systems: "list[ZoneSystem]") -> "gpd.GeoDataFrame":
    """Zones of systems in one table, with their area on the ellipsoid. [km2]."""
    import pandas as pd  # noqa: PLC0415 — slow to import
    import shapely  # noqa: PLC0415

    from layers.zones import equal_area  # noqa: PLC0415

    parts = []
    for one in systems:
        zones = one.zones.assign(system=one.name)
        parts.append(zones.assign(area_km2=shapely.area(equal_area(zones.geometry.to_numpy())) / 1e6))
    order = ["system", "zone_id", "name_en", "name_zh", "kind", "area_km2"]
    table = pd.concat(parts, ignore_index=True)
    text = [name for name in table if name != "geometry" and not pd.api.types.is_numeric_dtype(table[name])]
    table = table.assign(**{name: table[name].where(table[name].notna(), "").astype(str) for name in text})
    rest = [name for name in table if name not in order]
    return table[[*order, *rest]]


def geojson(table: "gpd.GeoDataFrame") -> str:
    """Zones as GeoJSON (RFC 7946): longitudes in ±180, missing numbers as null, one feature a line."""
    import pandas as pd  # noqa: PLC0415 — slow to import
    import shapely  # noqa: PLC0415

    features = []
    for row, shape in zip(table.drop(columns="geometry").to_dict("records"), table["geometry"], strict=True):
        properties: dict[Any, Any] = {
            key: None if isinstance(value, float) and pd.isna(value) else value for key, value in row.items()
        }
        geometry = json.loads(shapely.to_geojson(shape))
        feature = {"type": "Feature", "properties": properties, "geometry": geometry}
        features.append(json.dumps(feature, ensure_ascii=False, separators=(",", ":")))
    return '{"type":"FeatureCollection","features":[\n' + ",\n".join(features) + "\n]}\n"


def check_free(path: Path, *, overwrite: bool) -> None:
    """Refuse a file that is there.

    Raises
    ------
    OutputError
        If it is there and must not be replaced.
    """
    if path.exists() and not overwrite:
        raise OutputError("file_exists", f"found {path}; expected a new file; name another or --overwrite")


def _write_geopackage(table: "gpd.GeoDataFrame", out: Path) -> None:
    from corridor.outputs.zones import zone_layer  # noqa: PLC0415 — slow to import
    from layers import geopackage  # noqa: PLC0415

    try:
        geopackage.write(out, [zone_layer(table)], metadata={"title": "Zone systems of corridor"})
    except OSError as error:
        raise _unwritable(out, error) from error


def _write_text(out: Path, content: str) -> None:
    try:
        with atomic.whole_file(out) as part:
            part.write_text(content, encoding="utf-8", newline="\n")
    except OSError as error:
        raise _unwritable(out, error) from error


def _unwritable(out: Path, error: OSError) -> OutputError:
    return OutputError(
        "cannot_write",
        f"found no way to write {out} ({error.strerror or error}); expected a folder with room; give another",
    )
