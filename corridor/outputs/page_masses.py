"""The masses of a page: species, cells and tables of the baseline and of each scenario, with intervals."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

import maps.content as page
from corridor import intensity
from corridor.accounts.ledger import MG_PER_KG, MM_PER_NM, MS_PER_H, Ledger
from corridor.accounts.scenarios import Scenario
from corridor.accounts.spreads import Spreads, factors
from corridor.accounts.totals import mass_table
from corridor.emissions.basis import CELL_COLUMNS
from corridor.emissions.phases import PHASES
from corridor.outputs import tables
from corridor.outputs.contributors import MOST_CELLS, Contributors
from corridor.outputs.intervals import cell_factors
from corridor.reference import rows as reference_rows
from corridor.reference import table as reference_table
from corridor.study import Study
from layers.geodesy import display_longitude

# Rule areas follow borders in places: their totals stand in the tables, their outlines are drawn nowhere.
OFF_THE_PAGE = ("jurisdiction", "nox")
NOTES = {
    "unverified": ("unverified outline", "轮廓未核实"),
    "stand-in": ("outline is a stand-in", "以替代边界表示"),
    "drawn": ("outline drawn for this study", "轮廓为本研究自绘"),
    "coarse": ("coarse outline", "概略轮廓"),
}
WELL_TO_WAKE = "wtw_co2e"


class Grouping(NamedTuple):
    """One table of the page: its rows, and the row of each ledger row of a study."""

    key: str
    kind: Literal["zones", "phases", "classes"]
    items: tuple[page.Item, ...]
    place: int | None = None

    def rows_of(self, study: Study) -> NDArray[np.int64]:
        """Row of the table of each ledger row. [index]"""
        if self.place is not None:
            return study.zone_places()[:, self.place]
        if self.kind == "classes":
            return study.ledger_classes()
        found: NDArray[np.int64] = study.ledger.rows["phase"].to_numpy(np.int64)
        return found


def sides(study: Study) -> tuple[Study, ...]:
    """The baseline and its alternatives, in the page's order."""
    return tuple(side for _, side in intensity.sides(study))


def scenario_items(study: Study) -> tuple[page.Item, ...]:
    """Names of the baseline and its alternatives."""
    others = (
        page.Item(key, page.Text(one.scenario.name, one.scenario.name_zh), _remark(one.scenario))
        for key, one in study.alternatives.items()
    )
    return (page.Item("baseline", page.Text("Baseline", "基准情景")), *others)


def _remark(scenario: Scenario) -> page.Text | None:
    """What a scenario asks; a sentence in one language only is shown in both."""
    english, chinese = scenario.description, scenario.description_zh
    return page.Text(english or chinese, chinese) if english or chinese else None


def species_items() -> tuple[page.Species, ...]:
    """Pollutants of a page: what leaves the funnel, and well-to-wake carbon dioxide equivalent."""
    greenhouse = {"co2", "co2e", "ch4", "n2o"}
    listed = tuple(
        page.Species(row["species"], row["symbol"], named(row), greenhouse=row["species"] in greenhouse)
        for row in reference_table("species_names_2026").to_dict("records")
    )
    if "wtt_co2e_mg" not in CELL_COLUMNS:
        return listed
    (twin,) = (one for one in listed if one.key == "co2e")
    return (*listed, page.Species(WELL_TO_WAKE, twin.symbol, twin.name, True, "wtw", "co2e"))


def named(row: Mapping[Any, Any]) -> page.Text:
    """Name of a row in both languages."""
    return page.Text(str(row["name_en"]), str(row["name_zh"]))


def items(kind: str, keys: tuple[str, ...]) -> tuple[page.Item, ...]:
    """Names of keys, by the table of names."""
    names = reference_rows("names_2026", kind=kind).set_index("key")
    return tuple(page.Item(key, page.Text(names.name_en[key], names.name_zh[key])) for key in keys)


