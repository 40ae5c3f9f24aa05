"""Delimited text in blocks, strictly: every row has the header's fields or the file is refused.

Blocks are cut at line ends outside quotes and parsed by Arrow with the types asked for. A block with a cell
of another kind is read again as text, so that one odd cell costs time but neither a row nor a shifted column.
"""

import codecs
import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.csv

from corridor.errors import InputError
from corridor.tracks import encodings

BLOCK_BYTES = 16 * 1024**2
MAX_LINE_BYTES = 1024**2
DELIMITERS = (",", ";", "\t", "|")
DELIMITER_NAMES = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
NULLS = ["", " ", "NA", "N/A", "NaN", "nan", "NULL", "null", "None", "none"]
EXTRA = "\x00extra"
# Rows of the first block that are looked at for decimal commas.
LOOK_ROWS = 50
DECIMAL_COMMA = re.compile(r"[-+]?\d+,\d+")
# A first line that spreadsheets write to say which delimiter follows.
SEPARATOR = re.compile(rb"sep=([,;\t|])\r?", re.IGNORECASE)


@dataclass
class Chunk:
    """Some rows of the file: their table, the line of the first, and whether a cell was not of its type."""

    table: pa.Table
    first_line: int
    as_text: bool


@dataclass
class Delimited:
    """A delimited text stream: its header first, then its rows.

    ``notes`` counts what was repaired (byte-order mark, encoding, delimiter, trailing empty field);
    ``incomplete_line`` is the line of a last row that the file's end cut off, or 0.
    """

    stream: io.BufferedReader
    name: str
    delimiter: str = ""
    decimal: str = ""
    encoding: str = "utf-8"
    header: list[str] = field(default_factory=list)
    notes: dict[str, int] = field(default_factory=dict)
    incomplete_line: int = 0
    _rest: bytes = b""
    _line: int = 1
    _decoder: codecs.IncrementalDecoder | None = None
    _ended: bool = False
    _trailing: bool = False

    def __post_init__(self) -> None:
        self._detect_encoding()
        self._read_header()

    def _detect_encoding(self) -> None:
        self.encoding, mark = encodings.of_start(self.stream.peek(64)[:64], self.name)
        self.stream.read(mark)
        if self.encoding.startswith("utf-16"):
            self._decoder = codecs.getincrementaldecoder(self.encoding)()
            self.notes["encoding"] = 1
        elif mark:
            self.notes["byte_order_mark"] = 1

    def _read(self, size: int) -> bytes:
        data = self.stream.read(size)
        self._ended = len(data) < size
        if self._decoder is None:
            return data
        try:
            return self._decoder.decode(data, final=self._ended).encode()
        except UnicodeDecodeError as error:
            message = f"{self.name}: not valid UTF-16 ({error.reason}); save the file as UTF-8"
            raise InputError("bad_encoding", message) from error

    def _read_header(self) -> None:
        self._rest = self._read(BLOCK_BYTES)
        self._skip_separator()
        end = self._rest.find(b"\n")
        line = self._rest if end < 0 else self._rest[:end]
        if not line.strip():
            raise InputError("empty_file", f"{self.name}: no header in the first line; expected column names")
        if len(line) > MAX_LINE_BYTES:
            raise InputError(
                "wrong_format", f"{self.name}: line 1 is longer than 1 MiB; expected a text table"
            )
        text = self._as_utf8(self._sample()).partition(b"\n")[0].decode().strip("\r")
        if not self.delimiter:
            self.delimiter = max(DELIMITERS, key=text.count)
            if self.delimiter != "," and self.delimiter in text:
                self.notes["delimiter"] = 1
        if "\r" in text:
            message = (
                f"{self.name}: lines end with a carriage return alone; save the file with usual line ends"
            )
            raise InputError("wrong_format", message)
        self.header = [cell.strip() for cell in _cells(text, self.delimiter)]
        self._rest = b"" if end < 0 else self._rest[end + 1 :]
        self._look_at_first_row()

    def _skip_separator(self) -> None:
        """Take the delimiter from a first line ``sep=;``, which is no header."""
        line, _, rest = self._rest[:16].partition(b"\n")
        said = SEPARATOR.fullmatch(line)
        if said:
            self.delimiter = self.delimiter or said[1].decode()
            self.notes["delimiter"] = 1
            self._rest = self._rest[16 - len(rest) :]
            self._line += 1

    def _sample(self) -> bytes:
        """First lines of the text, for their encoding and their form."""
        end = self._rest.rfind(b"\n", 0, MAX_LINE_BYTES)
        return self._rest if end < 0 else self._rest[:end]

    def _look_at_first_row(self) -> None:
        cells = self._first_row()
        self._trailing = len(cells) == len(self.header) + 1 and not cells[-1].strip()
        if self._trailing:
            self.notes["trailing_field"] = 1
        if self.header[-1] == "" and len(cells) == len(self.header):
            self.header[-1] = EXTRA
        if not self.decimal:
            comma = self.delimiter != "," and any(
                DECIMAL_COMMA.fullmatch(cell) for cell in self._first_cells()
            )
            self.decimal = "," if comma else "."
            if comma:
                self.notes["decimal_comma"] = 1

    def _first_cells(self) -> Iterator[str]:
        """Cells of the first rows, without the marks around them."""
        for line in self._rest[:MAX_LINE_BYTES].split(b"\n", LOOK_ROWS)[:LOOK_ROWS]:
            for cell in line.decode("latin-1").split(self.delimiter):
                yield cell.strip(' "\r')

    @property
    def detected(self) -> str:
        """What was found that a plain table does not have, in words; "" if nothing."""
        words = {
            "encoding": self.encoding,
            "delimiter": f"{DELIMITER_NAMES.get(self.delimiter, 'its own sign')} between fields",
            "decimal_comma": "decimal commas",
        }
        return ", ".join(text for note, text in words.items() if note in self.notes)

    def first_cells(self) -> dict[str, str]:
        """Return the first row by column name, to see in which form times are written."""
        return dict(zip(self.header, self._first_row(), strict=False))

    def _first_row(self) -> list[str]:
        end = self._rest.find(b"\n")
        line = self._rest[:end] if end >= 0 else self._rest
        text = line[:MAX_LINE_BYTES].decode("utf-8", errors="replace").rstrip("\r")
        return _cells(text, self.delimiter)

    def chunks(self, types: dict[str, pa.DataType]) -> Iterator[Chunk]:
        """Give the rows block by block, with these columns only.

        Raises
        ------
        InputError
            ``field_count`` if a row has another number of fields than the header, ``open_quote`` if a quoted
            text never ends, ``line_too_long`` beyond 1 MiB; each names the line.
        """
        while True:
            block = self._next_block()
            if not block:
                return
            if not block.isspace():
                chunk = self._parse(block, types)
                if chunk.table.num_rows:
                    yield chunk
            self._line += block.count(b"\n")

    def _next_block(self) -> bytes:
        while not self._ended and len(self._rest) < BLOCK_BYTES:
            self._rest += self._read(BLOCK_BYTES - len(self._rest))
        if self._ended:
            block, self._rest = self._rest, b""
            if block.count(b'"') % 2:
                raise InputError(
                    "open_quote", f"{self.name}: a quoted text never ends; the file is cut or damaged"
                )
            return block
        end = self._row_end(self._rest)
        block, self._rest = self._rest[:end], self._rest[end:]
        return block

    def _row_end(self, data: bytes) -> int:
        """Place after the last line end that stands outside quotes, within the longest line allowed."""
        quotes = data.count(b'"')
        end = len(data)
        while len(data) - end <= MAX_LINE_BYTES:
            previous = data.rfind(b"\n", 0, end) + 1
            if previous == 0:
                break
            quotes -= data.count(b'"', previous, end)
            if quotes % 2 == 0:
                return previous
            end = previous - 1
        message = f"{self.name}: after line {self._line} a row is longer than 1 MiB; is a quote left open?"
        raise InputError("line_too_long", message)

    def _parse(self, block: bytes, types: dict[str, pa.DataType]) -> Chunk:
        block = self._as_utf8(block)
        try:
            return Chunk(self._arrow(block, types), self._line + 1, as_text=False)
        except pa.ArrowInvalid:
            text = dict.fromkeys(types, pa.string())
        try:
            return Chunk(self._arrow(block, text), self._line + 1, as_text=True)
        except pa.ArrowInvalid as error:
            message = f"{self.name}: after line {self._line} the text is no table ({error}); repair the file"
            raise InputError("corrupt_file", message.replace("\n", " ")) from error

    def _as_utf8(self, block: bytes) -> bytes:
        """Return a block in UTF-8; the first that is none settles for the file what it is."""
        if block.isascii():
            return block
        if self.encoding in ("utf-8", "utf-8-sig"):
            found = encodings.of_text(block)
            if found == "utf-8":
                return block
            self.encoding = found
            self.notes["encoding"] = 1
        if self.encoding.startswith("utf-16"):
            return block
        return block.decode(self.encoding, errors="replace").encode()

    def _arrow(self, block: bytes, types: dict[str, pa.DataType]) -> pa.Table:
        names = [*self.header, EXTRA] if self._trailing else self.header
        wrong: list[tuple[int, str]] = []

        def note(row: pa.csv.InvalidRow) -> str:
            wrong.append((row.actual_columns, row.text))
            return "skip"

        table = pa.csv.read_csv(
            io.BytesIO(block),
            pa.csv.ReadOptions(use_threads=False, block_size=len(block) + 1, column_names=names),
            pa.csv.ParseOptions(
                delimiter=self.delimiter, newlines_in_values=b'"' in block, invalid_row_handler=note
            ),
            pa.csv.ConvertOptions(
                include_columns=[*types, *names[len(self.header) :]],
                column_types=types | {EXTRA: pa.string()},
                null_values=NULLS,
                decimal_point=self.decimal,
            ),
        )
        if self._trailing and any(cell.strip() for cell in table.column(EXTRA).unique().to_pylist()):
            wrong.append((len(names), table.column(EXTRA).unique().to_pylist()[-1]))
        if wrong:
            self._judge_wrong_rows(block, wrong, len(self.header))
        return table.select(list(types))

    def _judge_wrong_rows(self, block: bytes, wrong: list[tuple[int, str]], expected: int) -> None:
        """Forgive a last row without line end, which was cut off; refuse the file for any other."""
        found, text = wrong[0]
        place = block.find(text.encode().strip())
        line = self._line + 1 + block.count(b"\n", 0, max(place, 0))
        cut_off = self._ended and not self._rest and not block.endswith(b"\n") and place >= block.rfind(b"\n")
        if len(wrong) == 1 and cut_off and found < expected:
            self.incomplete_line = line
            return
        message = (
            f"{self.name}: line {line} has {found} fields, the header has {expected}; "
            "quote text that holds the delimiter, or repair the row"
        )
        raise InputError("field_count", message)


def _cells(line: str, delimiter: str) -> list[str]:
    """Cells of one line, to look at; one that no table has is cut at every delimiter."""
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return line.split(delimiter)
