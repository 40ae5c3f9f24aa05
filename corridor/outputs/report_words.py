"""Words and numbers of the printed report: one language, units as the place's own inventory prints them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from corridor.reference import rows as reference_rows
from corridor.reference import table as reference_table
from corridor.reference import value as reference_value

LANGUAGES = ("en", "zh")
NOTHING = "–"
# CO2 and what is told with it stay metric everywhere; Long Beach prints the others in short tons.
GREENHOUSE = frozenset({"co2", "co2e", "ch4", "n2o", "fuel"})
# Figures before rounding that a column of tonnes keeps of its largest number.
_FIGURES, _MOST_DECIMALS = 3, 4


@dataclass(frozen=True)
class Words:
    """The wording of one language.

    Examples
    --------
    >>> Words("zh").say("table"), Words("en").phase("at_berth")
    ('表', 'at berth')
    """

    language: str

    def say(self, key: str, **facts: object) -> str:
        """Wording of a key with facts filled in; facts are put in as text and not read again."""
        text = str(reference_rows("report_texts_2026", key=key).iloc[0][self.language])
        return text.format_map(facts)

    def absent(self, key: str, *, published: bool) -> str:
        """Why there is nothing of a kind: it was left out for publishing, or else what a key says.

        Examples
        --------
        >>> Words("en").absent("no_visits", published=True)
        'A published study leaves out calls, visits and transits.'
        """
        return self.say("not_published" if published else key)

    def pick(self, pair: Sequence[str]) -> str:
        """One of an English and a Chinese text; English where there is no other."""
        return pair[1] or pair[0] if self.language == "zh" else pair[0]

    def phase(self, key: str) -> str:
        """Name of an operating phase."""
        return self._name("phase", key)

    def ship_class(self, key: str) -> str:
        """Name of a ship class."""
        return self._name("class", key)

    def _name(self, kind: str, key: str) -> str:
        row = reference_rows("names_2026", kind=kind, key=key).iloc[0]
        return str(row[f"name_{self.language}"])

    def species(self, key: str) -> str:
        """Symbol of a pollutant."""
        return str(reference_rows("species_names_2026", species=key).iloc[0]["symbol"])

    def pollutant(self, key: str) -> str:
        """Name of a pollutant with its symbol."""
        row = reference_rows("species_names_2026", species=key).iloc[0]
        return f"{row['symbol']}  {row[f'name_{self.language}']}"

    def port(self, code: str) -> str:
        """Name of a port of the corridor; a code that is none stays itself."""
        known = reference_table("call_ports_2026").set_index("port")
        return str(known[f"name_{self.language}"].get(code, code))

    def size(self, ship_class: str, size_bin: int) -> str:
        """Name of a ship class and size bin.

        >>> Words("en").size("container", 6)
        'container ship, 8,000–11,999 TEU'
        """
        table = reference_table("aux_boiler_power_imo4_2020")
        mine = table[(table["ship_type"] == ship_class) & (table["size_bin"] == size_bin)]
        name = self.ship_class(ship_class)
        if mine.empty:
            return name
        row = mine.iloc[0]
        facts = {"low": f"{row['size_min']:,.0f}", "unit": self.say(str(row["size_unit"]))}
        if pd.isna(row["size_max"]):
            size = self.say("and_more", **facts)
        else:
            size = self.say("range", high=f"{row['size_max']:,.0f}", **facts)
        return f"{name}{'，' if self.language == 'zh' else ', '}{size}"


@dataclass(frozen=True)
class Units:
    """How masses are printed.

    Attributes
    ----------
    short : bool
        Short tons with one decimal for pollutants, whole tonnes for greenhouse gases, as the Port of Long
        Beach prints them; else metric tonnes with as many decimals as a column needs.
    """

    short: bool

    @property
    def key(self) -> str:
        """Key of the unit's wording."""
        return "unit_short" if self.short else "unit_t"

    def column(self, species: str, kg: Iterable[float]) -> list[str]:
        """Print masses of one species, all with the same decimals.

        Parameters
        ----------
        species : str
            The species: greenhouse gases are never in short tons.
        kg : iterable of float
            Masses; NaN is what has no estimate. [kg]

        Examples
        --------
        >>> Units(short=True).column("nox", [907_184.74, 90_718.474])
        ['1,000.0', '100.0']
        >>> Units(short=False).column("nox", [1_234.5, 10.0])
        ['1.23', '0.01']
        """
        metric = not self.short or species in GREENHOUSE
        unit = reference_value("mass_units_2026", mass_unit="tonne" if metric else "short_ton")
        amounts = np.asarray(list(kg), np.float64) / unit
        if self.short:
            return numbers(amounts, 0 if metric else 1)
        return numbers(amounts, decimals(amounts))


def decimals(amounts: Iterable[float]) -> int:
    """How many decimals let the largest amount keep three figures.

    >>> decimals([1234.0, 5.0]), decimals([0.0123])
    (0, 4)
    """
    most = float(np.nanmax(np.abs([*amounts, 0.0])))
    if most == 0.0:
        return 0
    return int(np.clip(_FIGURES - 1 - np.floor(np.log10(most)), 0, _MOST_DECIMALS))


def numbers(amounts: Iterable[float], places: int) -> list[str]:
    """Print amounts with so many decimals and thousands apart; NaN as a dash.

    >>> numbers([1234.56, float("nan")], 1)
    ['1,234.6', '–']
    """
    return [NOTHING if np.isnan(one) else f"{one:z,.{places}f}" for one in amounts]
