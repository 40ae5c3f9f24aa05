r"""NMEA logs of AIS with times: sentences to messages to rows, whatever gives none counted by reason.

The time of a sentence is that of its receiver: a tag block ``\c:1704866400*5E\``, or a date or seconds since
1970 before or after it on the line. A log without times says where ships were and not when: it is refused.
Times without a zone are UTC, as receivers write them.
"""

import io
import re
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from corridor.errors import InputError

ROWS = 65_536
MAX_LINE_BYTES = 64 * 1024
# Groups of parts that wait for the rest, and how long one may wait.
MOST_OPEN = 1_000
PART_MS = 60_000
# A log is refused after so many messages if none bore a time.
UNTIMED = 20_000
HOUR_MS = 3_600_000

SENTENCE = re.compile(rb"![A-Za-z]{2}VD[MO],[^*]*\*[0-9A-Fa-f]{2}")
ANY_SENTENCE = re.compile(rb"[!$][A-Z]{3,6},")
AIS_SENTENCE = re.compile(rb"![A-Za-z]{2}VD[MO],")
TAG = re.compile(rb"\\([^\\*]*)(?:\*([0-9A-Fa-f]{2}))?\\")
TAG_TIME = re.compile(rb"(?:^|,)c:(\d{10,13})(?:$|,)")
TAG_SOURCE = re.compile(rb"(?:^|,)s:([^,]*)")
DATE = re.compile(
    rb"(\d{4})[-/](\d\d)[-/](\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,](\d{1,9}))?\s?(Z|UTC|[+-]\d\d:?\d\d)?"
)
EPOCH = re.compile(rb"(?<![\d.])(\d{10}(?:\.\d+)?|\d{13})(?![\d.])")

CLASS_A, CLASS_B, LONG_RANGE = (1, 2, 3), (18, 19), 27
STATIC = (5, 19, 24)
OTHER_STATIONS = (4, 9, 11, 21)

FIX = {
    "mmsi": pa.int64(),
    "time": pa.int64(),
    "lat": pa.float64(),
    "lon": pa.float64(),
    "sog": pa.float64(),
    "cog": pa.float64(),
    "heading": pa.float64(),
    "status": pa.int64(),
    "draught": pa.float64(),
    "transceiver": pa.string(),
}
WORDS = {
    "mmsi": pa.int64(),
    "time": pa.int64(),
    "lat": pa.float64(),
    "lon": pa.float64(),
    "imo": pa.string(),
    "name": pa.string(),
    "call_sign": pa.string(),
    "ais_type": pa.float64(),
    "length": pa.float64(),
    "beam": pa.float64(),
    "transceiver": pa.string(),
}
Values = tuple[Any, ...]


class Decoder(NamedTuple):
    """What of pyais is used: bytes to a sentence, sentences to a message, what either may raise."""

    produce: Callable[[bytes], Any]
    assemble: Callable[[Sequence[Any]], Any]
    damage: tuple[type[Exception], ...]


@cache
def decoder() -> Decoder:
    """Return the library's parts; it is opened where a log is read and not before."""
    from pyais import exceptions, messages  # noqa: PLC0415 - slow to import

    damage = (exceptions.AISBaseException, ValueError, IndexError, KeyError, TypeError, OverflowError)
    assemble = messages.AISSentence.assemble_from_iterable
    return Decoder(messages.NMEASentenceFactory.produce, assemble, damage)


class Part(NamedTuple):
    """Rows of one kind in the order of the log, the line of each.

    ``static`` ones have no position; those not ``counted`` come from sentences that gave a position too.
    """

    table: pa.Table
    lines: npt.NDArray[np.int64]
    static: bool
    counted: bool = True


class Row(NamedTuple):
    """One message: its line and its cells."""

    line: int
    cells: Values


class Piece(NamedTuple):
    """One sentence of a message of several."""

    sentence: Any
    line: int
    t_ms: int | None


