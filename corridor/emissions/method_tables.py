"""Which tables a method reads: methods stand side by side, and none reads the rows of another."""

from functools import cache

from corridor import reference


@cache
def table_of(method: str, role: str) -> str:
    """Name of a method's table; empty where the method has none.

    Parameters
    ----------
    method : str
        imo4, epa2022 or icct.
    role : str
        parameters, phase_rules, speed_meanings, hotel, consumption, energy, nox, particulates, black_carbon.

    Raises
    ------
    ReferenceDataError
        If method or role is unknown; the message names the known ones.

    Examples
    --------
    >>> table_of("imo4", "nox"), table_of("epa2022", "nox")
    ('nox_by_tier_icct_2025', 'nox_by_tier_epa_2022')
    """
    name = reference.rows("method_tables_2026", method=method, role=role)["table"].iloc[0]
    return name if isinstance(name, str) else ""


def parameter(method: str, name: str) -> float:
    """One number of a method.

    Raises
    ------
    ReferenceDataError
        If the method has no such number; the message names those it has.

    Examples
    --------
    >>> parameter("imo4", "main_off_below_load"), parameter("epa2022", "load_floor")
    (0.07, 0.02)
    """
    return reference.value(table_of(method, "parameters"), parameter=name)


def has_parameter(method: str, name: str) -> bool:
    """Whether a method has a number of this name.

    >>> has_parameter("icct", "carbon_factor_vlsfo"), has_parameter("imo4", "carbon_factor_vlsfo")
    (True, False)
    """
    return bool((reference.table(table_of(method, "parameters"))["parameter"] == name).any())
