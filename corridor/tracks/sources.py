"""Input files by their content: plain, gzip, Zstandard, bzip2, xz, ZIP members, Parquet.

A name's ending is never trusted. Compressed streams are read to the mark that ends them, so an interrupted
download is refused instead of read as a shorter day.
"""

import bz2
import hashlib
import io
import lzma
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any, cast

import zstandard

from corridor.errors import InputError

# A real day compresses some ten times. Beyond 200 times (and 256 MiB), or 64 GiB, a stream is a bomb.
MAX_RATIO = 200
FREE_BYTES = 256 * 1024**2
MAX_BYTES = 64 * 1024**3
# Small pieces in, since a Zstandard run of one byte may swell 32,000 times before the cap is looked at.
PIECE = 16 * 1024
DAMAGE = (zlib.error, zstandard.ZstdError, lzma.LZMAError, zipfile.BadZipFile, OSError, RuntimeError)

MAGIC = {
    b"\x1f\x8b": "gzip",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"BZh": "bzip2",
    b"\xfd7zXZ\x00": "xz",
    b"PK\x03\x04": "zip",
    b"PK\x05\x06": "zip",
    b"PAR1": "parquet",
}
FOREIGN = {
    b"SQLite format 3": "an SQLite or GeoPackage database",
    b"<": "XML or HTML",
    b"{": "JSON",
    b"!AIVDM": "raw NMEA sentences",
    b"!AIVDO": "raw NMEA sentences",
    b"\\s:": "raw NMEA sentences",
    b"%PDF": "a PDF",
}


@dataclass(frozen=True)
class Source:
    """One table among the inputs: a file, or one member of a ZIP archive."""

    path: Path
    name: str
    size_bytes: int
    sha256: str
    form: str
    member: str | None = None

    @contextmanager
    def open(self) -> Iterator[io.BufferedReader]:
        """Give the bytes inside, uncompressed; a cut or damaged stream raises before its end is reached."""
        with self.path.open("rb") as raw:
            stream = self._inside(raw)
            with io.BufferedReader(stream, 1024 * 1024) as buffered:
                yield cast("io.BufferedReader", buffered)
        if self.path.stat().st_size != self.size_bytes:
            raise InputError("changed_file", f"{self.name}: the file changed while it was read; run again")

    def _inside(self, raw: IO[bytes]) -> io.RawIOBase:
        if self.form == "zip":
            return _Member(raw, self)
        if self.form in DECOMPRESSORS:
            return _Expanded(raw, self.name, self.form, self.size_bytes)
        return _Plain(raw)


def find_sources(inputs: Sequence[str | Path]) -> tuple[list[Source], list[str]]:
    """Return the tables to read, ordered by name and content, and the names given more than once.

    Raises
    ------
    InputError
        If a file is missing, empty, cut, of an unknown form, or an archive holds an unsafe member.
    """
    found = [source for path in inputs for source in _sources_of(Path(path))]
    if not found:
        raise InputError("no_input", "no input was given; name at least one file of AIS positions")
    unique: dict[tuple[str, str | None], Source] = {}
    repeated = []
    for source in sorted(found, key=lambda item: (item.name, item.sha256, str(item.path))):
        key = (source.sha256, source.member)
        if key in unique:
            repeated.append(source.name)
        else:
            unique[key] = source
    return list(unique.values()), repeated


def _sources_of(path: Path) -> list[Source]:
    if not path.is_file():
        raise InputError("missing_file", f"{path.name}: there is no such file ({path}); check the name")
    size = path.stat().st_size
    if size == 0:
        raise InputError("empty_file", f"{path.name}: the file is empty; fetch it again or leave it out")
    with path.open("rb") as raw:
        head = raw.read(64)
        raw.seek(0)
        digest = hashlib.file_digest(raw, "sha256").hexdigest()
    form = sniff(head, path.name)
    if form == "zip":
        return [Source(path, f"{path.name}/{m}", size, digest, form, m) for m in _members(path)]
    return [Source(path, path.name, size, digest, form)]


def sniff(head: bytes, name: str) -> str:
    """Return the form of a file from its first bytes: a compression, ``zip``, ``parquet`` or ``text``.

    >>> sniff(bytes.fromhex("28b52ffd00"), "day.csv"), sniff(b"MMSI,LAT", "day.zst")
    ('zstd', 'text')
    """
    for magic, form in MAGIC.items():
        if head.startswith(magic):
            return form
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    for magic, what in FOREIGN.items():
        if start.startswith(magic):
            message = (
                f"{name}: the content is {what}; expected a CSV or Parquet table of positions; convert it"
            )
            raise InputError("wrong_format", message)
    return "text"


