"""The same table twice: under two names, in two folders, packed in two ways. It counts once."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePath

from corridor.tracks.sources import Source

# Two tables of positions that begin alike for so long are compared to their ends.
START_BYTES = 64 * 1024
BLOCK = 1024 * 1024


def distinct(found: Sequence[Source]) -> tuple[list[Source], list[tuple[str, str]]]:
    """Return the tables that differ, and the names of the others, each with that of the one that counts.

    Packed tables are compared by what is inside, read to the end only where the beginnings are equal. Tables
    of one name are told apart by their folders.

    Raises
    ------
    InputError
        If a packed file is cut or damaged.
    """
    alike: dict[str, list[Source]] = defaultdict(list)
    for source in found:
        alike[_start(source) if len(found) > 1 else ""].append(source)
    twin_of: dict[str, Source] = {}
    kept, repeated = [], []
    several = {id(source) for group in alike.values() if len(group) > 1 for source in group}
    for source in found:
        inside = _inside(source) if id(source) in several else str(id(source))
        if inside in twin_of:
            repeated.append((source.name, twin_of[inside].name))
        else:
            twin_of[inside] = source
            kept.append(source)
    return _told_apart(kept), repeated


def _is_packed(source: Source) -> bool:
    return source.form not in ("plain", "held")


def _start(source: Source) -> str:
    """Hash of the first bytes inside."""
    if source.held is not None:
        return source.sha256
    with source.open() as stream:
        return hashlib.sha256(stream.read(START_BYTES)).hexdigest()


def _inside(source: Source) -> str:
    """Hash of all bytes inside, and of the layer asked for."""
    if not _is_packed(source):
        return f"{source.sha256}#{source.layer or ''}"
    content = hashlib.sha256()
    with source.open() as stream:
        while block := stream.read(BLOCK):
            content.update(block)
    return f"{content.hexdigest()}#{source.layer or ''}"


def _told_apart(found: Sequence[Source]) -> list[Source]:
    """Give tables of the same name as much of their folders as tells them apart."""
    times = Counter(source.name for source in found)
    return [_with_folder(source, found) if times[source.name] > 1 else source for source in found]


def _with_folder(source: Source, found: Sequence[Source]) -> Source:
    same = [other for other in found if other.name == source.name and other is not source]
    parents = source.path.absolute().parent.parts
    for depth in range(1, len(parents)):
        tail = parents[-depth:]
        if all(other.path.absolute().parent.parts[-depth:] != tail for other in same):
            return replace(source, name=str(PurePath(*tail, source.name).as_posix()))
    return source
