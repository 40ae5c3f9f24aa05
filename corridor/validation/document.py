"""The generated parts of the method's document: every number in them is read from the tables or computed.

``python -m corridor.validation docs/method.md`` writes them anew between the marks ``<!-- name -->`` and
``<!-- end name -->``; what stands outside the marks is left alone.
"""

from collections.abc import Callable, Mapping

import pandas as pd

from corridor import reference
from corridor.accounts.wake import GWP_TABLE, intensity
from corridor.emissions.bunkers import WELL_TABLE
from corridor.emissions.fleet import METHODS
from corridor.emissions.method_tables import parameter, table_of
from corridor.validation.check import FAIL, NOT_RUN, PASS

LARGE_CONTAINER = {"ship_type": "container", "size_bin": 5}


def blocks(cases: pd.DataFrame) -> dict[str, str]:
    """Every generated part by name, as Markdown.

    Parameters
    ----------
    cases : pandas.DataFrame
        What `corridor.validation.run.validate` returned.
    """
    makers: Mapping[str, Callable[[], pd.DataFrame]] = {
        "methods": methods,
        "parameters": parameters,
        "unknowns": unknowns,
        "upstream": upstream,
        "potentials": potentials,
        "fuels": fuels,
        "rules": rules,
        "choices": choices,
        "effects": effects,
        "tables": tables,
        "validation": lambda: verdicts(cases),
    }
    return {name: markdown(make()) for name, make in makers.items()}


def renewed(text: str, parts: Mapping[str, str]) -> str:
    r"""Return a document with its generated parts renewed.

    Raises
    ------
    ValueError
        If the document lacks the marks of a part.

    Examples
    --------
    >>> renewed("a <!-- x -->old<!-- end x --> b", {"x": "new"})
    'a <!-- x -->\nnew\n<!-- end x --> b'
    """
    for name, part in parts.items():
        first, last = f"<!-- {name} -->", f"<!-- end {name} -->"
        if first not in text or last not in text:
            raise ValueError(f"found no '{first}' … '{last}' in the document; expected both; add them")
        before, _, rest = text.partition(first)
        text = f"{before}{first}\n{part}\n{last}{rest.partition(last)[2]}"
    return text


def markdown(table: pd.DataFrame) -> str:
    """Return a table in Markdown.

    >>> print(markdown(pd.DataFrame({"a": [1.50], "b": ["x"]})))
    | a | b |
    | --- | --- |
    | 1.5 | x |
    """
    rows = [list(table.columns), ["---"] * len(table.columns), *table.to_numpy(dtype=object).tolist()]
    return "\n".join(f"| {' | '.join(_cell(value) for value in row)} |" for row in rows)


def _cell(value: object) -> str:
    if isinstance(value, float):
        return "" if pd.isna(value) else f"{value:.6g}"
    return str(value).replace("|", "\\|")


def parameters() -> pd.DataFrame:
    """Numbers of the method, with their sources."""
    names = [table_of(method, "parameters") for method in METHODS]
    facts = pd.concat([reference.table(name) for name in names], ignore_index=True)
    return facts[["method", "parameter", "value", "unit", "source", "verification"]]


def methods() -> pd.DataFrame:
    """Which tables each method reads."""
    facts = reference.table("method_tables_2026")
    facts = facts.assign(table=facts["table"].fillna("none"))
    wide = facts.pivot_table(index="role", columns="method", values="table", aggfunc="first")
    return wide[list(METHODS)].reset_index().rename_axis(columns=None)


def unknowns() -> pd.DataFrame:
    """What is not estimated, and why."""
    facts = reference.table("not_estimated_2026")
    return facts[["method", "fuel_kind", "engine_type", "consumer", "species", "reason", "source"]]


def upstream() -> pd.DataFrame:
    """Factors from well to wake, and what they come to by the formula. [g CO2e/MJ]"""
    facts = reference.table(WELL_TABLE)
    where = facts[["fuel", "engine_type"]].itertuples(index=False, name=None)
    facts["well to wake, AR4"] = [intensity(fuel, engine).well_to_wake for fuel, engine in where]
    names = ["fuel", "engine_type", "lower_calorific_value", "wtt", "slip_percent", "well to wake, AR4"]
    return facts[[*names, "source", "verification"]]


def potentials() -> pd.DataFrame:
    """Global warming potentials over 100 years."""
    return reference.table(GWP_TABLE)[["basis", "species", "value", "source", "verification", "note"]].fillna(
        ""
    )