def cells(study: Study, months: NDArray[np.int64], told: Contributors) -> page.Cells:
    """Every cell of a study, with its mass in each scenario. [kg]"""
    table = tables.cells(study)
    size = table["east"] - table["west"]
    co2 = study.ledger.cells.assign(co2=study.ledger.cells["co2_mg"] / MG_PER_KG)
    ids, classes = table["cell_id"], np.arange(len(study.class_names()))
    return page.Cells(
        west=np.mod(display_longitude(table["west"].to_numpy()), 360.0),
        south=table["south"].to_numpy(),
        size_deg=size.to_numpy().round(6),
        area_km2=table["area_km2"].to_numpy(),
        mass_kg=np.stack([_cell_masses(one, ids) for one in sides(study)]),
        observed_share=table["observed_share"].fillna(1.0).clip(0, 1).to_numpy(),
        phase_share=_shares(co2, "phase", np.arange(len(PHASES)), ids, whole=True),
        class_share=_shares(co2, "class", classes, ids, whole=True) if len(ids) <= MOST_CELLS else None,
        month_share=_shares(co2, "month", months, ids, whole=False) if len(months) > 1 else None,
        who=told.who,
        who_share=told.who_share,
        interval=cell_factors(study),
    )


def _cell_masses(study: Study, ids: "pd.Series[int]") -> NDArray[np.float64]:
    """(n_species, n_cells) masses; a cell that a scenario leaves empty has none. [kg]"""
    table = tables.cells(study).set_index("cell_id").reindex(ids).fillna(0.0)
    if "wtt_co2e_kg" in table:
        table["wtw_co2e_kg"] = table["co2e_kg"] + table["wtt_co2e_kg"]
    return np.stack([_shown(table, one) for one in species_items()])


def _shown(table: pd.DataFrame, one: page.Species) -> NDArray[np.float64]:
    """Masses of a species: a credit upstream may be larger than what leaves the funnel, nothing else. [kg]"""
    masses = table[f"{one.key}_kg"].to_numpy(np.float64)
    return masses if one.basis == "wtw" else masses.clip(0.0)


def withheld(study: Study) -> NDArray[np.float64] | None:
    """(n_scenarios, n_species) masses of cells that a published study does not tell. [kg]"""
    told = study.manifest.get("published") or {}
    if "withheld" not in told:
        return None
    parts = [told["withheld"], *(told["withheld_of_scenarios"][key] for key in study.alternatives)]
    # One cell, wherever it is, with all that is missing: its masses follow as those of any other.
    place = study.lattice.cell_at([0.0], [0.0])
    found = []
    for side, part in zip(sides(study), parts, strict=True):
        row = pd.DataFrame([{"cell": place[0], "month": 0, "phase": 0, "class": 0, **part["sums"]}])
        alone = replace(side, ledger=Ledger(side.ledger.rows, row))
        found.append(_cell_masses(alone, pd.Series(place))[:, 0])
    return np.stack(found)


def _shares(
    rows: pd.DataFrame, key: str, values: NDArray[np.int64], cells: "pd.Series[int]", *, whole: bool
) -> NDArray[np.uint8]:
    """(n_values, n_cells) shares of CO2 in 1/255ths of the cell, or of its largest value."""
    table = rows.pivot_table(index="cell", columns=key, values="co2", aggfunc="sum", fill_value=0.0)
    wide = table.reindex(index=cells, columns=values, fill_value=0.0).to_numpy(np.float64)
    base = wide.sum(axis=1, keepdims=True) if whole else wide.max(axis=1, keepdims=True)
    shares = np.divide(wide, base, out=np.zeros_like(wide), where=base > 0)
    parts: NDArray[np.uint8] = np.rint(shares.T * 255).astype(np.uint8)
    return parts


def breakdowns(study: Study, months: NDArray[np.int64]) -> tuple[page.Breakdown, ...]:
    """The page's exact tables: zones of each system, phases, ship classes; with 90 % intervals. [kg]"""
    groupings = [
        *(
            Grouping(system.name, "zones", _zone_items(study, place), place)
            for place, system in enumerate(study.systems)
            if system.name not in OFF_THE_PAGE
        ),
        Grouping("phase", "phases", items("phase", PHASES)),
        Grouping("class", "classes", items("class", study.class_names())),
    ]
    all_sides = sides(study)
    return tuple(_breakdown(all_sides, grouping, months) for grouping in groupings)


