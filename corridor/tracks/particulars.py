"""The ships of the whole input: which rows are one ship, and what it most often says about itself."""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from corridor.identity import parse_imo
from corridor.tracks.fixes import Block, clean_text

Codes = npt.NDArray[np.int64]
Entity = int | str
# Who sends, and the IMO number that the same row names, empty for none: two ships may share a sender.
Station = tuple[Entity, str]
Said = defaultdict[str, Counter[str | float]]

STATIC_NUMBERS = ("ais_type", "length", "beam")
STATIC_TEXTS = ("imo", "name", "call_sign", "transceiver")
# More stations than this under one IMO number: a default of a make of set, not one ship under new flags.
MOST_MMSI_PER_IMO = 4
# A passenger ship, or one of unknown type, counts as ocean-going from this length on.
OCEAN_LENGTH_M = 100.0
MMSI_LABEL = re.compile(r"MMSI\d{9}")
IMO_LABEL = re.compile(r"IMO\d{7}")
# Ships under one identity, told apart by an earlier study.
PART_LABEL = re.compile(r"(IMO\d{7}|MMSI\d{9}|ID:.+)/\d+")


@dataclass
class Sightings:
    """What every station said, counted while the files stream by."""

    codes: dict[Station, int] = field(default_factory=dict)
    said: list[Said] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    sender: list[Entity] = field(default_factory=list)
    has_particulars: bool = False

    def add(self, block: Block, kept: npt.NDArray[np.bool_], *, placed: bool = True) -> Codes:
        """Count the particulars of the kept rows, and the rows if ``placed``; return the station of each."""
        local, stations = _stations(block, kept)
        here = np.array([self._code(station) for station in stations], np.int64)
        self.has_particulars |= bool({"ais_type", "length"} & set(block.numbers))
        if len(here):
            self._count(block, kept, local, here)
            if placed:
                for code, number in zip(here.tolist(), np.bincount(local).tolist(), strict=True):
                    self.rows[code] += number
        return here[local] if len(here) else np.zeros(0, np.int64)

    def merge(self, other: "Sightings") -> Codes:
        """Add what another file's stations said; return the code here of each of its stations."""
        here = np.array([self._code(station) for station in other.codes], np.int64)
        for code, said, rows in zip(here.tolist(), other.said, other.rows, strict=True):
            self.rows[code] += rows
            for name, counter in said.items():
                self.said[code][name].update(counter)
        self.has_particulars |= other.has_particulars
        return here

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values, to be kept."""
        said = [{name: list(c.items()) for name, c in one.items()} for one in self.said]
        return {
            "stations": list(self.codes),
            "said": said,
            "rows": self.rows,
            "has_particulars": self.has_particulars,
        }

    @classmethod
    def from_dict(cls, kept: dict[str, Any]) -> "Sightings":
        """Return the sightings that `to_dict` wrote."""
        codes = {(entity, imo): code for code, (entity, imo) in enumerate(kept["stations"])}
        said: list[Said] = [
            defaultdict(Counter, {name: Counter(dict(pairs)) for name, pairs in one.items()})
            for one in kept["said"]
        ]
        senders = [entity for entity, _ in codes]
        return cls(codes, said, kept["rows"], senders, kept["has_particulars"])

    def _code(self, station: Station) -> int:
        code = self.codes.setdefault(station, len(self.codes))
        if code == len(self.said):
            self.said.append(defaultdict(Counter))
            self.rows.append(0)
            self.sender.append(station[0])
        return code

    def _count(self, block: Block, kept: npt.NDArray[np.bool_], local: Codes, here: Codes) -> None:
        fields: list[tuple[str, Codes, Sequence[str | float]]] = []
        for name in STATIC_NUMBERS:
            if name in block.numbers:
                codes, numbers = pd.factorize(block.numbers[name][kept])
                fields.append((name, codes.astype(np.int64) + 1, [np.nan, *numbers.tolist()]))
        for name in STATIC_TEXTS:
            if name in block.texts:
                text_codes, labels = block.texts[name]
                fields.append((name, text_codes[kept].astype(np.int64), labels))
        _, first, count = _combinations([local, *(codes for _, codes, _ in fields)])
        station = here[local[first]].tolist()
        for name, codes, values in fields:
            for code, value, number in zip(station, codes[first].tolist(), count.tolist(), strict=True):
                said = values[value]
                if said != "" and not pd.isna(said):
                    self.said[code][name][said] += number


def _stations(block: Block, kept: npt.NDArray[np.bool_]) -> tuple[Codes, list[Station]]:
    """Number of each kept row's station among those of the block, and the stations."""
    local, senders = pd.factorize(block.ident[kept])
    labels = block.ident_text
    entities = [_entity(labels[s]) if labels is not None else int(s) for s in senders.tolist()]
    if "imo" not in block.texts:
        return local, [(entity, "") for entity in entities]
    codes, numbers = block.texts["imo"]
    local, pairs = pd.factorize(local * len(numbers) + codes[kept])
    return local, [(entities[pair // len(numbers)], numbers[pair % len(numbers)]) for pair in pairs.tolist()]


def _entity(label: str) -> Entity:
    """The station that a label names: by its MMSI where it says one."""
    return int(label[4:]) if MMSI_LABEL.fullmatch(label) else label


def _combinations(columns: list[Codes]) -> tuple[Codes, Codes, Codes]:
    """Return the number of each row among the different rows, and the first row and count of each."""
    joint, size = columns[0].astype(np.int64), int(columns[0].max()) + 1
    for codes in columns[1:]:
        width = int(codes.max()) + 1
        if size * width > 2**62:
            joint, found = pd.factorize(joint)
            size = len(found)
        joint, size = joint * width + codes, size * width
    joint, found = pd.factorize(joint)
    count = np.bincount(joint, minlength=len(found))
    first = np.empty(len(found), np.int64)
    first[joint[::-1]] = np.arange(len(joint))[::-1]
    return joint, first, count


def most_said(counter: Counter[str | float]) -> str | float | None:
    """Return what was said most often; among equals the smallest, so that the order of rows is nothing.

    >>> most_said(Counter({32.2: 3, 40.0: 3, 12.0: 1}))
    32.2
    """
    if not counter:
        return None
    return min(counter.items(), key=lambda item: (-item[1], item[0]))[0]


def ship_table(sightings: Sightings, population: str | Sequence[int]) -> tuple[pd.DataFrame, Codes]:
    """Return the ships in order of their key, and the ship of each station.

    Stations with the same valid IMO number (the commonest of each station) are one ship; others are ships by
    MMSI or by the user's id.
    """
    keys = _keys(sightings)
    members: dict[str, list[int]] = defaultdict(list)
    for code, key in enumerate(keys):
        members[key].append(code)
    # A ship that told its particulars and no position is none of the study.
    ordered = sorted(key for key, codes in members.items() if any(sightings.rows[code] for code in codes))
    names = ["ship_key", "mmsi", "imo", "name", "call_sign", "ais_type", "length_m", "beam_m", "transceiver"]
    ships = pd.DataFrame([particulars(key, members[key], sightings) for key in ordered], columns=names)
    ships.insert(0, "ship", np.arange(len(ships), dtype=np.int32))
    kinds = {"mmsi": "int64", "imo": "int64", "ais_type": "int16", "length_m": "float32", "beam_m": "float32"}
    ships = ships.astype(kinds)
    ships["population"] = [
        _population(ship, population, sightings.has_particulars) for ship in ships.itertuples(index=False)
    ]
    number = {key: index for index, key in enumerate(ordered)}
    return ships, np.array([number.get(key, -1) for key in keys], np.int64)


def _keys(sightings: Sightings) -> list[str]:
    """Key of the ship of each station: the commonest number of its sender decides."""
    numbers: defaultdict[Entity, Counter[str | float]] = defaultdict(Counter)
    for (entity, _), said in zip(sightings.codes, sightings.said, strict=True):
        numbers[entity].update(said["imo"])
    imo = {entity: most_said(counter) for entity, counter in numbers.items()}
    claims = Counter(number for number in imo.values() if number is not None)
    keys = []
    for entity, _ in sightings.codes:
        number = imo[entity]
        if number is not None and claims[number] <= MOST_MMSI_PER_IMO:
            keys.append(f"IMO{number}")
        else:
            keys.append(f"MMSI{entity:09d}" if isinstance(entity, int) else _text_key(entity))
    return keys


def _text_key(label: str) -> str:
    """Key of a ship without MMSI; an IMO number is the key of that ship, a study's key of a part itself."""
    plain = clean_text(label)
    if PART_LABEL.fullmatch(plain):
        return plain
    said = IMO_LABEL.fullmatch(plain) and parse_imo(plain) > 0
    return plain if said else f"ID:{plain.removeprefix('ID:')}"


def particulars(key: str, members: Sequence[int], sightings: Sightings) -> dict[str, object]:
    """Return what some stations said most often, as one ship under a key."""
    total: Said = defaultdict(Counter)
    senders: Counter[str | float] = Counter()
    for code in members:
        for name, counter in sightings.said[code].items():
            total[name].update(counter)
        entity = sightings.sender[code]
        senders[entity if isinstance(entity, int) else -1] += sightings.rows[code]
    texts = {
        name: clean_text(str(most_said(total[name]) or "")) for name in ("name", "call_sign", "transceiver")
    }
    numbers = [most_said(total[name]) for name in STATIC_NUMBERS]
    ais_type, length, beam = (np.nan if value is None else float(value) for value in numbers)
    return texts | {
        "ship_key": key,
        "mmsi": most_said(senders),
        "imo": int(key[3:]) if IMO_LABEL.fullmatch(key) else -1,
        "ais_type": -1 if np.isnan(ais_type) else int(ais_type),
        "length_m": length,
        "beam_m": beam,
    }


def _population(ship: Any, wanted: str | Sequence[int], has_particulars: bool) -> str:
    """``ogv``, ``other`` (set aside) or ``unknown`` (kept, nothing tells).

    Ocean-going: cargo ships and tankers (AIS types 70–89); passenger ships (60–69) and ships of unknown type
    from 100 m on. Where nothing is said about type or length, a ship with an IMO number, or any ship of a
    table without such columns, is kept as unknown.
    """
    kind, length = int(ship.ais_type), float(ship.length_m)
    if not isinstance(wanted, str):
        return "ogv" if kind in wanted else "other"
    large = length >= OCEAN_LENGTH_M
    unknown_type = kind < 20 or kind > 99
    if 70 <= kind <= 89 or (large and (60 <= kind <= 69 or unknown_type)):
        return "ogv"
    silent = unknown_type and np.isnan(length)
    if silent and (not has_particulars or int(ship.imo) > 0):
        return "unknown"
    return "other"
