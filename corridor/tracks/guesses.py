"""What the columns of an unknown table may hold, by name, else by value, with how sure that is."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from corridor import identity
from corridor.tracks import columns
from corridor.tracks.columns import REQUIRED, ColumnMapping

# Names that people give, beside those that are read without asking; Chinese ones among them.
ALIKE = {
    "id": r"mmsi|(ship|vessel)[ _]?(id|ref|no|nr|number|key)|^id$|船舶编号",
    "time": r"time|date|stamp|when|^t$|时间|日期",
    "lat": r"^y$|lat|breite|纬度",
    "lon": r"^x$|lon|lng|l(ä|ae)nge(ngrad)?$|经度",
    "sog": r"sog|speed|geschw|^v$|\bkn\b|knots|km/?h|航速|速度",
    "cog": r"cog|course|kurs|航迹向|航向",
    "heading": r"head|hdg|船首向|艏向",
    "status": r"status|航行状态",
    "draught": r"dra(ugh|f)t|tiefgang|吃水",
    "length": r"^len|loa|^l(ä|ae)nge_?m|船长",
    "beam": r"beam|width|breite_?m|船宽",
    "ais_type": r"type|船舶类型",
    "name": r"name|船名",
    "imo": r"imo",
    "call_sign": r"call|呼号",
}
# Patterns of times; those that begin with day and month, or month and day, may both fit.
PATTERNS = (
    *("%d/%m/%Y %H:%M:%S", "%m/%d/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M"),
    *("%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%d-%m-%Y %H:%M:%S", "%m-%d-%Y %H:%M:%S", "%d-%m-%Y %H:%M"),
    *("%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y%m%d%H%M%S", "%Y%m%d %H%M%S", "%Y%m%dT%H%M%S"),
    *("%d %b %Y %H:%M:%S", "%d %b %Y %H:%M", "%Y年%m月%d日 %H:%M:%S", "%Y年%m月%d日 %H:%M"),
)
# Units that a name may tell; else the usual ones.
UNITS = {
    "sog": {"km/h": r"km_?/?p?h|kph", "m/s": r"m/s|mps|_ms$"},
    "draught": {"dm": r"(_|\b)dm\b", "ft": r"(_|\b)(ft|feet)\b"},
    "length": {"ft": r"(_|\b)(ft|feet)\b"},
    "beam": {"ft": r"(_|\b)(ft|feet)\b"},
}
USUAL = {"sog": "kn", "draught": "m", "length": "m", "beam": "m"}
ISO = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d")
CLOCK = re.compile(r"\d{1,2}:\d\d(:\d\d([:.,]\d+)?)?")
MMSI = re.compile(r"[2-7]\d{8}(\.0+)?")
NUMBER = re.compile(r"[-+]?\d+([.,]\d+)?")
SURETY = ("known", "likely", "maybe", "unknown")
MOST = 0.9


@dataclass(frozen=True)
class Guess:
    """What one column may be.

    ``field`` is ours, or "". ``surety``: ``known`` (a name that is read without asking), ``likely`` (name or
    values leave little else), ``maybe``, ``unknown``. ``note`` says why, or what is wrong with it.
    """

    column: str
    field: str
    surety: str
    note: str = ""
    example: str = ""
    form: str = ""


def guess(header: Sequence[str], cells: Sequence[Sequence[str]], *, named: bool = True) -> list[Guess]:
    """Return what each column may hold.

    Parameters
    ----------
    header : sequence of str
        Names of the columns, or, if not ``named``, anything: the values alone are looked at.
    cells : sequence of sequences of str
        Some rows, as text.

    Examples
    --------
    >>> rows = [["477999101", "10/01/2024 06:00", "33.75", "-118.21"]] * 3
    >>> [(g.field, g.surety) for g in guess(["Ref", "When", "Y", "X"], rows)]
    [('id', 'likely'), ('time', 'likely'), ('lat', 'likely'), ('lon', 'likely')]
    """
    found = []
    for place, column in enumerate(header):
        values = [row[place].strip() for row in cells if place < len(row) and row[place].strip()]
        example = values[0][:40] if values else ""
        field, surety, note, form = _by_name(column, values) if named else ("", "", "", "")
        if not field:
            field, surety, note, form = _by_values(values)
        found.append(Guess(column, field, surety, note, example, form))
    return _places_in_pairs(found)


def _by_name(column: str, values: Sequence[str]) -> tuple[str, str, str, str]:
    known = columns.meaning(column)
    form = _time_form(values) if known == "time" else ("", "")
    if known in columns.FIELDS:
        return known, "known", form[1], form[0]
    plain = column.strip().lower()
    for field, pattern in ALIKE.items():
        if re.search(pattern, plain) and _may_be(field, values):
            form = _time_form(values) if field == "time" else ("", "")
            note = form[1] or "by its name"
            return field, "likely" if _fits(field, values) else "maybe", note, form[0]
    return "", "", "", ""


def _numbers(values: Sequence[str]) -> list[float]:
    return [float(value.replace(",", ".")) for value in values if NUMBER.fullmatch(value)]


def _may_be(field: str, values: Sequence[str]) -> bool:
    """Whether values do not rule a field out."""
    if field in ("name", "call_sign", "id", "imo", "status", "ais_type") or not values:
        return True
    if field == "time":
        return bool(_time_form(values)[0] or _time_form(values)[1])
    return len(_numbers(values)) >= MOST * len(values)


def _fits(field: str, values: Sequence[str]) -> bool:
    """Whether values are such as a field has."""
    if field in ("name", "call_sign", "id", "status", "ais_type"):
        return bool(values)
    if field == "time":
        return bool(_time_form(values)[0])
    if field == "imo":
        return _share(values, lambda value: identity.parse_imo(value) > 0) >= MOST
    numbers = _numbers(values)
    limits = {"lat": 91.0, "lon": 360.0, "sog": 102.3, "cog": 409.5, "heading": 511.0}
    return bool(numbers) and max(map(abs, numbers)) <= limits.get(field, 1000.0)


def _share(values: Sequence[str], test: Callable[[str], object]) -> float:
    return sum(bool(test(value)) for value in values) / len(values) if values else 0.0


def _by_values(values: Sequence[str]) -> tuple[str, str, str, str]:
    """Field, surety, note and form of a column without a telling name."""
    if not values:
        return "", "unknown", "empty in the rows looked at", ""
    if _share(values, MMSI.fullmatch) >= MOST:
        return "id", "likely", "nine digits beginning with 2 to 7: an MMSI", ""
    form, note = _time_form(values)
    if form:
        return "time", "likely", note, form
    if note:
        return "time", "maybe", note, ""
    digits = [value for value in values if re.fullmatch(r"(IMO)?\d{7}", value)]
    if len(digits) >= MOST * len(values) and _share(digits, lambda v: identity.parse_imo(v) > 0) >= MOST:
        return "imo", "likely", "seven digits with the right check digit", ""
    return _by_numbers(values)


def _by_numbers(values: Sequence[str]) -> tuple[str, str, str, str]:
    numbers = _numbers(values)
    if len(numbers) < MOST * len(values):
        return "", "unknown", "text", ""
    fine = _share(values, lambda value: re.search(r"[.,]\d{3,}$", value)) >= MOST
    if fine and max(map(abs, numbers)) <= 360:
        near = max(map(abs, numbers)) <= 90
        return ("lat" if near else "lon"), "maybe", "a number with three decimals or more, as places have", ""
    whole = all(number == int(number) for number in numbers)
    if whole and 511 in numbers and max(numbers) <= 511:
        return "heading", "likely", "whole numbers, 511 among them (not available)", ""
    if not whole and min(numbers) >= 0 and 60 < max(numbers) <= 360:
        return "cog", "maybe", "numbers from 0 to 360", ""
    if not whole and min(numbers) >= 0 and max(numbers) <= 102.3:
        return "sog", "maybe", "numbers such as speeds in knots", ""
    return "", "unknown", "numbers", ""


def _time_form(values: Sequence[str]) -> tuple[str, str]:
    """Form of times as `ColumnMapping` takes it, and a note; no form and a note where it cannot be told."""
    if _share(values, ISO.match) >= MOST:
        return "auto", "ISO 8601"
    numbers = [value for value in values if re.fullmatch(r"\d{10}(\.\d+)?|\d{13}", value)]
    if len(numbers) >= MOST * len(values) > 0 and _share(numbers, _is_epoch) >= MOST:
        return ("epoch_ms" if len(numbers[0]) == 13 else "epoch_s"), "counted from 1970"
    fitting = [pattern for pattern in PATTERNS if _share(values, partial(_reads, pattern)) >= MOST]
    if len(fitting) > 1 and {pattern[:2] for pattern in fitting} >= {"%d", "%m"}:
        return fitting[0], f"day or month first? both fit: {fitting[0]} or {fitting[1]}; look, then choose"
    if fitting:
        return fitting[0], f"written as {fitting[0]}"
    if _share(values, CLOCK.fullmatch) >= MOST:
        return "", "time of day without a date: a date must be put before it"
    return "", ""


def _is_epoch(value: str) -> bool:
    seconds = float(value) / (1000 if len(value) == 13 else 1)
    return 883_612_800 <= seconds < 4_102_444_800


def _reads(pattern: str, value: str) -> bool:
    try:
        datetime.strptime(value, pattern)  # noqa: DTZ007 — whether it reads is all that is asked
    except ValueError:
        return False
    return True


def _places_in_pairs(found: list[Guess]) -> list[Guess]:
    """Two neighbours that may be places are: the one that passes 90° is the longitude."""
    sure = {guess.field for guess in found if guess.surety in ("known", "likely")}
    if {"lat", "lon"} & sure:
        return [
            Guess(g.column, "", "unknown", "numbers", g.example)
            if g.surety == "maybe" and g.field in sure & {"lat", "lon"}
            else g
            for g in found
        ]
    for one, two in zip(range(len(found)), range(1, len(found)), strict=False):
        if {found[one].field, found[two].field} == {"lat", "lon"}:
            for place in (one, two):
                g = found[place]
                note = "two neighbours with many decimals, one beyond 90: a place"
                found[place] = Guess(g.column, g.field, "likely", note, g.example)
            break
    return found


def proposal(guesses: Sequence[Guess]) -> dict[str, Guess]:
    """Return the best column of each field; the first of equals, and a ``maybe`` only where it must be.

    >>> list(proposal(guess(["MMSI", "Weather"], [["477999101", "fog"]])))
    ['id']
    """
    best: dict[str, Guess] = {}
    for found in sorted(guesses, key=lambda item: SURETY.index(item.surety)):
        weak = found.surety == "maybe" and found.field not in REQUIRED and found.note != "by its name"
        if found.field and found.field not in best and not weak:
            best[found.field] = found
    return {field: best[field] for field in columns.FIELDS if field in best}


def unit_of(field: str, column: str) -> str:
    """Return the unit that a column's name tells, else the usual one.

    >>> unit_of("sog", "Speed (km/h)"), unit_of("draught", "draught_dm"), unit_of("length", "LOA")
    ('km/h', 'dm', 'm')
    """
    told = (unit for unit, pattern in UNITS[field].items() if re.search(pattern, column.lower()))
    return next(told, USUAL[field])


def mapping_of(
    chosen: Mapping[str, Guess], *, delimiter: str = "", decimal: str = ""
) -> ColumnMapping | None:
    """Return the mapping that a proposal makes, or None while a column that is needed is missing."""
    if any(field not in chosen for field in REQUIRED) or not chosen["time"].form:
        return None
    ids = chosen["id"].example
    return ColumnMapping(
        columns={field: found.column for field, found in chosen.items()},
        units=columns.Units.model_validate(
            {field: unit_of(field, chosen[field].column) for field in UNITS if field in chosen}
        ),
        time=columns.TimeForm(format=chosen["time"].form),
        id=columns.IdForm(kind="mmsi" if not ids or MMSI.fullmatch(ids) else "text"),
        file=columns.FileForm(delimiter=delimiter, decimal=decimal or ""),  # type: ignore[arg-type] # "." or ","
    )


def mapping_text(chosen: Mapping[str, Guess], mapping: ColumnMapping | None, name: str) -> str:
    """Return a mapping as TOML to edit, a comment on each line that says how sure it is."""
    lines = [
        f"# Columns of {_plain(name)}: ours = theirs. Look at each, then: corridor run … --columns THIS",
        "",
    ]
    lines.append("[columns]")
    for field in (*REQUIRED, *(field for field in chosen if field not in REQUIRED)):
        if field in chosen:
            found = chosen[field]
            such = f"such as {found.example}" if found.example else ""
            said = "; ".join(part for part in (found.surety, found.note, such) if part)
            lines.append(f"{field} = {_quoted(found.column)}  # {_plain(said)}")
        else:
            lines.append(f'{field} = ""  # not found: write the name of the column')
    return "\n".join([*lines, *_settings(chosen, mapping)]) + "\n"


def _settings(chosen: Mapping[str, Guess], mapping: ColumnMapping | None) -> list[str]:
    """Lines for units, times, ids and the layout of the file."""
    form = chosen["time"].form if "time" in chosen else ""
    choice = {"sog": "kn, km/h or m/s", "draught": "m, dm or ft"}
    units = [(field, unit_of(field, chosen[field].column)) for field in UNITS if field in chosen]
    lines = ["", "[units]", *(f'{f} = "{unit}"  # {choice.get(f, "m or ft")}' for f, unit in units)]
    lines += ["", "[time]"]
    lines += [f"format = {_quoted(form or 'auto')}  # auto, iso, epoch_s, epoch_ms or a pattern"]
    lines += ['zone = "UTC"  # of times that name none, such as Asia/Shanghai']
    kind = mapping.id.kind if mapping else "mmsi"
    lines += ["", "[id]", f'kind = "{kind}"  # mmsi, or text for any other key']
    if mapping is not None and (mapping.file.delimiter or mapping.file.decimal):
        lines += ["", "[file]"]
        lines += [f"{key} = {_quoted(value)}" for key, value in mapping.file.model_dump().items() if value]
    return lines


def _quoted(text: str) -> str:
    """Text as a TOML string, which is written as JSON writes one but for DEL."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _plain(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
