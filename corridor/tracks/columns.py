"""Which column of a table means what, in which unit: known headers, or a mapping the user writes.

A mapping is a TOML file:

.. code-block:: toml

    [columns]                  # ours = theirs; id, time, lat and lon are required
    id = "VesselRef"
    time = "Stamp"
    lat = "Y"
    lon = "X"
    sog = "SpeedKmh"

    [units]                    # kn, km/h or m/s for sog; m, dm or ft for length, beam and draught
    sog = "km/h"

    [time]
    format = "%d/%m/%Y %H:%M"  # or "iso", "epoch_s", "epoch_ms"
    zone = "Asia/Shanghai"     # of times that carry none

    [id]
    kind = "text"              # the id is no MMSI

    [file]
    delimiter = ";"
    decimal = ","
"""

import tomllib
from pathlib import Path
from typing import Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from corridor.errors import InputError

REQUIRED = ("id", "time", "lat", "lon")
OPTIONAL = (
    "sog", "cog", "heading", "status", "draught", "length", "beam", "ais_type", "name", "imo", "call_sign",
    "transceiver",
)  # fmt: skip
FIELDS = (*REQUIRED, *OPTIONAL)

# Header names of both MarineCadastre generations, in small letters without spaces and underscores.
KNOWN_NAMES = {
    "mmsi": "id",
    "basedatetime": "time",
    "lat": "lat",
    "latitude": "lat",
    "lon": "lon",
    "longitude": "lon",
    "sog": "sog",
    "cog": "cog",
    "heading": "heading",
    "vesselname": "name",
    "imo": "imo",
    "callsign": "call_sign",
    "vesseltype": "ais_type",
    "status": "status",
    "length": "length",
    "width": "beam",
    "draft": "draught",
    "transceiverclass": "transceiver",
    "transceiver": "transceiver",
}
# Other names of the same, first the one to take of several: Danish, Spire, Global Fishing Watch, ours.
OTHER_NAMES = {
    "id": ("ssvid",),
    "time": (
        *("timeutc", "timestamp", "timestamputc", "datetime", "datetimeutc", "dttimestamp"),
        *("tms", "time"),
    ),
    "lat": ("geometry.y", "latdeg"),
    "lon": ("geometry.x", "londeg"),
    "sog": ("sogkn", "speedkn", "speedknots", "speedoverground", "speed"),
    "cog": ("cogdeg", "course", "courseoverground"),
    "heading": ("headingdeg", "trueheading"),
    "status": ("navstatus", "navigationalstatus", "navigationstatus"),
    "draught": ("draught", "draughtm", "draftm"),
    "length": ("lengthm", "loa"),
    "beam": ("beam", "beamm", "widthm"),
    "ais_type": ("aistype", "shiptype"),
    "name": ("shipname", "name"),
    "imo": ("imonumber",),
    "transceiver": ("typeofmobile",),
}
# What names a ship where there is no MMSI: nine digits among these are one, other texts stand as they are.
LABELS = ("vesselid", "shipkey", "trajectoryid", "trajid", "trackid", "trackname")
# Coordinates and times that come out of a geometry.
GEOMETRY = ("geometry.x", "geometry.y", "geometry.t")
# The daily files of the Danish Maritime Authority, whose times begin with the day.
DANISH = {"timestamp", "typeofmobile", "mmsi", "latitude", "longitude"}
DANISH_TIMES = "%d/%m/%Y %H:%M:%S"

TO_KN = {"kn": 1.0, "km/h": 1 / 1.852, "m/s": 3.6 / 1.852}
TO_M = {"m": 1.0, "dm": 0.1, "ft": 0.3048}


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Units(_Part):
    """Units of the numeric columns."""

    sog: Literal["kn", "km/h", "m/s"] = "kn"
    length: Literal["m", "ft"] = "m"
    beam: Literal["m", "ft"] = "m"
    draught: Literal["m", "dm", "ft"] = "m"

    def factor(self, field: str) -> float:
        """Return what a value of a field is multiplied with. [kn or m per unit].

        >>> round(Units(sog="m/s").factor("sog") * 10, 3)
        19.438
        """
        if field == "sog":
            return TO_KN[self.sog]
        return TO_M[str(getattr(self, field))] if field in ("length", "beam", "draught") else 1.0


