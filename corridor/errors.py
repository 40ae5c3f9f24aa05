"""The exceptions of this package: what was found, what was expected, what to do."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class CorridorError(ValueError):
    """A refusal that a user can act on.

    Parameters
    ----------
    code : str
        A short stable name of the fault, such as ``missing_column``; it is listed in the documentation.
    message : str
        One line: what was found, what was expected, what to do.

    Examples
    --------
    >>> raise InputError("missing_column", "day.csv: no column LON; found MMSI, LAT; see --columns")
    Traceback (most recent call last):
    corridor.errors.InputError: day.csv: no column LON; found MMSI, LAT; see --columns [missing_column]
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message

    def __str__(self) -> str:
        """Return the message with its code behind it."""
        return f"{self.message} [{self.code}]"


class InputError(CorridorError):
    """A file or a setting from the user cannot be used as it is."""


class ReferenceDataError(CorridorError):
    """A table, zone or lane that ships with the package is missing, changed or contradicts itself."""


class OutputError(CorridorError):
    """A result cannot be written where it was asked for."""


@contextmanager
def writing_to(folder: Path) -> Iterator[None]:
    """Turn what is wrong with a folder for results into one line.

    >>> with writing_to(Path("out")):
    ...     raise FileExistsError("found run.json in out; give --overwrite")
    Traceback (most recent call last):
    corridor.errors.OutputError: found run.json in out; give --overwrite [folder_not_empty]
    """
    try:
        yield
    except FileExistsError as error:
        raise OutputError("folder_not_empty", str(error)) from None
    except BlockingIOError as error:
        raise OutputError("folder_in_use", str(error)) from None
    except OSError as error:
        found = f"found no way to write {folder} ({error.strerror or error})"
        raise OutputError("cannot_write", f"{found}; expected a folder with room; give another") from error