def fuels() -> pd.DataFrame:
    """Carbon factors."""
    facts = reference.table("fuels_mepc364_2022")
    names = ["fuel", "label", "fuel_kind", "cf_co2", "lower_heating_value", "renewable_carbon"]
    return facts[[*names, "source", "verification", "note"]].fillna("")


def rules() -> pd.DataFrame:
    """Sulphur rules by area and date."""
    facts = reference.table("sulphur_rules_2026")
    names = ["area", "from_date", "to_date", "sulphur_limit_percent", "fuel", "source", "verification"]
    return facts[names].fillna("")


def choices() -> pd.DataFrame:
    """What some choices of method are worth, as ratios."""
    drive = reference.rows("power_corrections_imo4_2020", **LARGE_CONTAINER).iloc[0]
    margin = parameter("epa2022", "service_margin")
    service = reference.value(table_of("epa2022", "speed_meanings"), "power_share", speed_meaning="service")
    ashore = parameter("icct", "hull_fouling") * parameter("icct", "weather_offshore")
    carbon = reference.table("fuels_mepc364_2022").set_index("fuel")["cf_co2"]
    ours, theirs = (_sfc(name) for name in ("fuel_consumption_imo4_2020", "fuel_consumption_epa_2022"))
    exponent = reference.value("method_parameters_imo4_2020", parameter="draught_exponent")
    rows = [
        (
            "the cube of the speed ratio is multiplied by",
            drive["delta_w"] / (drive["eta_weather"] * drive["eta_fouling"]),
            "weather and fouling, container ship of bin 5",
        ),
        (
            "the cube of service speed, by the EPA's law",
            margin * service,
            "margin, and service over greatest speed, cubed",
        ),
        (
            "the cube of the greatest speed, by the ICCT's law",
            ashore,
            "hull fouling and weather off shore",
        ),
        ("baseline fuel of a slow engine, EPA over IMO", theirs / ours, "residual fuel, built 2001 or later"),
        (
            "draught factor at 0.6, two thirds over 0.66",
            0.6 ** (2 / 3 - exponent),
            "exponents of two readings",
        ),
        ("CO2 of distillate over residual fuel", _switch(carbon), "consumption and carbon, slow engine"),
        ("CO2 of VLSFO by the factor of MDO", carbon["mdo"] / carbon["vlsfo"], "MEPC.364(79) has no VLSFO"),
    ]
    return pd.DataFrame(rows, columns=["choice", "ratio", "from"])


def _sfc(name: str, kind: str = "residual") -> float:
    facts = reference.rows(name, engine_type="ssd", consumer="main", fuel_kind=kind)
    return float(facts["value"].iloc[-1])


def _switch(carbon: "pd.Series[float]") -> float:
    name = "fuel_consumption_imo4_2020"
    return _sfc(name, "distillate") * float(carbon["mdo"]) / (_sfc(name) * float(carbon["hfo"]))


def effects() -> pd.DataFrame:
    """Published figures of how far such inventories err."""
    facts = reference.table("known_effects_2026")
    return facts[["effect", "figure", "value", "unit", "source"]]


def tables() -> pd.DataFrame:
    """Every table of facts, with its rows and sources."""
    rows = []
    for name in reference.tables():
        facts = reference.table(name)
        if "source" in facts and "/" not in name:
            rows.append((f"`{name}`", len(facts), "; ".join(reference.sources(name))))
    return pd.DataFrame(rows, columns=["table", "rows", "source"])


def verdicts(cases: pd.DataFrame) -> pd.DataFrame:
    """Cases by group: how many pass, fail, cannot be run; the largest difference, to two digits."""
    counts = cases.pivot_table(index="group", columns="verdict", values="case", aggfunc="count", fill_value=0)
    counts = counts.reindex(index=cases["group"].unique(), columns=[PASS, FAIL, NOT_RUN], fill_value=0)
    worst = cases.assign(size=cases["difference_percent"].abs()).groupby("group")["size"].max()
    most = cases.groupby("group")["tolerance_percent"].max()
    # Rounding errors of the last bits are no difference.
    shown = [
        "" if pd.isna(size) else f"{size:.2g}" if size >= 1e-4 else "< 0.0001" for size in worst[counts.index]
    ]
    table = counts.reset_index().rename_axis(columns=None)
    table["largest difference, %"] = shown
    table["widest tolerance, %"] = most[counts.index].to_numpy()
    return table
