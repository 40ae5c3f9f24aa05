"""Places by name: terminals, ports in English and Chinese, UN/LOCODE, and coordinates as people write them.

What a name may mean is written in ``data/lanes``: terminals of the two ports first, then the ports of the
world, with the places put right that lists are known to have wrong. A name that means two places, or none,
is refused with the nearest known ones: a route from the wrong Yantian would be a wrong number without a word.
"""

import difflib
import unicodedata
from collections import defaultdict
from dataclasses import dataclass
from functools import cache

from corridor import reference
from corridor.errors import InputError
from layers.coordinates import looks_like_place, place_of, written
from layers.geodesy import wrap_longitude

TERMINAL, PORT, POSITION = "terminal", "port", "position"
DROPPED_WORDS = ("port of ", "the port of ")
DROPPED_ENDS = ("码头", "港区", "港", " terminals", " terminal", " harbour", " harbor", " port")
MOST_NAMED = 6


@dataclass(frozen=True)
class Place:
    """Somewhere a route begins, ends or passes.

    Attributes
    ----------
    name, name_zh : str
        Names; those of a position are its coordinates.
    kind : str
        terminal, port or position.
    code : str
        Terminal of ``data/lanes/terminals_2026.csv`` or UN/LOCODE; empty for a position.
    port : str
        Port whose harbour ways lead there, such as ``LB`` or ``YT``; empty where none are known.
    lat, lon : float
        Latitude, longitude in ±180. [degrees]
    """

    name: str
    name_zh: str
    kind: str
    code: str
    port: str
    lat: float
    lon: float

    @property
    def where(self) -> tuple[float, float]:
        """Latitude and longitude. [degrees]."""
        return self.lat, self.lon

    def __str__(self) -> str:
        """Return the name with its code."""
        return f"{self.name} ({self.code})" if self.code else self.name


def find_place(text: str | tuple[float, float]) -> Place:
    """Return the place that a text, or a pair of latitude and longitude, means.

    Raises
    ------
    InputError
        ``unknown_place`` or ``ambiguous_place``, naming the nearest known ones; ``bad_place`` for coordinates
        that are none.

    Examples
    --------
    >>> [find_place(text).code for text in ("Yantian", "盐田", "CNYTN", "yt_central", "Long Beach", "长滩")]
    ['yt_central', 'yt_central', 'yt_central', 'yt_central', 'lb_pier_e', 'lb_pier_e']
    >>> find_place("33.75, 241.79").name
    '33.7500 N 118.2100 W'
    >>> find_place("Shenzhen")
    Traceback (most recent call last):
    corridor.errors.InputError: place 'Shenzhen' can mean Yantian, ... [ambiguous_place]
    """
    if not isinstance(text, str):
        return _position(*_on_sphere(*text))
    if looks_like_place(text):
        return _written_position(text)
    wanted = normal(text)
    if wanted in gatherings():
        ports = ", ".join(gatherings()[wanted])
        message = f"place '{text}' can mean {ports}; give one of them"
        raise InputError("ambiguous_place", message)
    found = by_name().get(wanted, ())
    if len(found) == 1:
        return found[0]
    if found:
        named = ", ".join(str(place) for place in found[:MOST_NAMED])
        raise InputError("ambiguous_place", f"place '{text}' can mean {named}; give the code of one")
    raise InputError(
        "unknown_place",
        f"place '{text}' is unknown; nearest known: {_nearest(wanted)}; give a terminal, a port by name or "
        "UN/LOCODE, or coordinates such as 22.57,114.27",
    )


def _on_sphere(lat: float, lon: float) -> tuple[float, float]:
    if not (abs(lat) <= 90.0 and abs(lon) <= 360.0):
        message = f"place {lat}, {lon}: expected latitude in ±90 and longitude in ±180 or 0 to 360"
        raise InputError("bad_place", message)
    return float(lat), float(wrap_longitude(lon))


def _written_position(text: str) -> Place:
    try:
        lat, lon = place_of(text)
    except ValueError as error:
        raise InputError("bad_place", f"place '{text}': {error}") from None
    return _position(lat, lon)


def _position(lat: float, lon: float) -> Place:
    name = written(lat, lon)
    return Place(name, name, POSITION, "", _port_at(lat, lon), lat, lon)


def _port_at(lat: float, lon: float) -> str:
    """Port whose map window holds a position: its harbour ways lead there."""
    for port in reference.table("ports_2026").to_dict("records"):
        if port["west"] <= lon <= port["east"] and port["south"] <= lat <= port["north"]:
            return str(port["port"])
    return ""