@dataclass
class Log:
    """A stream of sentences.

    ``dropped`` lists the lines of sentences that gave nothing, by reason; ``joined`` counts the sentences
    beyond the first of messages of several.
    """

    stream: io.BufferedReader
    name: str
    dropped: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    joined: int = 0
    _line: int = 0
    _timed: int = 0
    _untimed: int = 0
    _fixes: list[Row] = field(default_factory=list)
    _words: list[Row] = field(default_factory=list)
    _beside: list[Row] = field(default_factory=list)
    _given: int = 0
    _open: OrderedDict[tuple[Any, ...], list[Piece]] = field(default_factory=OrderedDict)
    _draught: dict[int, float] = field(default_factory=dict)
    _better: dict[int, int] = field(default_factory=dict)
    _coarse: dict[int, list[Row]] = field(default_factory=lambda: defaultdict(list))

    def parts(self) -> Iterator[Part]:
        """Give the rows block by block.

        Raises
        ------
        InputError
            ``no_time`` if no sentence bears one, ``no_rows`` if none holds a position, ``line_too_long``.
        """
        while line := self.stream.readline(MAX_LINE_BYTES):
            self._line += 1
            if len(line) == MAX_LINE_BYTES:
                message = f"{self.name}: line {self._line} is longer than 64 KiB; expected NMEA sentences"
                raise InputError("line_too_long", message)
            self._read(line.strip())
            if len(self._fixes) + len(self._words) >= ROWS:
                yield from self._ready()
        for pieces in self._open.values():
            self._lose(pieces)
        for rows in self._coarse.values():
            self._fixes += rows
        self._refuse_untimed(0)
        yield from self._ready()
        if not self._given:
            message = f"{self.name}: no position among {self._line:,} lines"
            raise InputError("no_rows", f"{message}; expected AIS messages 1–3, 18, 19 or 27")

    def _refuse_untimed(self, enough: int) -> None:
        if self._untimed > enough and not self._timed:
            message = (
                f"{self.name}: no NMEA sentence bears a time, so no speed is known; expected tag blocks "
                r"(\c:1704866400*hh\) or a time on each line; log them with the receiver's time"
            )
            raise InputError("no_time", message)

    def _ready(self) -> Iterator[Part]:
        for rows, static, counted in (
            (self._fixes, False, True),
            (self._words, True, True),
            (self._beside, True, False),
        ):
            if rows:
                kinds = WORDS if static else FIX
                columns = zip(*(row.cells for row in rows), strict=True)
                cells = zip(kinds.items(), columns, strict=True)
                table = pa.table({name: pa.array(values, kind) for (name, kind), values in cells})
                lines = np.array([row.line for row in rows], np.int64)
                self._given += 0 if static else len(rows)
                yield Part(table, lines, static, counted)
        self._fixes, self._words, self._beside = [], [], []

    def _drop(self, reason: str, *lines: int) -> None:
        self.dropped[reason] += lines

    def _lose(self, pieces: list[Piece]) -> None:
        self._drop("incomplete_message", *(piece.line for piece in pieces))

    def _read(self, line: bytes) -> None:
        found = SENTENCE.search(line)
        if found is None:
            self._judge_other(line)
            return
        tag = TAG.search(line, 0, found.start())
        if tag and tag[2] and _checksum(tag[1]) != int(tag[2], 16):
            self._drop("bad_checksum", self._line)
            return
        try:
            sentence = decoder().produce(found[0])
        except decoder().damage:
            self._drop("bad_sentence", self._line)
            return
        if not sentence.is_valid:
            self._drop("bad_checksum", self._line)
            return
        piece = Piece(sentence, self._line, _time(line, tag, found.start(), found.end()))
        if sentence.frag_cnt == 1:
            self._message([piece])
        else:
            self._join(piece, tag)

    def _judge_other(self, line: bytes) -> None:
        """Count a line that holds no AIS sentence; blank lines, comments and a header are nothing."""
        if not line or line.startswith(b"#"):
            return
        if AIS_SENTENCE.search(line):
            self._drop("bad_sentence", self._line)
        elif ANY_SENTENCE.search(line):
            self._drop("other_sentence", self._line)
        elif self._line > 1:
            self._drop("no_sentence", self._line)

    def _join(self, piece: Piece, tag: re.Match[bytes] | None) -> None:
        """Put the parts of a message together; those of one that is never whole are counted."""
        part = piece.sentence
        source = TAG_SOURCE.search(tag[1]) if tag else None
        key = (part.seq_id, part.channel, part.talker_id, part.frag_cnt, source and source[1])
        pieces = self._open.pop(key, [])
        stale = pieces and piece.t_ms and pieces[0].t_ms and abs(piece.t_ms - pieces[0].t_ms) > PART_MS
        if stale or any(other.sentence.frag_num == part.frag_num for other in pieces):
            self._lose(pieces)
            pieces = []
        pieces.append(piece)
        if len(pieces) == part.frag_cnt:
            self._message(sorted(pieces, key=lambda item: item.sentence.frag_num))
            return
        self._open[key] = pieces
        if len(self._open) > MOST_OPEN:
            self._lose(self._open.popitem(last=False)[1])

    def _message(self, pieces: list[Piece]) -> None:
        lines = [piece.line for piece in pieces]
        t_ms = next((piece.t_ms for piece in pieces if piece.t_ms is not None), None)
        kind = pieces[0].sentence.ais_id
        if kind in OTHER_STATIONS:
            self._drop("not_a_ship", *lines)
            return
        if kind not in (*CLASS_A, *STATIC, *CLASS_B, LONG_RANGE):
            self._drop("no_use", *lines)
            return
        if t_ms is None:
            self._untimed += 1
            self._refuse_untimed(UNTIMED)
            self._drop("bad_time", *lines)
            return
        self._timed += 1
        try:
            said = decoder().assemble([piece.sentence for piece in pieces]).decode()
            self._take(kind, said, t_ms, lines[0])
        except decoder().damage:
            self._drop("bad_message", *lines)
            return
        self.joined += len(lines) - 1

    def _take(self, kind: int, said: Any, t_ms: int, line: int) -> None:
        """Make rows of a message; of type 19, which is both, the particulars and the position."""
        mmsi = int(said.mmsi)
        if kind in STATIC:
            row = Row(line, _particulars(said, mmsi, t_ms))
            if kind == 5:
                self._draught[mmsi] = float(said.draught)
            (self._beside if kind == 19 else self._words).append(row)
        if kind in (*CLASS_A, *CLASS_B):
            self._fixes.append(Row(line, self._fix(said, mmsi, t_ms)))
            self._settle(mmsi, t_ms)
            self._better[mmsi] = t_ms
        elif kind == LONG_RANGE:
            self._hold(Row(line, self._fix(said, mmsi, t_ms)), mmsi, t_ms)

    def _fix(self, said: Any, mmsi: int, t_ms: int) -> Values:
        return (
            mmsi,
            t_ms,
            float(said.lat),
            float(said.lon),
            float(said.speed),
            float(said.course),
            float(getattr(said, "heading", 511)),
            int(getattr(said, "status", 15)),
            self._draught.get(mmsi),
            "B" if int(said.msg_type) in CLASS_B else "A",
        )

    def _hold(self, row: Row, mmsi: int, t_ms: int) -> None:
        """Keep a coarse position (to a tenth of a minute) until no better one is within an hour of it."""
        better = self._better.get(mmsi)
        if better is not None and abs(t_ms - better) <= HOUR_MS:
            self._drop("coarse_position", row.line)
            return
        self._release(mmsi, t_ms)
        self._coarse[mmsi].append(row)

    def _settle(self, mmsi: int, t_ms: int) -> None:
        """A better position has come: coarse ones within an hour of it are not needed."""
        near = [row for row in self._coarse.get(mmsi, ()) if abs(row.cells[1] - t_ms) <= HOUR_MS]
        if near:
            self._drop("coarse_position", *(row.line for row in near))
            self._coarse[mmsi] = [row for row in self._coarse[mmsi] if row not in near]
        if mmsi in self._coarse:
            self._release(mmsi, t_ms)

    def _release(self, mmsi: int, t_ms: int) -> None:
        """Let the coarse positions go that are more than an hour before this moment."""
        waiting = self._coarse.pop(mmsi, [])
        kept = [row for row in waiting if t_ms - row.cells[1] <= HOUR_MS]
        self._fixes += [row for row in waiting if t_ms - row.cells[1] > HOUR_MS]
        if kept:
            self._coarse[mmsi] = kept