class TimeForm(_Part):
    """How times are written; ``auto`` takes ISO 8601 and epoch seconds or milliseconds, nothing ambiguous."""

    format: str = "auto"
    zone: str = "UTC"

    @field_validator("zone")
    @classmethod
    def _zone_exists(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            message = f"time zone {value!r} is unknown; expected a name such as 'UTC' or 'Asia/Shanghai'"
            raise ValueError(message) from error
        return value

    @field_validator("format")
    @classmethod
    def _format_known(cls, value: str) -> str:
        if value not in ("auto", "iso", "epoch_s", "epoch_ms") and "%" not in value:
            known = "iso, epoch_s, epoch_ms or a pattern such as '%d/%m/%Y %H:%M:%S'"
            message = f"time format {value!r} is unknown; expected {known}"
            raise ValueError(message)
        return value


class IdForm(_Part):
    """What identifies a ship: its MMSI, any text, or a label, of which nine digits are an MMSI."""

    kind: Literal["mmsi", "text", "label"] = "mmsi"


class FileForm(_Part):
    """How the text is laid out; empty means detected."""

    delimiter: str = Field(default="", max_length=1)
    decimal: Literal["", ".", ","] = ""


class ColumnMapping(_Part):
    """Names, units and forms of a table of positions.

    >>> mapping = ColumnMapping(columns={"id": "ref", "time": "t", "lat": "y", "lon": "x"})
    >>> mapping.units.sog, mapping.id.kind
    ('kn', 'mmsi')
    """

    columns: dict[str, str]
    units: Units = Units()
    time: TimeForm = TimeForm()
    id: IdForm = IdForm()
    file: FileForm = FileForm()

    @model_validator(mode="after")
    def _columns_known(self) -> Self:
        unknown = sorted(set(self.columns) - set(FIELDS))
        if unknown:
            message = f"columns.{unknown[0]}: unknown; known are {', '.join(FIELDS)}"
            raise ValueError(message)
        missing = [name for name in REQUIRED if name not in self.columns]
        if missing:
            message = f"columns.{missing[0]}: missing; give the name of the column that holds it"
            raise ValueError(message)
        return self


def read_mapping(path: str | Path) -> ColumnMapping:
    """Return the column mapping a TOML file holds.

    Raises
    ------
    InputError
        ``bad_mapping``, naming the file, the key and, where it stands in the file, its line.
    """
    place = Path(path)
    try:
        text = place.read_text(encoding="utf-8-sig")
        return ColumnMapping.model_validate(tomllib.loads(text))
    except OSError as error:
        raise InputError(
            "missing_file", f"{place.name}: the mapping cannot be read ({error.strerror})"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError("bad_mapping", f"{place.name}: not valid TOML: {error}") from error
    except ValidationError as error:
        raise InputError("bad_mapping", f"{place.name}: {_first_fault(error, text)}") from error


def _first_fault(error: ValidationError, text: str) -> str:
    """Key, line and message of the first fault, in one line."""
    fault = error.errors()[0]
    message = str(fault["msg"]).removeprefix("Value error, ")
    key = ".".join(str(part) for part in fault["loc"]) or message.split(":")[0]
    line = _line_of(key, text)
    where = f"line {line}, " if line else ""
    return f"{where}{message}" if not fault["loc"] else f"{where}{key}: {message}"


def _line_of(key: str, text: str) -> int:
    """Line of a dotted key in a TOML text, or 0."""
    table, _, leaf = key.rpartition(".")
    current = ""
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split("#")[0].strip()
        if words.startswith("["):
            current = words.strip("[] ")
            if current == key:
                return number
        elif "=" in words and current == table and words.split("=")[0].strip(" \"'") == leaf:
            return number
    return 0


def plain(column: str) -> str:
    """Return a column name in small letters, without spaces, underscores and ``#``.

    >>> plain("# Timestamp"), plain("base_date_time")
    ('timestamp', 'basedatetime')
    """
    return column.lower().replace("_", "").replace(" ", "").replace("#", "")


def meaning(column: str) -> str:
    """Return the field that a column name means, ``label`` for a ship's name of any kind, or "".

    >>> meaning("Navigational status"), meaning("traj_id"), meaning("Cargo")
    ('status', 'label', '')
    """
    key = plain(column)
    if key == GEOMETRY[2]:
        return "time"
    others = (field for field, names in OTHER_NAMES.items() if key in names)
    return KNOWN_NAMES.get(key) or next(others, "label" if key in LABELS else "")


def resolve(
    header: list[str], mapping: ColumnMapping | None, name: str
) -> tuple[dict[str, str], ColumnMapping | None]:
    """Return the table's column of each field, and the mapping that holds: given, of a known header, or none.

    Raises
    ------
    InputError
        As `locate`.

    Examples
    --------
    >>> where, form = resolve(["# Timestamp", "Type of mobile", "MMSI", "Latitude", "Longitude"], None, "a")
    >>> where["time"], form.time.format
    ('# Timestamp', '%d/%m/%Y %H:%M:%S')
    """
    where = locate(header, mapping, name)
    if mapping is not None:
        return where, mapping
    time = TimeForm(format=DANISH_TIMES) if known_header(header) == "danish" else TimeForm()
    ident = IdForm(kind="label" if plain(where["id"]) in LABELS else "mmsi")
    if time == TimeForm() and ident == IdForm():
        return where, None
    return where, ColumnMapping(columns=where, time=time, id=ident)


def known_header(header: list[str]) -> str:
    """Return whose header this is: ``danish``, ``marinecadastre``, or "".

    >>> known_header(["MMSI", "BaseDateTime", "LAT", "LON"])
    'marinecadastre'
    """
    names = {plain(column) for column in header}
    if names >= DANISH:
        return "danish"
    return "marinecadastre" if names >= {"mmsi", "basedatetime"} else ""


def locate(header: list[str], mapping: ColumnMapping | None, name: str) -> dict[str, str]:
    """Return the table's column name of each of our fields.

    Raises
    ------
    InputError
        ``duplicate_column`` or ``missing_column``, naming what was found.

    Examples
    --------
    >>> locate(["mmsi", "base_date_time", "longitude", "latitude"], None, "day.csv")
    {'id': 'mmsi', 'time': 'base_date_time', 'lon': 'longitude', 'lat': 'latitude'}
    """
    twice = sorted({column for column in header if header.count(column) > 1})
    if mapping is not None:
        wanted = {theirs.strip(): ours for ours, theirs in mapping.columns.items()}
        pairs = [(wanted[column], column) for column in header if column in wanted]
        absent = [theirs for theirs in wanted if theirs not in header]
        if absent:
            raise _missing(name, absent, header)
    else:
        keys = ((plain(column), column) for column in header)
        pairs = [(KNOWN_NAMES[key], column) for key, column in keys if key in KNOWN_NAMES]
        pairs += _others({field for field, _ in pairs}, header)
    ours = [field for field, _ in pairs]
    doubled = sorted({field for field in ours if ours.count(field) > 1})
    if doubled:
        same = [column for field, column in pairs if field == doubled[0]]
        message = (
            f"{name}: columns {', '.join(same)} all mean {doubled[0]}; keep one, or name it with --columns"
        )
        raise InputError("duplicate_column", message)
    missing = [field for field in REQUIRED if field not in ours]
    if missing:
        usual = {"id": "MMSI", "time": "BaseDateTime", "lat": "LAT", "lon": "LON"}
        raise _missing(name, [usual[field] for field in missing], header)
    if twice and set(twice) & {column for _, column in pairs}:
        raise InputError(
            "duplicate_column", f"{name}: column {twice[0]} stands twice in the header; keep one"
        )
    return dict(pairs)


def _others(found: set[str], header: list[str]) -> list[tuple[str, str]]:
    """Columns of other known names for the fields not found; of several required ones, all."""
    columns = {column: plain(column) for column in header}
    pairs: list[tuple[str, str]] = []
    for field, names in OTHER_NAMES.items():
        same = [column for key in (*names, *GEOMETRY[2:]) for column in columns if columns[column] == key]
        same = [column for column in same if meaning(column) == field]
        if field not in found:
            pairs += [(field, column) for column in (same if field in REQUIRED else same[:1])]
    if "id" not in found | {field for field, _ in pairs}:
        labels = [column for key in LABELS for column in columns if columns[column] == key]
        pairs += [("id", column) for column in labels[:1]]
    return pairs


def _missing(name: str, absent: list[str], header: list[str]) -> InputError:
    found = ", ".join(column[:40] for column in header[:25])
    message = (
        f"{name}: no column {', '.join(absent)}; found {found}; name the columns with --columns; "
        "corridor inspect FILE says more and writes a mapping to edit"
    )
    return InputError("missing_column", message)
