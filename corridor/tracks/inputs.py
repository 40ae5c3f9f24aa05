"""What a user points at becomes files: patterns, folders, object stores and web addresses.

A file that is named is read or refused. In a folder, what holds no positions is left out, and said. Remote
files are fetched into a cache, each under the hash of its content.
"""

import hashlib
import json
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

from corridor.errors import InputError
from corridor.tracks import columns, earlier, formats, readers, shelf, sources
from corridor.tracks.columns import ColumnMapping
from corridor.tracks.report import InputReport

# Protocols that read bytes and nothing else; chains such as zip::https are refused.
REMOTE = ("s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "http", "https", "memory")
# What a file of a folder may be found to be without stopping the study: anything but a damaged table.
NO_AIS = ("wrong_format", "missing_column", "duplicate_column", "empty_file", "no_rows")
# Facts of a remote file that change when its content does.
STAMPS = (
    *("ETag", "etag", "md5Hash", "Content-MD5", "content_md5", "generation"),
    *("LastModified", "last_modified", "mtime", "created"),
)
BLOCK = 4 * 1024**2


@dataclass
class Inputs:
    """The files to read, or tables in memory, and what a folder holds besides, with the reason."""

    paths: list[Any] = field(default_factory=list)
    left_out: list[tuple[str, str]] = field(default_factory=list)

    def add_folder(self, files: Sequence[Path], root: Path | None, mapping: ColumnMapping | None) -> None:
        """Add the files of a folder that are tables of positions; remember the others."""
        for path in files:
            reason = why_not(path, mapping)
            if reason is None:
                self.paths.append(path)
            else:
                name = path.relative_to(root).as_posix() if root is not None else path.name
                self.left_out.append((name, reason))


def gather(inputs: Sequence[Any], cache: Path, mapping: ColumnMapping | None = None) -> Inputs:
    """Return the files that paths, patterns, folders and addresses stand for.

    Parameters
    ----------
    inputs : sequence of paths
        Files, or tables in memory, which pass; patterns such as ``ais/**/*.csv.zst``; folders, read with
        all below them; ``s3://``, ``gs://``, ``az://`` and ``https://`` addresses of files, or of folders
        and patterns in a store.
    cache : Path
        Where remote files are kept.
    mapping : ColumnMapping, optional
        What the columns of the tables are called.

    Raises
    ------
    InputError
        If an address cannot be reached, or a folder holds no table of positions.
    """
    found = Inputs()
    for item in inputs:
        before = len(found.paths)
        if not isinstance(item, str | Path):
            found.paths.append(item)
        elif "://" in str(item):
            _add_remote(str(item), cache, mapping, found)
        else:
            _add_local(Path(item), mapping, found)
        if len(found.paths) == before:
            raise _nothing(str(item), found.left_out)
    return found


def expand(inputs: Sequence[str | Path], cache: Path) -> list[Path]:
    """Return every file that paths, patterns, folders and addresses stand for, whatever it holds."""
    found: list[Path] = []
    for item in inputs:
        if "://" in str(item):
            found += _remote(str(item), cache)[0]
        else:
            for match in _matches(Path(item)):
                found += _below(match) if match.is_dir() else [match]
    return found


def _matches(path: Path) -> list[Path]:
    if path.exists():
        return [path]
    # What matches nothing is left for the reader to refuse.
    return sorted(Path(path.anchor).glob(str(path.relative_to(path.anchor)))) or [path]


def _below(folder: Path) -> list[Path]:
    return sorted(file for file in folder.rglob("*") if file.is_file())


def _add_local(path: Path, mapping: ColumnMapping | None, found: Inputs) -> None:
    for match in _matches(path):
        if match.is_dir():
            found.add_folder(_below(match), match, mapping)
        else:
            found.paths.append(match)


def _nothing(item: str, left_out: Sequence[tuple[str, str]]) -> InputError:
    name = PurePosixPath(urlsplit(item).path if "://" in item else Path(item).as_posix()).name or item[:80]
    some = "; ".join(f"{file}: {reason}" for file, reason in left_out[:3]) or "it holds no file"
    message = f"{name}: no table of positions in this folder ({some}); corridor inspect FILE tells more"
    return InputError("no_input", message)


def why_not(path: Path, mapping: ColumnMapping | None) -> str | None:
    """Say why a file is no table of positions, or None if it begins like one.

    Raises
    ------
    InputError
        If the file is damaged: nobody knows what is missing with it.
    """
    try:
        form = formats.recognise(path)
        if form.header and len(form.members) < 2:
            if mapping is not None or not earlier.are_pieces(form.header):
                columns.resolve(list(form.header), mapping, path.name)
        else:
            for source in sources.find_sources([path])[0]:
                next(readers.tables(source, mapping, InputReport()), None)
    except InputError as fault:
        if fault.code not in NO_AIS:
            raise
        # What was found and expected; what to do about it is for files that were named.
        told = "; ".join((fault.message.partition(": ")[2] or fault.message).split("; ")[:2])
        return f"[{fault.code}] {told}"
    return None


def _add_remote(url: str, cache: Path, mapping: ColumnMapping | None, found: Inputs) -> None:
    if url.lower().startswith("file://"):
        _add_local(Path(url2pathname(urlsplit(url).path)), mapping, found)
        return
    paths, folder = _remote(url, cache)
    if folder:
        found.add_folder(paths, None, mapping)
    else:
        found.paths += paths


def _remote(url: str, cache: Path) -> tuple[list[Path], bool]:
    """Local copies of what an address stands for, and whether that is a folder."""
    scheme = url.partition("://")[0].lower()
    if scheme not in REMOTE:
        known = ", ".join(f"{name}://" for name in REMOTE if name != "memory")
        raise InputError("bad_address", f"found {scheme[:40]}://; expected one of {known}; or a path")
    with _taught(url, scheme):
        store, files, folder = _listed(url, scheme)
        return [_fetch(store, file, scheme, cache) for file in files], folder


@contextmanager
def _taught(url: str, scheme: str) -> Iterator[None]:
    """Turn what drivers raise into one line; their faults share no class."""
    place = _shown(url)
    try:
        yield
    except InputError:
        raise
    except ImportError as fault:
        message = f"{place}: no driver for {scheme}:// is installed; expected one; "
        raise InputError("missing_driver", message + "pip install 'corridor-emissions[cloud]'") from fault
    except FileNotFoundError as fault:
        raise InputError("missing_file", f"{place}: there is no such file; check the address") from fault
    except Exception as fault:
        reason = " ".join(str(fault).split())[:200] or type(fault).__name__
        message = f"{place}: cannot be fetched ({reason}); check the address, network and access"
        raise InputError("unreachable", message) from fault


def _shown(url: str) -> str:
    """An address without what may be a secret: user, password, signature.

    >>> _shown("https://me:word@example.org/ais/day.csv?token=1")
    'https://example.org/ais/day.csv'
    """
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _listed(url: str, scheme: str) -> tuple[Any, list[str], bool]:
    """The store of an address, its files in order, and whether they are those of a folder."""
    import fsspec  # noqa: PLC0415 — slow to import, and only remote inputs need it

    store, path = fsspec.core.url_to_fs(url)
    # A web address may hold a question mark, and a web server does not list its folders.
    if scheme in ("http", "https"):
        return store, [path], False
    if any(sign in path for sign in "*?["):
        return store, _some(sorted(store.glob(path)), path), False
    if store.isdir(path):
        return store, _some(sorted(store.find(path)), path), True
    return store, [path], False


def _some(files: list[str], path: str) -> list[str]:
    if not files:
        raise FileNotFoundError(path)
    return files


def _fetch(store: Any, path: str, scheme: str, cache: Path) -> Path:
    """Return a local copy of a remote file: an earlier one where the store says that nothing changed."""
    info = store.info(path)
    place = _shown(path) if "://" in path else f"{scheme}://{path}"
    stamp = [place, info.get("size"), *(str(info[name]) for name in STAMPS if name in info)]
    name = re.sub(r"[^\w.+=@ -]", "_", PurePosixPath(urlsplit(path).path).name)[-120:].strip(". ") or "file"
    known = cache / "fetched" / f"{hashlib.sha256(repr(stamp).encode()).hexdigest()[:24]}.json"
    if len(stamp) > 2 and known.is_file():
        earlier = cache / "fetched" / str(json.loads(known.read_text(encoding="utf-8"))["file"])
        if earlier.is_file():
            shelf.mark_used(earlier.parent)
            shelf.mark_used(known)
            return earlier
    copy = _download(store, path, name, cache / "fetched", info.get("size"))
    if len(stamp) > 2:
        beside = known.with_suffix(f".{copy.parent.name}.tmp")
        beside.write_text(json.dumps({"file": f"{copy.parent.name}/{name}"}), encoding="utf-8")
        beside.replace(known)
    return copy


def _download(store: Any, path: str, name: str, folder: Path, size: int | None) -> Path:
    """Stream a remote file into a folder named after its content."""
    folder.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=".fetching-", dir=folder))
    try:
        content = hashlib.sha256()
        written = 0
        with store.open(path, "rb") as remote, (beside / name).open("wb") as local:
            for block in _blocks(remote):
                content.update(block)
                written += local.write(block)
        if size is not None and written != size:
            message = f"{name}: {written:,} of {size:,} bytes arrived; the download was cut, run it again"
            raise InputError("truncated_file", message)
        place = folder / content.hexdigest()[:24]
        place.mkdir(exist_ok=True)
        (beside / name).replace(place / name)
        return place / name
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _blocks(stream: Any) -> Iterator[bytes]:
    while block := stream.read(BLOCK):
        yield block
