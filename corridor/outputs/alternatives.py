"""Scenarios as a plain table: what each changes, its totals beside the baseline, the interval of that."""

import pandas as pd

from corridor.accounts.scenarios import Scenario
from corridor.accounts.uncertainty import percentile_names
from corridor.comparison import compare
from corridor.study import Study

# Of a scenario: what it is called, not what it changes.
_SAID = {"name", "name_zh", "description", "description_zh", "includes"}


def scenario_table(study: Study) -> pd.DataFrame:
    """One row a scenario and species of the whole study: the rows ``total`` of ``scenarios.csv``. [kg]

    Parameters
    ----------
    study : Study
        A study; the table has no row where it was run without scenarios.

    Returns
    -------
    pandas.DataFrame
        scenario, name_en, name_zh, levers, species, baseline_kg, scenario_kg, difference_kg,
        difference_percent, difference_low_kg, difference_high_kg, interval_level.
    """
    if not study.alternatives:
        return pd.DataFrame()
    found = compare(study, dimensions=["total"])
    masses = found[found["unit"] == "kg"].reset_index(drop=True)
    low, high = percentile_names(study.interval_level)
    scenarios = {key: one.scenario for key, one in study.alternatives.items()}
    return pd.DataFrame(
        {
            "scenario": masses["scenario"],
            "name_en": masses["scenario"].map({key: one.name for key, one in scenarios.items()}),
            "name_zh": masses["scenario"].map({key: one.name_zh for key, one in scenarios.items()}),
            "levers": masses["scenario"].map({key: levers(one) for key, one in scenarios.items()}),
            "species": masses["quantity"],
            "baseline_kg": masses["baseline"],
            "scenario_kg": masses["scenario_value"],
            "difference_kg": masses["difference"],
            "difference_percent": masses["difference_percent"],
            "difference_low_kg": masses[f"difference_{low}"],
            "difference_high_kg": masses[f"difference_{high}"],
            "interval_level": study.interval_level,
        }
    )


def levers(scenario: Scenario) -> str:
    """Every lever of a scenario with its settings, as they differ from the usual ones.

    Examples
    --------
    >>> from corridor.accounts.scenarios import read_scenario
    >>> levers(read_scenario("slow_steaming_12kn_40nm"))[:61]
    'speed_cap: zones speed:green_flag_20nm speed:green_flag_40nm,'
    """
    found = []
    for kind, entries in scenario.model_dump(exclude=_SAID, exclude_defaults=True).items():
        for entry in entries:
            settings = ", ".join(f"{name} {_text(value)}" for name, value in entry.items())
            found.append(f"{kind}: {settings}")
    return " | ".join(found)


def _text(value: object) -> str:
    return " ".join(str(one) for one in value) if isinstance(value, tuple | list) else str(value)