def _particulars(said: Any, mmsi: int, t_ms: int) -> Values:
    """Cells of what a ship says of itself; what this message does not carry is missing."""
    bow, stern, port, board = (
        getattr(said, name, None) for name in ("to_bow", "to_stern", "to_port", "to_starboard")
    )
    imo = getattr(said, "imo", None)
    kind = getattr(said, "ship_type", None)
    return (
        mmsi,
        t_ms,
        None,
        None,
        str(imo) if imo else None,
        _text(said, "shipname"),
        _text(said, "callsign"),
        None if kind is None else float(kind),
        None if bow is None or stern is None else float(bow + stern),
        None if port is None or board is None else float(port + board),
        "A" if int(said.msg_type) == 5 else "B",
    )


def _text(said: Any, name: str) -> str | None:
    value = getattr(said, name, None)
    return str(value).strip("@ ") or None if value is not None else None


def _checksum(data: bytes) -> int:
    total = 0
    for byte in data:
        total ^= byte
    return total


def _time(line: bytes, tag: re.Match[bytes] | None, start: int, end: int) -> int | None:
    """Milliseconds since 1970 that a line says, or None."""
    said = TAG_TIME.search(tag[1]) if tag else None
    if said:
        return _milliseconds(said[1])
    for text in (line[:start], line[end:]):
        if text and (date := DATE.search(text)):
            return _moment(date)
        if text and (epoch := EPOCH.search(text)):
            return _milliseconds(epoch[1])
    return None


def _milliseconds(digits: bytes) -> int:
    """Seconds or milliseconds, by the number of digits.

    >>> _milliseconds(b"1704866400"), _milliseconds(b"1704866400123")
    (1704866400000, 1704866400123)
    """
    value = float(digits)
    return round(value if value >= 1e11 else value * 1000)


def _moment(date: re.Match[bytes]) -> int | None:
    zone = (date[6] or b"Z").decode().replace("UTC", "Z")
    text = f"{date[1].decode()}-{date[2].decode()}-{date[3].decode()}T{date[4].decode()}"
    fraction = (date[5] or b"").decode()[:6].ljust(6, "0")
    try:
        moment = datetime.fromisoformat(f"{text}.{fraction}{zone}").astimezone(UTC)
    except ValueError:
        return None
    return round(moment.timestamp() * 1000)
