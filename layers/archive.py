"""A folder as one ZIP file for mail: the same files make the same bytes."""

import zipfile
from collections.abc import Iterable
from pathlib import Path

from layers import atomic

# No file is older than a ZIP can say; none tells when it was made.
_TIME = (1980, 1, 1, 0, 0, 0)
_PLAIN_FILE = 0o100644 << 16


def write(path: str | Path, folder: str | Path, names: Iterable[str]) -> Path:
    """Put files of a folder into a ZIP file, in the order of their names.

    Parameters
    ----------
    path
        Where the file goes.
    folder
        Of the files.
    names
        Files and folders in it, by their names.

    Raises
    ------
    OSError
        If a file is not there or the archive cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "a.csv").write_text("1")
    >>> zipfile.ZipFile(write(folder / "all.zip", folder, ["a.csv"])).namelist()
    ['a.csv']
    """
    folder = Path(folder)
    files = sorted(
        file
        for name in names
        for file in ([folder / name] if not (folder / name).is_dir() else (folder / name).rglob("*"))
        if not file.is_dir()
    )
    with (
        atomic.whole_file(path) as part,
        zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive,
    ):
        for file in files:
            entry = zipfile.ZipInfo(file.relative_to(folder).as_posix(), _TIME)
            entry.compress_type, entry.external_attr, entry.create_system = (
                zipfile.ZIP_DEFLATED,
                _PLAIN_FILE,
                3,
            )
            archive.writestr(entry, file.read_bytes())
    return Path(path)