def _nearest(wanted: str) -> str:
    names = by_name()
    close = difflib.get_close_matches(wanted, names, n=MOST_NAMED, cutoff=0.6)
    close += [name for name in names if len(wanted) > 2 and wanted in name and name not in close]
    found = list(dict.fromkeys(str(place) for name in close for place in names[name]))
    return ", ".join(found[:MOST_NAMED]) or "none by that spelling"


def normal(name: str) -> str:
    """Return a name without case, accents, points and the words that many names share.

    >>> normal("Port of Long-Beach"), normal("Da Chan Bay"), normal("盐田港")
    ('longbeach', 'dachanbay', '盐田')
    """
    plain = unicodedata.normalize("NFKD", name.strip().casefold().replace("_", " "))
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    for word in DROPPED_WORDS:
        plain = plain.removeprefix(word)
    for end in DROPPED_ENDS:
        if len(plain) > len(end):
            plain = plain.removesuffix(end)
    return "".join(c for c in plain if c.isalnum())


@cache
def gatherings() -> dict[str, tuple[str, ...]]:
    """Names that stand for several ports of the corridor, and those ports.

    >>> gatherings()["深圳"]
    ('Yantian', 'Shekou', 'Chiwan', 'Mawan', 'Da Chan Bay')
    """
    rows = reference.table("lanes/gatherings_2026").to_dict("records")
    return {normal(str(row["name"])): tuple(str(row["ports"]).split(";")) for row in rows}


@cache
def terminals() -> tuple[Place, ...]:
    """Terminals of the ports of the corridor, the one that stands for its port first."""
    names = reference.zone_names("port")
    table = reference.table("lanes/terminals_2026").sort_values("order", ascending=False, kind="stable")
    found = []
    for row in table.to_dict("records"):
        code = str(row["terminal"])
        name, name_zh = (str(names.loc[code, column]) for column in ("name_en", "name_zh"))
        where = float(row["lat"]), float(row["lon"])
        found.append(Place(name, name_zh, TERMINAL, code, str(row["port"]), *where))
    return tuple(found)


@cache
def world_ports() -> tuple[Place, ...]:
    """Ports of the world, misplaced ones put right; those of the corridor are `terminals`."""
    ours = set(reference.table("lanes/terminals_2026")["locode"])
    ports = reference.table("lanes/ports_world_2026").set_index("port")
    right = reference.table("lanes/port_corrections_2026").set_index("port")
    known = ports.index.intersection(right.index)
    ports.loc[known, ["lat", "lon"]] = right.loc[known, ["lat", "lon"]]
    chinese = reference.table("lanes/port_names_zh_2026").set_index("port")["name_zh"].to_dict()
    found = []
    for row in ports[~ports.index.isin(ours)].reset_index().to_dict("records"):
        name, code = str(row["name_en"]), str(row["port"])
        where = float(row["lat"]), float(row["lon"])
        found.append(Place(name, str(chinese.get(code, name)), PORT, code, "", *where))
    return tuple(found)


@cache
def by_name() -> dict[str, tuple[Place, ...]]:
    """Places by every name they are known under."""
    found: defaultdict[str, dict[str, Place]] = defaultdict(dict)
    rows = {str(row["terminal"]): row for row in reference.table("lanes/terminals_2026").to_dict("records")}
    port_names = _port_names()
    for place in terminals():
        row = rows[place.code]
        names = [place.name, place.name_zh, place.code, *_aliases(row["aliases"])]
        if row["order"] == 1:
            names += [str(row["locode"]), *port_names.get(str(row["locode"]), ())]
        for name in names:
            found[normal(name)][place.code] = place
    ours = set(found)
    for place in world_ports():
        for name in {place.name, place.name_zh, place.code}:
            # What is called like a place of the corridor means that one.
            if normal(name) not in ours:
                found[normal(name)][place.code] = place
    codes = {place.code: place for place in world_ports()}
    for row in reference.table("lanes/port_aliases_2026").to_dict("records"):
        # A name in common use means the port that is meant by it, whatever else is called so.
        meant = codes[str(row["port"])]
        found[normal(str(row["name"]))] = {meant.code: meant}
    return {name: tuple(places.values()) for name, places in found.items() if name}


def _aliases(text: object) -> list[str]:
    return text.split(";") if isinstance(text, str) else []


def _port_names() -> dict[str, tuple[str, ...]]:
    """Names of the ports of the corridor, by UN/LOCODE."""
    ports = reference.table("lanes/ports_world_2026").set_index("port")["name_en"].to_dict()
    chinese = reference.table("lanes/port_names_zh_2026").set_index("port")["name_zh"].to_dict()
    codes = reference.table("lanes/terminals_2026")["locode"].unique()
    return {code: tuple(names[code] for names in (ports, chinese) if code in names) for code in codes}