def _members(path: Path) -> list[str]:
    """Names of the tables in an archive, after every member was found safe."""
    try:
        with zipfile.ZipFile(path) as archive:
            infos = [info for info in archive.infolist() if not info.is_dir()]
    except (zipfile.BadZipFile, OSError, EOFError) as error:
        message = f"{path.name}: the ZIP archive is cut or damaged ({error}); fetch it again"
        raise InputError("truncated_file", message) from error
    for info in infos:
        _refuse_unsafe(path, info)
    tables = [info.filename for info in infos if info.filename.lower().endswith((".csv", ".txt"))]
    if not tables:
        raise InputError("no_rows", f"{path.name}: the archive holds no .csv or .txt member")
    return sorted(tables)


def _refuse_unsafe(path: Path, info: zipfile.ZipInfo) -> None:
    name = PurePosixPath(info.filename.replace("\\", "/"))
    link = stat.S_ISLNK(info.external_attr >> 16)
    if link or name.is_absolute() or ".." in name.parts or ":" in name.parts[0]:
        message = f"{path.name}: member {info.filename!r} points outside the archive; unpack it by hand"
        raise InputError("unsafe_member", message)
    _check_size(info.file_size, max(info.compress_size, 1), path.name)


def _check_size(bytes_out: int, bytes_in: int, name: str) -> None:
    if bytes_out > MAX_BYTES or bytes_out > max(FREE_BYTES, MAX_RATIO * bytes_in):
        size = f"{bytes_out:,} bytes out of {bytes_in:,} compressed ones"
        message = f"{name}: {size} is no AIS table; unpack it by hand"
        raise InputError("decompression_bomb", message)


class _Plain(io.RawIOBase):
    """The file itself."""

    def __init__(self, raw: IO[bytes]) -> None:
        self._raw = raw

    def readable(self) -> bool:
        return True

    def readinto(self, target: Any) -> int:
        return self._raw.readinto(target)  # type: ignore[attr-defined, no-any-return] # every binary file has it


class _Member(io.RawIOBase):
    """One member of a ZIP archive; its checksum is compared at the end by `zipfile`."""

    def __init__(self, raw: IO[bytes], source: Source) -> None:
        self._name = source.name
        with _as_input_errors(source.name):
            self._archive = zipfile.ZipFile(raw)
            self._member = self._archive.open(str(source.member))

    def readable(self) -> bool:
        return True

    def readinto(self, target: Any) -> int:
        with _as_input_errors(self._name):
            data = self._member.read(len(target))
        target[: len(data)] = data
        return len(data)


class _Expanded(io.RawIOBase):
    """A compressed file: any number of members or frames, each of which must be whole."""

    def __init__(self, raw: IO[bytes], name: str, form: str, size_bytes: int) -> None:
        self._raw, self._name, self._form, self._size_in = raw, name, form, size_bytes
        self._frame = DECOMPRESSORS[form]()
        self._ready = b""
        self._rest = b""
        self._begun = True
        self._size_out = 0

    def readable(self) -> bool:
        return True

    def readinto(self, target: Any) -> int:
        while not self._ready:
            piece = self._rest or self._raw.read(PIECE)
            self._rest = b""
            if not piece:
                return self._finish()
            with _as_input_errors(self._name):
                self._ready = self._expand(piece)
        size = min(len(target), len(self._ready))
        target[:size] = self._ready[:size]
        self._ready = self._ready[size:]
        return size

    def _expand(self, piece: bytes) -> bytes:
        if self._frame.eof:
            piece = b"" if self._begun and not piece.strip(b"\x00") else piece
            if not piece:
                return b""
            self._frame = DECOMPRESSORS[self._form]()
        data: bytes = self._frame.decompress(piece)
        self._rest = self._frame.unused_data if self._frame.eof else b""
        self._size_out += len(data)
        _check_size(self._size_out, self._size_in, self._name)
        return data

    def _finish(self) -> int:
        if not self._frame.eof:
            message = f"{self._name}: the {self._form} stream ends too early; the file is cut, fetch it again"
            raise InputError("truncated_file", message)
        return 0


def _zstd() -> Any:
    return zstandard.ZstdDecompressor(max_window_size=2**31).decompressobj()


DECOMPRESSORS: dict[str, Callable[[], Any]] = {
    "gzip": lambda: zlib.decompressobj(wbits=31),
    "zstd": _zstd,
    "bzip2": bz2.BZ2Decompressor,
    "xz": lzma.LZMADecompressor,
}


@contextmanager
def _as_input_errors(name: str) -> Iterator[None]:
    try:
        yield
    except EOFError as error:
        message = f"{name}: the archive ends too early; the file is cut, fetch it again"
        raise InputError("truncated_file", message) from error
    except (
        zlib.error,
        zstandard.ZstdError,
        lzma.LZMAError,
        zipfile.BadZipFile,
        OSError,
        RuntimeError,
    ) as error:
        message = f"{name}: the compressed data are damaged ({error}); fetch the file again"
        raise InputError("corrupt_file", message) from error
