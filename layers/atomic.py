"""Files and folders that appear whole or not at all.

A file is written beside its final name, synced to the disk and renamed over it, so that a reader, a crash or
a power cut finds either the old file or the new one. A folder is filled in a hidden place inside itself and
moved out entry by entry, the file that says "finished" last; a lock keeps a second writer away. What fails
leaves nothing behind.
"""

import json
import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

if sys.platform != "win32":
    import fcntl

LOCK, STAGING = ".lock", ".part"

_reserved: dict[Path, int] = {}  # folders this process holds → how often


@contextmanager
def whole_file(path: str | Path) -> Iterator[Path]:
    """Give a place to write to; move it to ``path`` when the block ends well, remove it when it does not.

    The place has the same file name in a hidden folder beside, so that side files (journals) go with it.

    Raises
    ------
    OSError
        If the folder cannot be written to.

    Examples
    --------
    >>> folder = Path(tempfile.mkdtemp())
    >>> with whole_file(folder / "a.txt") as part:
    ...     _ = part.write_text("whole")
    >>> sorted(p.name for p in folder.iterdir())
    ['a.txt']
    """
    path = Path(path)
    place = Path(tempfile.mkdtemp(prefix=f".{path.name[:40]}.", suffix=STAGING, dir=path.parent))
    try:
        yield place / path.name
        sync(place / path.name)
        (place / path.name).replace(path)
        _sync_folder(path.parent)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def write_bytes(path: str | Path, data: bytes) -> Path:
    """Write a file in one step.

    >>> target = Path(tempfile.mkdtemp()) / "run.json"
    >>> write_bytes(target, b"{}").read_bytes()
    b'{}'
    """
    with whole_file(path) as part:
        part.write_bytes(data)
    return Path(path)


def write_text(path: str | Path, text: str) -> Path:
    """Write text in UTF-8 with line ends as they are, in one step.

    >>> write_text(Path(tempfile.mkdtemp()) / "note.txt", "泊位").read_text("utf-8")
    '泊位'
    """
    return write_bytes(path, text.encode("utf-8"))


def sync(path: Path) -> None:
    """Ask the disk to hold a file, or every file below a folder, before going on."""
    files = [path] if path.is_file() else [p for p in path.rglob("*") if p.is_file()]
    for file in files:
        with file.open("rb") as handle:
            os.fsync(handle.fileno())


@contextmanager
def reserve(folder: str | Path, *, overwrite: bool = False) -> Iterator[Path]:
    """Hold a folder for one writer until the block ends.

    Taken before long work, so that a folder that cannot be used is refused at once. The same process may
    reserve a folder again inside the block. A folder that did not exist is removed again if it stays empty.

    Parameters
    ----------
    overwrite
        Accept a folder that holds files already. They stay until new ones of the same name are whole.

    Raises
    ------
    FileExistsError
        If the folder holds files and ``overwrite`` is not set.
    NotADirectoryError
        If there is a file of that name.
    BlockingIOError
        If another run is writing to it.
    PermissionError
        If it cannot be written to.

    Examples
    --------
    >>> with reserve(Path(tempfile.mkdtemp()) / "out") as folder:
    ...     sorted(p.name for p in folder.iterdir())
    ['.lock']
    """
    folder = Path(folder).resolve()
    if folder in _reserved:
        _reserved[folder] += 1
        try:
            yield folder
        finally:
            _reserved[folder] -= 1
        return
    made = _make(folder)
    try:
        with _lock(folder):
            _refuse_files(folder, overwrite=overwrite)
            _reserved[folder] = 1
            try:
                yield folder
            finally:
                del _reserved[folder]
    finally:
        for empty in made:
            with suppress(OSError):
                empty.rmdir()


