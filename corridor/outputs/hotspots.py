"""Where emissions are concentrated, with the evidence: rank, share, test of clusters, what, when, which."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

import maps.content as page
from corridor.accounts.ledger import MG_PER_KG
from corridor.emissions.basis import CELL_COLUMNS
from corridor.emissions.phases import PHASES
from corridor.outputs import tables
from corridor.outputs.page_masses import items
from corridor.study import Study
from corridor.words import month_name
from layers.hotspots import clusters, fewest_cells, rank_cells

HALF = 0.5
SHOWN = 10
# Vessels that are named for each cell.
MOST = 3
KEYS = ("phase", "month", "class")
TESTED = ("z", "p", "hot")


def hotspots(study: Study, species: str = "co2", *, test: bool | None = None) -> pd.DataFrame:
    """Cells with any of a species, densest first, with what makes each. [degrees, km2, kg]

    Parameters
    ----------
    study : Study
        A study.
    species : str
        A species of the cells, such as ``co2``, ``nox`` or ``pm10``.
    test : bool, optional
        Whether to test for clusters: Getis–Ord Gi* of the density with the false-discovery rate held at 5 %,
        see `layers.hotspots.clusters`. As the study was run by default.

    Returns
    -------
    pandas.DataFrame
        rank, cell_id, west, south, east, north, area_km2, species, mass_kg, kg_per_km2, cumulative_share in
        the order of density; in_half, whether it is one of the fewest cells that hold half of the mass;
        observed_share; the phase, ship class and month with most of it and their shares; unless published,
        how many vessels, and the three with most of its CO2 and their shares; with a test ``gi_z``, ``gi_p``
        and ``gi_hot``.

    Raises
    ------
    ValueError
        If the species is none of the cells'; the message names the known ones.
    ImportError
        With a test, without the extra ``hotspots``.
    """
    column = f"{species}_mg"
    if column not in CELL_COLUMNS:
        known = ", ".join(name.removesuffix("_mg") for name in CELL_COLUMNS if name.endswith("_mg"))
        raise ValueError(f"species {species!r} is unknown in cells; known: {known}")
    table = tables.cells(study)
    mass = study.ledger.cells.groupby("cell")[column].sum().reindex(table["cell_id"]) / MG_PER_KG
    table = table.assign(mass_kg=mass.to_numpy(np.float64))
    table = table[table["mass_kg"] > 0].reset_index(drop=True)
    ranks = rank_cells(table["mass_kg"].to_numpy(), table["area_km2"].to_numpy())
    half = np.zeros(len(table), bool)
    half[fewest_cells(table["mass_kg"].to_numpy(), HALF)] = True
    table = table.assign(
        rank=ranks.rank,
        species=species,
        kg_per_km2=ranks.density,
        cumulative_share=ranks.cumulative_share,
        in_half=half,
    )
    table = table.join(_makers(study, column), on="cell_id")
    who = _who(study) if not study.published else pd.DataFrame(index=table["cell_id"])
    table = table.join(who, on="cell_id")
    wanted = study.hotspot_test if test is None else test
    found = _tested(study, table) if wanted else table
    places = ["rank", "cell_id", "west", "south", "east", "north", "area_km2", "species", "mass_kg"]
    shares = [name for key in KEYS for name in (_name(key), f"{_name(key)}_share")]
    order = [*places, "kg_per_km2", "cumulative_share", "in_half", "observed_share", *shares]
    order += [*who.columns]
    order += [f"gi_{name}" for name in TESTED] if wanted else []
    return found.sort_values("rank", kind="stable")[order].reset_index(drop=True)


def _name(key: str) -> str:
    return "ship_class" if key == "class" else key


def _makers(study: Study, column: str) -> pd.DataFrame:
    """Phase, ship class and month with most of each cell's mass, and their shares of it."""
    cells = study.ledger.cells
    whole = cells.groupby("cell")[column].sum()
    words: dict[str, NDArray[np.object_]] = {
        "phase": np.array(PHASES, dtype=object),
        "class": np.array(study.class_names(), dtype=object),
    }
    parts = {}
    for key in KEYS:
        sums = cells.groupby(["cell", key])[[column]].sum().reset_index()
        # Of equals the first: the same cell has the same maker in every run.
        most = sums.sort_values(["cell", column, key], ascending=[True, False, True], kind="stable")
        most = most.drop_duplicates("cell").set_index("cell")
        number = most[key].to_numpy(np.int64)
        parts[_name(key)] = pd.Series(
            words[key][number] if key in words else [month_name(n) for n in number],
            index=most.index,
        )
        parts[f"{_name(key)}_share"] = most[column] / whole.where(whole > 0)
    return pd.DataFrame(parts)


