"""``corridor inspect``: what a file is, before anybody computes with it."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from corridor.commands.options import Json, Overwrite, file_option, zone_name
from corridor.commands.report import say
from corridor.errors import InputError, OutputError, writing_to
from layers import atomic

if TYPE_CHECKING:
    from corridor.inspection import Inspection

EXAMPLES = """\b
Examples:
  corridor inspect day.csv
  corridor inspect day.csv --columns-out mapping.toml --map coverage.html
  corridor inspect ais/ --out inspected --json
"""
WIDTH = 14


def inspect(
    inputs: Annotated[
        list[str], typer.Argument(metavar="FILE...", help="Files, patterns, folders, addresses.")
    ],
    columns: Annotated[
        Path | None, file_option("--columns", "TOML: which column is what, if you know.")
    ] = None,
    columns_out: Annotated[
        Path | None, typer.Option("--columns-out", metavar="FILE", help="Write the mapping to edit, as TOML.")
    ] = None,
    picture: Annotated[
        Path | None,
        typer.Option("--map", metavar="FILE", help="Write a map of coverage: .html, or .svg alone."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", metavar="DIR", help="Write coverage.html, mapping.toml, inspection.json."
        ),
    ] = None,
    tz: Annotated[
        str | None,
        typer.Option("--tz", metavar="ZONE", parser=zone_name, help="Zone of times that name none [UTC]."),
    ] = None,
    rows: Annotated[
        int, typer.Option("--rows", min=1, metavar="N", help="Most rows to look at in each file.")
    ] = 2_000_000,
    overwrite: Overwrite = False,
    as_json: Json = False,
) -> None:
    """Say what files are: form, columns, span, ships, faults, and the mapping that would read them.

    The files are read as a study reads them; nothing is computed.
    """
    from platformdirs import user_cache_path  # noqa: PLC0415 — needed here only

    from corridor.inspection import inspect as look  # noqa: PLC0415 — slow to import
    from corridor.tracks.columns import read_mapping  # noqa: PLC0415
    from corridor.tracks.inputs import NO_AIS, expand  # noqa: PLC0415

    mapping = read_mapping(columns) if columns is not None else None
    found: list[Inspection] = []
    refused: list[InputError] = []
    for path in expand(inputs, user_cache_path("corridor")):
        try:
            found.append(look(path, mapping=mapping, tz=tz, rows=rows))
        except InputError as fault:  # the next file may be better
            refused.append(fault)
    if not found:
        raise refused[0]
    told = {"files": [item.to_dict() for item in found], "refused": [str(fault) for fault in refused]}
    written = _write(found, told, columns_out, picture, out, overwrite)
    if as_json:
        typer.echo(json.dumps({**told, "paths": written}, ensure_ascii=False))
    else:
        for item in found:
            typer.echo(_page(item))
        for key, place in written.items():
            typer.echo(f"{key:<11}{place}")
    for no_table in refused:
        kind = "left out" if no_table.code in NO_AIS else "error"
        say(f"{kind} [{no_table.code}] {no_table.message}")
    if any(no_table.code not in NO_AIS for no_table in refused):
        raise typer.Exit(2)


# What is written


def _write(
    found: "Sequence[Inspection]",
    told: dict[str, Any],
    columns_out: Path | None,
    picture: Path | None,
    out: Path | None,
    overwrite: bool,
) -> dict[str, str]:
    """Write what was asked for; return its paths."""
    written: dict[str, str] = {}
    if columns_out is not None:
        _place(columns_out, _mapping(found), overwrite)
        written["mapping"] = str(columns_out)
    if picture is not None:
        svg, page = _coverage(found)
        _place(picture, svg if picture.suffix.lower() == ".svg" else page, overwrite)
        written["coverage"] = str(picture)
    if out is not None:
        with writing_to(out):
            out.mkdir(parents=True, exist_ok=True)
        if any(item.coverage is not None for item in found):
            _place(out / "coverage.html", _coverage(found)[1], overwrite)
            written["coverage"] = str(out / "coverage.html")
        if len({item.mapping_toml.partition("\n")[2] for item in found}) == 1 and found[0].mapping_toml:
            _place(out / "mapping.toml", _mapping(found), overwrite)
            written["mapping"] = str(out / "mapping.toml")
        _place(out / "inspection.json", json.dumps(told, ensure_ascii=False, indent=1) + "\n", overwrite)
        written["inspection"] = str(out / "inspection.json")
    return written


def _place(path: Path, text: str, overwrite: bool) -> None:
    if path.exists() and not overwrite:
        raise OutputError("not_empty", f"{path}: there is such a file; name another, or give --overwrite")
    with writing_to(path):
        atomic.write_bytes(path, text.encode())


def _mapping(found: "Sequence[Inspection]") -> str:
    texts = {item.mapping_toml.partition("\n")[2]: item for item in found if item.mapping_toml}
    if not texts:
        raise InputError(
            "no_mapping",
            f"{found[0].name}: found no column names to map; expected a header; see corridor inspect",
        )
    if len(texts) > 1:
        names = ", ".join(item.name for item in list(texts.values())[:4])
        raise InputError(
            "no_mapping", f"found unlike headers in {names}; expected one; inspect one at a time"
        )
    return next(iter(texts.values())).mapping_toml


def _coverage(found: "Sequence[Inspection]") -> tuple[str, str]:
    """Picture of the positions of all files, and the page that shows it."""
    import numpy as np  # noqa: PLC0415 — slow to import

    from maps.coverage import coverage_page, coverage_svg  # noqa: PLC0415

    seen = [item for item in found if item.coverage is not None]
    parts = [item.coverage for item in seen if item.coverage is not None]
    if not parts:
        raise InputError("no_valid_rows", f"{found[0].name}: found no position; expected some for a map")
    simulated = any(item.facts.get("simulated") for item in seen)
    name = seen[0].name if len(seen) == 1 else f"{len(seen)} files"
    mark = "SIMULATED: " if simulated else ""
    sample = "" if all(item.whole for item in seen) else ", the beginning only"
    svg = coverage_svg(
        np.concatenate([part.lat for part in parts]),
        np.concatenate([part.lon for part in parts]),
        np.concatenate([part.holes for part in parts]),
        title=f"{mark}coverage",
        note=f"{name}{sample}",
    )
    facts = [
        (key if not number else "", line)
        for item in seen
        for key, text in [("file", item.name), *_lines(item)]
        for number, line in enumerate(text.split("\n"))
    ]
    return svg, coverage_page(svg, title=f"{mark}coverage of {name}", facts=facts)


# What is printed


def _page(item: "Inspection") -> str:
    """One file in words."""
    lines = [item.name]
    for key, text in [*_lines(item), *_verdict(item)]:
        first, *more = text.split("\n")
        lines.append(f"  {key:<{WIDTH}}{first}")
        lines += [f"  {'':<{WIDTH}}{line}" for line in more]
    return "\n".join([*(line.rstrip() for line in lines), "", _example(item)])


def _lines(item: "Inspection") -> list[tuple[str, str]]:
    """Facts of a file, named."""
    facts = item.facts
    look = "all of them" if item.whole else "the beginning of the file"
    lines = [("is", f"{item.form}; {item.size_bytes:,} bytes")]
    if item.columns:
        lines.append(("columns", "\n".join(map(_column, item.columns))))
    if len(item.field_counts) > 1:
        counts = ", ".join(f"{size} ({rows:,} rows)" for size, rows in item.field_counts.items())
        lines.append(("fields", f"rows are of unequal length: {counts} among the first"))
    if facts.get("rows"):
        lines.append(("rows", f"{facts['rows']:,} looked at ({look}), {facts['rows_usable']:,} usable"))
    for key in ("rows_dropped", "rows_repaired", "not_available"):
        if facts.get(key):
            counted = ", ".join(f"{count:,} {reason}" for reason, count in facts[key].items())
            lines.append((key.removeprefix("rows_").replace("_", " "), counted))
    if "ships" in facts:
        lines += _seen(facts)
    return lines


def _column(guess: Any) -> str:
    name = " ".join(guess.column.split())[:28]
    said = f"{guess.surety}: {guess.note}" if guess.note and guess.field else guess.note or guess.surety
    what = f"{guess.field or 'unknown'} ({said})"
    return f"{name:<20} {what}" + (f", such as {' '.join(guess.example.split())}" if guess.example else "")


def _seen(facts: dict[str, Any]) -> list[tuple[str, str]]:
    """Span, ships, rhythm and particulars in words."""
    rhythm = facts["interval_s"]
    shares = ", ".join(f"{name} {share:.0%}" for name, share in facts["particulars_share"].items())
    lines = [
        ("time", f"{facts['first_utc']} to {facts['last_utc']}, {facts['hours_without_rows']:,} hours empty"),
        ("place", f"{_box(facts['bbox_deg'])}; the middle 98 %: {_box(facts['bbox_98_percent_deg'])}"),
        ("ships", f"{facts['ships']:,}, of them {facts['ships_ocean_going']:,} ocean-going"),
        ("particulars", f"{shares} of the ships; speed in {facts['speed_share']:.0%} of the rows"),
        ("repeated", f"{facts['rows_of_equal_ship_and_time']:,} rows of equal ship and time"),
    ]
    if rhythm["median"] is not None:
        text = (
            f"{rhythm['median']:,.0f} s (median), nine in ten below {rhythm['ninety_percent_below']:,.0f} s, "
        )
        text += f"longest {rhythm['longest'] / 3600:,.1f} h; {facts['holes_over_6_h']:,} holes of 6 h or more"
        lines.append(("interval", text))
    return [
        *lines,
        ("simulated", "yes, an invented ship is among them" if facts["simulated"] else "no sign of it"),
    ]


def _box(box: Sequence[float]) -> str:
    west, south, east, north = box
    return f"{_side(south, 'NS')} to {_side(north, 'NS')}, {_side(west, 'EW')} to {_side(east, 'EW')}"


def _side(degrees: float, signs: str) -> str:
    return f"{abs(degrees):.3f}° {signs[degrees < 0]}"


def _verdict(item: "Inspection") -> list[tuple[str, str]]:
    """What to do with the file."""
    if item.usable:
        return [("verdict", f"can be used as it is: corridor run {item.name} --out DIR")]
    if item.mappable:
        text = "can be used with the columns guessed above, once you have looked at them:\n"
        text += f"corridor inspect {item.name} --columns-out mapping.toml\n"
        text += f"corridor run {item.name} --columns mapping.toml --out DIR"
        return [("verdict", text)]
    if not item.columns:
        return [("verdict", f"cannot be used: {item.reason}")]
    shape = "\n".join(
        " | ".join(f"{k}: {cell[:24]}" for k, cell in enumerate(row, 1)) for row in item.first_rows
    )
    if not item.headless:
        text = f"cannot be used yet: {item.reason}\nwrite what is missing into the mapping:\n"
        text += f"corridor inspect {item.name} --columns-out mapping.toml"
        return [("first rows", shape), ("verdict", text)]
    text = (
        "a private format: its first line names no columns, so what the fields are cannot be known from it.\n"
    )
    text += (
        "What stands above is guessed from values. Ask who made the file, then make a table with a header."
    )
    return [("first rows", shape), ("verdict", text)]


def _example(item: "Inspection") -> str:
    """A program to copy, at the margin, for a file without column names."""
    from corridor.conversion import worked_example  # noqa: PLC0415 — slow to import

    example = worked_example(item)
    if not example:
        return ""
    head = "An example with the guesses, to correct and run with python; then corridor inspect mapped.csv"
    return f"{head}\n\n{example}"
