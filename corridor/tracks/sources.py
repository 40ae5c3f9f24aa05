"""Input files by their content: plain, gzip, Zstandard, bzip2, xz, ZIP members, layers, tables in memory.

A name's ending is never trusted. Compressed streams are read to the mark that ends them, so an interrupted
download is refused instead of read as a shorter day.
"""

import bz2
import hashlib
import io
import lzma
import re
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import IO, Any, cast

import pyarrow as pa
import zstandard

from corridor.errors import InputError
from corridor.tracks import contents, frames

# A real day compresses some ten times. Beyond 200 times (and 256 MiB), or 64 GiB, a stream is a bomb.
MAX_RATIO = 200
FREE_BYTES = 256 * 1024**2
MAX_BYTES = 64 * 1024**3
# Small pieces in, since a Zstandard run of one byte may swell 32,000 times before the cap is looked at.
PIECE = 16 * 1024
DAMAGE = (zlib.error, zstandard.ZstdError, lzma.LZMAError, zipfile.BadZipFile, OSError, RuntimeError)

# Beside the tables of an archive, by name: what tells about them.
COMPANION = re.compile(
    r"(^|/)(\.|__MACOSX/|readme|licen[cs]e|copying|metadata)|\.(md|pdf|html?|docx?)$", re.IGNORECASE
)


@dataclass(frozen=True)
class Source:
    """One table among the inputs: a file, one member of a ZIP archive, one layer, a table in memory.

    ``form`` is its compression, or ``plain``; ``kind`` what is inside (see `corridor.tracks.contents`).
    """

    path: Path
    name: str
    size_bytes: int
    sha256: str
    form: str
    kind: str = "text"
    member: str | None = None
    layer: str | None = None
    held: pa.Table | None = field(default=None, repr=False, compare=False)

    @contextmanager
    def open(self) -> Iterator[io.BufferedReader]:
        """Give the bytes inside, uncompressed; a cut or damaged stream raises before its end is reached."""
        with self.path.open("rb") as raw:
            stream = self._inside(raw)
            with io.BufferedReader(stream, 1024 * 1024) as buffered:
                yield cast("io.BufferedReader", buffered)
        if self.path.stat().st_size != self.size_bytes:
            raise InputError("changed_file", f"{self.name}: the file changed while it was read; run again")

    def look(self) -> str:
        """Return what the table is, from its first bytes inside any compression."""
        with self.open() as stream:
            head = b""
            while len(head) < contents.HEAD_BYTES and (piece := stream.read(contents.HEAD_BYTES - len(head))):
                head += piece
        return contents.content(head, self.name)

    def _inside(self, raw: IO[bytes]) -> io.RawIOBase:
        if self.form == "zip":
            return _Member(raw, self)
        if self.form in DECOMPRESSORS:
            return _Expanded(raw, self.name, self.form, self.size_bytes)
        return _Plain(raw)


def find_sources(inputs: Sequence[Any]) -> tuple[list[Source], list[str]]:
    """Return the tables to read, ordered by name and content, and the names given more than once.

    An input is a path, ``file.gpkg#layer``, or a GeoDataFrame, Trajectory or TrajectoryCollection.

    Raises
    ------
    InputError
        If a file is missing, empty, cut, of an unknown form, or an archive holds an unsafe member.
    """
    found = [source for number, given in enumerate(inputs) for source in _sources_of(given, number)]
    if not found:
        raise InputError("no_input", "no input was given; name at least one file of AIS positions")
    unique: dict[tuple[str, str | None, str | None], Source] = {}
    repeated = []
    for source in sorted(found, key=lambda item: (item.name, item.sha256, str(item.path))):
        key = (source.sha256, source.member, source.layer)
        if key in unique:
            repeated.append(source.name)
        else:
            unique[key] = source
    return list(unique.values()), repeated


def _sources_of(given: Any, number: int) -> list[Source]:
    if not isinstance(given, str | Path):
        return [_held(given, number)]
    path, layer = split_layer(given)
    if not path.is_file():
        raise InputError("missing_file", f"{path.name}: there is no such file ({path}); check the name")
    size = path.stat().st_size
    if size == 0:
        raise InputError("empty_file", f"{path.name}: the file is empty; fetch it again or leave it out")
    with path.open("rb") as raw:
        head = raw.read(contents.HEAD_BYTES)
        raw.seek(0)
        digest = hashlib.file_digest(raw, "sha256").hexdigest()
    form = contents.compression(head)
    if form == "zip":
        return [
            Source(path, f"{path.name}/{member}", size, digest, form, kind, member)
            for member, kind in members(path)
        ]
    source = Source(path, path.name, size, digest, form or "plain", layer=layer)
    kind = source.look() if form else contents.content(head, path.name)
    name = f"{path.name}#{layer}" if layer else path.name
    return [replace(source, kind=kind, name=name)]


def _held(given: Any, number: int) -> Source:
    """A table in memory, under a name that says what it was and a hash of what it holds."""
    table = frames.table_of(given)
    digest = hashlib.sha256()
    for batch in table.combine_chunks().to_batches():
        digest.update(batch.serialize())
    name = f"{type(given).__name__}-{number + 1}"
    return Source(Path(name), name, table.nbytes, digest.hexdigest(), "held", "held", held=table)


def split_layer(given: str | Path) -> tuple[Path, str | None]:
    """Return the file of ``file.gpkg#layer`` and the layer, which is None if none is named.

    >>> split_layer("fleet.gpkg#positions")
    (PosixPath('fleet.gpkg'), 'positions')
    """
    path = Path(given)
    before, mark, layer = str(given).rpartition("#")
    if mark and layer and before and not path.exists() and Path(before).suffix:
        return Path(before), layer
    return path, None


def members(path: Path) -> list[tuple[str, str]]:
    """Return the tables in a ZIP archive, all of one kind, each with that kind.

    Raises
    ------
    InputError
        ``unsafe_member`` if one points outside, ``unlike_members`` if they are of several kinds,
        ``truncated_file`` if the archive is cut.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            infos = [info for info in archive.infolist() if not info.is_dir()]
    except (zipfile.BadZipFile, OSError, EOFError) as error:
        message = f"{path.name}: the ZIP archive is cut or damaged ({error}); fetch it again"
        raise InputError("truncated_file", message) from error
    for info in infos:
        _refuse_unsafe(path, info)
    names = [info.filename for info in infos]
    if len(set(names)) < len(names):
        raise InputError("unsafe_member", f"{path.name}: two members have one name; unpack it by hand")
    tables = [name for name in sorted(names) if not COMPANION.search(name)]
    if not tables:
        raise InputError("no_rows", f"{path.name}: the archive holds no member that could be a table")
    size = path.stat().st_size
    found = [
        (name, Source(path, f"{path.name}/{name}", size, "", "zip", member=name).look()) for name in tables
    ]
    kinds = sorted({kind for _, kind in found})
    if len(kinds) > 1:
        listed = ", ".join(f"{name} ({kind})" for name, kind in found[:6])
        message = f"{path.name}: members of unlike kind: {listed}; expected one kind; unpack it by hand"
        raise InputError("unlike_members", message)
    return found


def _refuse_unsafe(path: Path, info: zipfile.ZipInfo) -> None:
    name = PurePosixPath(info.filename.replace("\\", "/"))
    link = stat.S_ISLNK(info.external_attr >> 16)
    if info.flag_bits & 1:
        raise InputError("wrong_format", f"{path.name}: the archive asks for a password; unpack it by hand")
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