def _who(study: Study) -> pd.DataFrame:
    """How many vessels were in each cell, and the three with most of its CO2, with their shares of it."""
    pairs = study.ledger.pairs.sort_values(
        ["cell", "co2_mg", "vessel"], ascending=[True, False, True], kind="stable"
    )
    cells = pairs.groupby("cell")
    whole = cells["co2_mg"].sum()
    place = cells.cumcount().to_numpy()
    ids = study.vessels["vessel_id"].to_numpy(dtype=object)
    table = cells.size().to_frame("vessels")
    for number in range(MOST):
        mine = pairs[place == number].set_index("cell")
        name = f"vessel_{number + 1}"
        table[name] = pd.Series(ids[mine["vessel"].to_numpy(np.int64)], index=mine.index, dtype=object)
        table[f"{name}_share"] = mine["co2_mg"] / whole.where(whole > 0)
    return table


def _tested(study: Study, table: pd.DataFrame) -> pd.DataFrame:
    lat, lon = study.lattice.cell_centre(table["cell_id"].to_numpy(np.int64))
    found = clusters(lat, lon, table["kg_per_km2"].to_numpy(np.float64))
    return table.assign(gi_z=found.z, gi_p=found.p, gi_hot=found.hot)


def panel(study: Study) -> tuple[page.Panel, ...]:
    """The page's table of the densest cells; none without emissions."""
    table = study.hotspots()
    if not len(table):
        return ()
    names = {
        kind: {one.key: one.name for one in items(kind, keys)}
        for kind, keys in (("phase", PHASES), ("class", study.class_names()))
    }
    tested = "gi_hot" in table
    head = (
        page.Text("Rank", "排名"),
        page.Text("Middle of the cell", "网格中心"),
        page.Text("CO₂ t per km²", "CO₂ 吨/平方公里"),
        page.Text("cumulative share, %", "累计占比(%)"),
        page.Text("mostly", "主要活动"),
        page.Text("% of it", "占比(%)"),
        page.Text("mostly by", "主要船型"),
        page.Text("busiest month", "最多月份"),
        *((page.Text("Gi* z"), page.Text("cluster", "聚集")) if tested else ()),
    )
    rows = tuple(
        (
            float(row["rank"]),
            _where(row),
            row["kg_per_km2"] / 1000.0,
            100.0 * row["cumulative_share"],
            names["phase"][row["phase"]],
            100.0 * row["phase_share"],
            names["class"][row["ship_class"]],
            page.Text(row["month"]),
            *((row["gi_z"], YES if row["gi_hot"] else NO) if tested else ()),
        )
        for row in table.head(SHOWN).to_dict("records")
    )
    half = int(table["in_half"].sum())
    note = page.Text(
        f"{half} of {len(table)} cells hold half of the CO₂. By density, so that cells of several sizes "
        "compare." + (" Getis–Ord Gi*, false-discovery rate 5 %." if tested else ""),
        f"{len(table)} 个网格中有 {half} 个占CO₂排放的一半。"
        "按单位面积排放量排序，便于不同大小的网格相互比较。"
        + ("Getis–Ord Gi*，错误发现率5%。" if tested else ""),
    )
    title = page.Text("Hotspots: what makes them", "排放热点的构成")
    return (page.Panel(key="hotspots", title=title, head=head, rows=rows, note=note),)


YES, NO = page.Text("yes", "是"), page.Text("no", "否")


def _where(row: Mapping[Any, Any]) -> page.Text:
    """Middle of a cell in both languages."""
    north, east = (row["south"], row["north"]), (row["west"], row["east"])
    english = f"{_place(*north, 'N', 'S')} {_place(*east, 'E', 'W')}"
    # Chinese names the half of the globe before the figure.
    chinese = [_place(*north, "北纬", "南纬").split(), _place(*east, "东经", "西经").split()]
    return page.Text(english, "，".join(f"{half}{figure}" for figure, half in chinese))


def _place(low: float, high: float, plus: str, minus: str) -> str:
    """Middle of two coordinates as text.

    >>> _place(33.7, 33.72, "N", "S"), _place(-118.3, -118.2, "E", "W")
    ('33.71° N', '118.25° W')
    """
    middle = (low + high) / 2.0
    return f"{abs(middle):.2f}° {plus if middle >= 0 else minus}"
