"""The exceptions of this package: what was found, what was expected, what to do."""


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
