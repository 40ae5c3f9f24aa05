"""A worked example for a private format: a short program that makes of it a table that can be read."""

import re
from datetime import datetime

from corridor.inspection import Inspection
from corridor.tracks import guesses
from corridor.tracks.guesses import Guess

USUAL = {
    "id": "MMSI",
    "time": "BaseDateTime",
    "lat": "LAT",
    "lon": "LON",
    "sog": "SOG",
    "cog": "COG",
    "heading": "Heading",
    "imo": "IMO",
    "name": "VesselName",
}
TEMPLATE = """\
import csv

{note}DATE = "{date}"
with (
    open({name!r}, encoding={encoding!r}, newline="") as old,
    open("mapped.csv", "w", encoding="utf-8", newline="") as new,
):
    table = csv.writer(new)
    table.writerow({header})
    for row in csv.reader(old, delimiter={delimiter!r}):
        if len(row) > {last} and row[{ident}].isdigit():  # other kinds of rows are left out
            table.writerow([{values}])
"""


def worked_example(found: Inspection) -> str:
    """Return a program for a file without column names, or "" where too little could be guessed.

    What is guessed is for the reader to check: nothing in such a file says what its fields are.
    """
    best = guesses.proposal(found.columns)
    chosen = {field: guess for field, guess in best.items() if field in USUAL}
    if found.form is None or not found.headless or not {"id", "lat", "lon"} <= set(chosen):
        return ""
    place = {field: _place(guess) for field, guess in chosen.items()}
    dated = bool("time" in chosen and chosen["time"].form)
    date = "" if dated else _date_in(found.name)
    note = (
        ""
        if dated
        else "# The rows do not say the day: write it (this one stands in the file's name: check).\n"
    )
    order = ["id", "time", *(field for field in chosen if field not in ("id", "time"))]
    values = [_value(field, place.get(field, 0), dated) for field in order]
    return TEMPLATE.format(
        note=note,
        date=date or "YYYY-MM-DD",
        name=found.name,
        encoding="utf-8" if found.form.encoding == "utf-8" else found.form.encoding,
        header=[USUAL[field] for field in order],
        delimiter=found.form.delimiter or ",",
        last=max(place.values()),
        ident=place["id"],
        values=", ".join(values),
    )


def _place(found: Guess) -> int:
    return int(found.column.removeprefix("field ")) - 1


def _value(field: str, place: int, dated: bool) -> str:
    if field == "time" and not dated:
        return f'DATE + "T" + row[{place}][:8]'
    return f"row[{place}]"


def _date_in(name: str) -> str:
    """Return the date that a file's name seems to hold, or "".

    >>> _date_in("AIS_SBARC_180602-00.txt"), _date_in("ais-2024-01-10.csv"), _date_in("fleet.txt")
    ('2018-06-02', '2024-01-10', '')
    """
    for pattern, form in ((r"\d{4}-\d\d-\d\d", "%Y-%m-%d"), (r"\d{8}", "%Y%m%d"), (r"\d{6}", "%y%m%d")):
        for text in re.findall(rf"(?<!\d){pattern}(?!\d)", name):
            try:
                return datetime.strptime(text, form).date().isoformat()  # noqa: DTZ007 — a day, not an instant
            except ValueError:
                continue
    return ""