def _zone_items(study: Study, place: int) -> tuple[page.Item, ...]:
    return tuple(
        page.Item(row["zone_id"], named(row), _note(row.get("verification", "")))
        for row in study.zone_names(place).to_dict("records")
    )


def _note(verification: object) -> page.Text | None:
    """Say in one word how far an outline can be trusted; the whole remark is in the GeoPackage."""
    remark = str(verification).lower()
    for word, (en, zh) in NOTES.items():
        if remark.startswith(word):
            return page.Text(en, zh)
    return None


def _breakdown(studies: Sequence[Study], grouping: Grouping, months: NDArray[np.int64]) -> page.Breakdown:
    baseline = _Table(studies[0], grouping, months)
    others = [_Table(one, grouping, months) for one in studies[1:]]
    mass_kg = np.stack([one.masses() for one in (baseline, *others)])
    bounds = np.stack([one.bounds() for one in (baseline, *others)], axis=1)
    (title,) = items("system", (grouping.key,))
    return page.Breakdown(
        key=grouping.key,
        kind=grouping.kind,
        title=title.name,
        rows=grouping.items,
        hours=baseline.spread("hours_ms") / MS_PER_H,
        distance_nm=baseline.spread("distance_mm") / MM_PER_NM,
        observed_hours=baseline.spread("observed_ms") / MS_PER_H,
        mass_kg=mass_kg,
        interval_kg=_in_order(bounds * mass_kg.sum(axis=3)[np.newaxis]),
    )


class _Table:
    """The rows of a study's ledger by row of a table and month."""

    def __init__(self, study: Study, grouping: Grouping, months: NDArray[np.int64]) -> None:
        self.study, self.shape = study, (len(grouping.items), len(months))
        self.group = grouping.rows_of(study)
        rows = study.upstream_rows()
        self.rows = rows.assign(place=self.group, month_place=np.searchsorted(months, rows["month"]))

    def spread(self, column: str) -> NDArray[np.float64]:
        """(rows, months) sums of a column."""
        grid = np.zeros(self.shape)
        np.add.at(
            grid, (self.rows["place"], self.rows["month_place"]), self.rows[column].to_numpy(np.float64)
        )
        return grid

    def masses(self) -> NDArray[np.float64]:
        """(n_species, rows, months) masses. [kg]"""
        table = mass_table(
            self.rows.drop(columns=["zone", "vessel", "voyage", "phase", "origin", "fuel"]),
            ["place", "month_place"],
            self.study.derived,
        )
        grids = []
        for one in species_items():
            grid = np.zeros(self.shape)
            grid[table["place"], table["month_place"]] = table[f"{one.key}_kg"]
            grids.append(grid if one.basis == "wtw" else grid.clip(0.0))
        return np.stack(grids)

    def bounds(self) -> NDArray[np.float64]:
        """(2, n_species, rows) bounds as factors on the mass of the period."""
        return _bounds(self.study, self.group, self.shape[0])


def _bounds(study: Study, group: NDArray[np.int64], groups: int) -> NDArray[np.float64]:
    """(2, n_species, groups) bounds of sums of ledger rows as factors on their mass."""
    spreads = Spreads(study.errors, study.ledger_rows(), group, groups, study.derived)
    # What a fuel cost upstream is as uncertain as how much of it was burnt.
    keys = [one.of or one.key for one in species_items()]
    return np.stack([factors(spreads.of(key), study.interval_level) for key in keys], axis=1)


def total_interval(study: Study, whole: page.Breakdown) -> NDArray[np.float64]:
    """(2, n_scenarios, n_species) bounds of the whole, of which a table gives the mass. [kg]"""
    every = [_bounds(one, np.zeros(len(one.ledger.rows), np.int64), 1)[:, :, 0] for one in sides(study)]
    return _in_order(np.stack(every, axis=1) * whole.mass_kg.sum(axis=(2, 3))[np.newaxis])


def _in_order(bounds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Lower bound first: factors on a negative mass give the higher one first."""
    ordered: NDArray[np.float64] = np.sort(bounds, axis=0)
    return ordered
