"""What was emitted within some kilometres of places. Not exposure: no wind, no dispersion, no dose."""

import numpy as np
import pandas as pd

import maps.content as page
from corridor.accounts.totals import MASS_COLUMNS
from corridor.outputs import tables
from corridor.outputs.page_masses import sides
from corridor.receptors import Receptor
from corridor.study import Study
from layers.circles import shares_within

WITHIN_KM = (1.0, 2.0, 5.0, 10.0)
M_PER_KM = 1000.0
SHOWN = ("nox", "sox", "pm25", "dpm")
SHOWN_KM = (2.0, 5.0)


def receptors_of(study: Study) -> tuple[Receptor, ...]:
    """Places that the study was given."""
    return tuple(Receptor(**one) for one in study.manifest["parameters"].get("receptors", []))


def near_people(study: Study, receptors: tuple[Receptor, ...] | None = None) -> pd.DataFrame:
    """Hours and masses within 1, 2, 5 and 10 km of places, of the baseline and each scenario. [h, kg]

    A cell that lies partly in a circle counts by the share of its area: inside a cell, emissions are taken as
    spread evenly. So a circle smaller than its cells is told by ``cell_km``, the side of the cell about the
    place. This is mass emitted near a place, and says nothing about the air there.

    Parameters
    ----------
    study : Study
        A study.
    receptors : tuple of Receptor, optional
        Places; those that the study was given by default.

    Returns
    -------
    pandas.DataFrame
        name, lat, lon, scenario, within_km, cell_km, hours, observed_share and one column per mass.
    """
    places = receptors_of(study) if receptors is None else receptors
    keys = ("baseline", *study.alternatives)
    amounts = [tables.cells(side).set_index("cell_id") for side in sides(study)]
    found = []
    for place in places:
        side_km = _cell_km(study, place)
        for radius_km in WITHIN_KM:
            where = (study.lattice, place.lat, place.lon, radius_km * M_PER_KM)
            for key, table in zip(keys, amounts, strict=True):
                share = shares_within(where[0], table.index.to_numpy(), *where[1:])
                sums = table[["hours", *MASS_COLUMNS]].mul(share, axis=0).sum()
                observed = float((table["observed_share"].fillna(0.0) * table["hours"] * share).sum())
                found.append(
                    {
                        "name": place.name,
                        "lat": place.lat,
                        "lon": place.lon,
                        "scenario": key,
                        "within_km": radius_km,
                        "cell_km": side_km,
                        "hours": sums["hours"],
                        "observed_share": observed / sums["hours"] if sums["hours"] > 0 else np.nan,
                        **sums[list(MASS_COLUMNS)],
                    }
                )
    return pd.DataFrame(found)


def _cell_km(study: Study, place: Receptor) -> float:
    cell = study.lattice.cell_at([place.lat], [place.lon])
    return round(float(np.sqrt(study.lattice.cell_area_m2(cell)[0])) / M_PER_KM, 2)


def panel(study: Study) -> tuple[page.Panel, ...]:
    """The page's table of what was emitted near places; none without places."""
    if not receptors_of(study):
        return ()
    table = near_people(study)
    shown = table[(table["scenario"] == "baseline") & table["within_km"].isin(SHOWN_KM)]
    symbols = {"nox": "NOₓ", "sox": "SOₓ", "pm25": "PM2.5", "dpm": "DPM"}
    head = (
        page.Text("Place", "地点"),
        page.Text("Within km", "范围(公里)"),
        page.Text("Ship hours", "船舶小时"),
        *(page.Text(f"{symbols[one]} kg", f"{symbols[one]} kg") for one in SHOWN),
    )
    rows = tuple(
        (page.Text(row["name"]), row["within_km"], row["hours"], *(row[f"{one}_kg"] for one in SHOWN))
        for row in shown.to_dict("records")
    )
    note = page.Text(
        "Mass emitted within a distance, whatever the wind did with it; cells by the share of their area in "
        "the circle. Not exposure.",
        "一定距离内的排放量，未考虑风与扩散；网格按落入圆内的面积比例计入。不代表人群暴露。",
    )
    title = page.Text("Emitted near places", "地点附近的排放量")
    return (page.Panel(key="near_people", title=title, head=head, rows=rows, note=note),)
