"""What is kept between runs, each place marked when used; what no run uses any more is forgotten."""

import os
import shutil
import time
from contextlib import suppress
from pathlib import Path

KEEP_DAYS = 60.0
# Converted files, buckets, fetched copies; with a point before it, what a killed run left half done.
KEPT = ("reading-*", "positions-*", "fetched/*", ".reading-*", ".positions-*", "fetched/.fetching-*")
DAY_S = 86_400.0


def mark_used(place: Path) -> None:
    """Say that something kept was used now; a folder that cannot be written to stays as it is."""
    with suppress(OSError):
        os.utime(place)


def forget_unused(folder: Path, days: float = KEEP_DAYS) -> list[str]:
    """Remove what no run has used for so long; return its names. [days].

    Parameters
    ----------
    folder : Path
        Where runs keep things; nothing but what they put there is touched.
    days : float
        How long something unused is kept.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as place:
    ...     (Path(place) / "reading-0123").mkdir()
    ...     (Path(place) / "mine.csv").touch()
    ...     forget_unused(Path(place)), forget_unused(Path(place), days=-1)
    ([], ['reading-0123'])
    """
    oldest = time.time() - days * DAY_S
    forgotten = []
    for place in sorted(found for pattern in KEPT for found in folder.glob(pattern)):
        with suppress(OSError):
            if place.stat().st_mtime < oldest:
                shutil.rmtree(place) if place.is_dir() else place.unlink()
                forgotten.append(place.name)
    return forgotten
