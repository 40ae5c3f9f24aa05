"""GPX tracks with times: a row a point, the track's name as the ship's; a stream without entities."""

from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import ParseError

import pyarrow as pa
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from corridor.errors import InputError
from corridor.tracks.sources import Source

ROWS = 65_536
COLUMNS = ("track_name", "time", "lat", "lon")


def tables(source: Source) -> Iterator[pa.Table]:
    """Give the points of all tracks of a file.

    Raises
    ------
    InputError
        ``corrupt_file`` if it is no whole XML, ``unsafe_xml`` if it defines entities, ``no_rows`` if it has
        no track points: a route is no record of positions.
    """
    found = False
    try:
        for rows in _blocks(source):
            found = True
            yield pa.table(dict(zip(COLUMNS, zip(*rows, strict=True), strict=True)))
    except ParseError as error:
        message = f"{source.name}: the GPX file is cut or damaged ({error}); fetch it again"
        raise InputError("corrupt_file", message) from error
    except DefusedXmlException as error:
        message = f"{source.name}: the GPX file defines entities ({type(error).__name__})"
        raise InputError("unsafe_xml", f"{message}; expected plain GPX; write it again") from error
    if not found:
        message = f"{source.name}: no track point; expected <trk> with times"
        raise InputError("no_rows", f"{message}; a planned <rte> is for corridor route")


def _blocks(source: Source) -> Iterator[list[tuple[Any, ...]]]:
    """Points in blocks; each element is forgotten when it was read."""
    rows: list[tuple[Any, ...]] = []
    number, name = 0, ""
    path: list[Any] = []
    with source.open() as stream:
        for event, element in iterparse(stream, events=("start", "end"), forbid_dtd=True):
            tag = element.tag.rpartition("}")[2]
            if event == "start":
                path.append(element)
                if tag == "trk":
                    number, name = number + 1, ""
                continue
            path.pop()
            inside = path[-1].tag.rpartition("}")[2] if path else ""
            if tag == "name" and inside == "trk":
                name = " ".join((element.text or "").split())
            if tag == "trkpt":
                rows.append((name or f"{source.path.stem} {number}", *_point(element)))
                path[-1].remove(element)
            if len(rows) >= ROWS:
                yield rows
                rows = []
    if rows:
        yield rows


def _point(element: Any) -> tuple[str | None, float | None, float | None]:
    time = next((child.text for child in element if child.tag.rpartition("}")[2] == "time"), None)
    return (time or "").strip() or None, _number(element.get("lat")), _number(element.get("lon"))


def _number(text: str | None) -> float | None:
    try:
        return float(text or "")
    except ValueError:
        return None