@contextmanager
def whole_folder(
    folder: str | Path, *, last: str, owned: Collection[str] = (), overwrite: bool = False
) -> Iterator[Path]:
    """Give a place to fill; move its entries to ``folder`` when the block ends well, the file ``last`` last.

    When a move fails or is interrupted, what was there before is put back.

    Parameters
    ----------
    folder
        Where the entries go. Files in it that are not ours are never touched.
    last
        The file that says the folder is finished, such as ``"run.json"``. It is taken away before the first
        new entry comes in: a folder without it is not finished.
    owned
        Names this writer may have written before; those not written again are removed.
    overwrite
        Accept a folder that holds files already.

    Raises
    ------
    FileNotFoundError
        If ``last`` was not written.
    FileExistsError, NotADirectoryError, BlockingIOError, PermissionError
        As :func:`reserve`.

    Examples
    --------
    >>> target = Path(tempfile.mkdtemp()) / "out"
    >>> with whole_folder(target, last="run.json") as part:
    ...     _ = (part / "a.csv").write_text("1"), (part / "run.json").write_text("{}")
    >>> sorted(p.name for p in target.iterdir())
    ['a.csv', 'run.json']
    """
    with reserve(folder, overwrite=overwrite) as target:
        _refuse_files(target, overwrite=overwrite)
        place = target / STAGING
        shutil.rmtree(place, ignore_errors=True)  # of a run that was killed
        (place / "new").mkdir(parents=True)
        try:
            yield place / "new"
            _publish(place, target, last, owned)
        finally:
            shutil.rmtree(place, ignore_errors=True)


def _publish(place: Path, target: Path, last: str, owned: Collection[str]) -> None:
    new, old = place / "new", place / "old"
    if not (new / last).is_file():
        raise FileNotFoundError(f"found no {last} among the new files; expected it; write it as the last one")
    sync(new)
    old.mkdir()
    written = sorted(entry.name for entry in new.iterdir() if entry.name != last)
    before = [last, *sorted({*owned, *written} - {last})]
    moves = [(target / name, old / name) for name in before if (target / name).exists()]
    moves += [(new / name, target / name) for name in [*written, last]]
    done: list[tuple[Path, Path]] = []
    try:
        for source, goal in moves:
            if goal == target / last:
                _sync_folder(target)
            done.append((source, goal))
            source.replace(goal)
    except BaseException:
        for source, goal in reversed(done):
            if goal.exists() and not source.exists():
                goal.replace(source)
        raise
    _sync_folder(target)


def _make(folder: Path) -> list[Path]:
    """Make a folder with those above it; return the new ones, deepest first."""
    if folder.exists() and not folder.is_dir():
        raise NotADirectoryError(f"found a file at {folder}; expected a folder or nothing; give another name")
    missing = [p for p in (folder, *folder.parents) if not p.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except PermissionError:
        raise PermissionError(_not_writable(folder)) from None
    return missing


def _refuse_files(folder: Path, *, overwrite: bool) -> None:
    found = sorted(entry.name for entry in folder.iterdir() if entry.name not in {LOCK, STAGING})
    if found and not overwrite:
        names = ", ".join(found[:3]) + (", …" if len(found) > 3 else "")
        message = (
            f"found {names} in {folder}; expected an empty or new folder; give another one or --overwrite"
        )
        raise FileExistsError(message)


@contextmanager
def _lock(folder: Path) -> Iterator[None]:
    """Hold the lock file; the system lets go of it when the process ends, however it ends."""
    path = folder / LOCK
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except PermissionError:
        raise PermissionError(_not_writable(folder)) from None
    try:
        _take(handle, path)
        owner = {"host": socket.gethostname(), "pid": os.getpid(), "since": f"{datetime.now(UTC):%FT%TZ}"}
        os.truncate(path, 0)
        os.write(handle, json.dumps(owner).encode())
        try:
            yield
        finally:
            with suppress(OSError):
                path.unlink()
    finally:
        os.close(handle)


def _take(handle: int, path: Path) -> None:
    if sys.platform == "win32":  # no such lock there: two writers are not told apart
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        still_there = path.exists() and os.path.samestat(os.fstat(handle), path.stat())
    except BlockingIOError:
        still_there = False
    if not still_there:  # held by another, or given back and taken away between opening and locking
        raise BlockingIOError(_locked(path.parent, os.read(handle, 1000)))


def _locked(folder: Path, content: bytes) -> str:
    try:
        owner = json.loads(content)
        who = f"process {owner['pid']} on {owner['host']} since {owner['since']}"
    except (ValueError, KeyError, TypeError):
        who = "another process"
    return f"found {folder} in use by {who}; expected one run per folder; wait for it or give another folder"


def _not_writable(folder: Path) -> str:
    return f"found {folder} not writable; expected a folder you may write to; give another one"


def _sync_folder(folder: Path) -> None:
    with suppress(OSError):  # not every file system lets a folder be synced
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
