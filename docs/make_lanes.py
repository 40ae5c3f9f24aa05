"""Make ``docs/lanes.md`` and its picture: lanes both ways between Shenzhen and Long Beach, compared.

python docs/make_lanes.py --write docs/lanes.md --picture docs/img/lanes.svg

Every number is planned: it comes from the same chain as a run on AIS, and nobody sailed it.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from corridor import planning, reference
from corridor.tracks.passages import SHORTEST, lanes, plan_route
from corridor.tracks.routes import DEPART, Voyage, sail
from maps.lanes import Drawn, lanes_svg

TERMINALS = ("Yantian", "Shekou", "Da Chan Bay")
OTHER = "Long Beach"
SHIP = "container:8500"
SPEEDS_KN = (14, 15, 16, 17, 18, 19, 20)
SHOWN_KN = 16


def fresh(terminals: Sequence[str] = TERMINALS, speeds_kn: Sequence[float] = SPEEDS_KN) -> pd.DataFrame:
    """Return one row a terminal, direction, lane and speed, with miles in each sulphur area."""
    names = [*lanes(), SHORTEST]
    routes = [
        plan_route(*ends, lane=lane)
        for terminal in terminals
        for ends in ((terminal, OTHER), (OTHER, terminal))
        for lane in names
    ]
    voyages = planning.voyages_of(routes, speeds_kn)
    table = planning.voyage_table(voyages, planning.ship_of(SHIP))
    shore = [route.start if route.direction == "eastbound" else route.end for route in routes]
    return table.assign(terminal=np.repeat([place.name for place in shore], len(speeds_kn)))


def document(table: pd.DataFrame) -> str:
    """Return the text of ``docs/lanes.md``."""
    ports = list(dict.fromkeys(table["terminal"]))
    parts = [HEAD, _lane_list(), "## Lengths, hours and tonnes of fuel\n"]
    for port in ports:
        for direction in ("eastbound", "westbound"):
            rows = table[(table["terminal"] == port) & (table["direction"] == direction)]
            ends = f"{port} to {OTHER}" if direction == "eastbound" else f"{OTHER} to {port}"
            parts.append(f"### {ends}\n\n{_voyages(rows)}")
    return "\n".join([*parts, _shares(table), TAIL])


HEAD = f"""# Lanes between Shenzhen and Long Beach

Made by `python docs/make_lanes.py --write docs/lanes.md --picture docs/img/lanes.svg`; a test compares it
with a fresh run. **Planned**: no ship sailed these voyages. Each is a container ship of 8,500 TEU with the
default particulars of her class, from berth to berth, leaving on {DEPART:%Y-%m-%d}; she keeps the speed at
sea and slows in the harbours and within 40 nm of Point Fermin (`data/lanes/harbour_speeds_2026.csv`), at the
same draught both ways. No weather and no current but the margin of the method; no hours at berth.

![Lanes between Shenzhen and Long Beach](img/lanes.svg)
"""

TAIL = """
## How sure

- Lengths are those of great circles between the points. Between the drawn points every leg is led round the
  coast; a test tries each lane against it.
- The points were drawn for this project, straits by name; no track of a ship lies behind them but off
  southern California (June 2018). The areas to be avoided along the Aleutians (IMO SN.1/Circ.331) are not
  tested.
- Months of use stand only where a source says them; where none does, that is no sign that a lane is used all
  year.
- Control areas are those of the zone system `sulphur`; China's is approximate ([method](method.md)).
"""


def _lane_list() -> str:
    rows = reference.table("lanes/lanes_2026").sort_values("order").to_dict("records")
    lines = ["| lane | way | months of use | source |", "| --- | --- | --- | --- |"]
    for row in rows:
        own = lanes()[str(row["lane"])]
        months = f"{own.months} ({own.months_source})" if own.months else "not sourced"
        lines.append(f"| `{own.name}` | {own.name_en} | {months} | {row['source']} |")
    lines.append("| `shortest` | whatever is shortest off land, harbour to harbour | | computed |")
    return "## The lanes\n\n" + "\n".join(lines) + "\n"


def _voyages(rows: pd.DataFrame) -> str:
    """Hours and fuel by lane and speed, the speeds side by side."""
    speeds = sorted(rows["speed_kn"].unique())
    head = ["lane", "nm", *(f"{speed:g} kn: h / t" for speed in speeds)]
    lines = [f"| {' | '.join(head)} |", f"| --- |{' ---: |' * (len(head) - 1)}"]
    for lane, own in rows.groupby("lane", sort=False):
        by_speed = {row["speed_kn"]: row for row in own.to_dict("records")}
        cells = [f"{by_speed[s]['hours']:.0f} / {by_speed[s]['fuel_kg'] / 1000:,.0f}" for s in speeds]
        lines.append(f"| `{lane}` | {own['distance_nm'].mean():,.0f} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _shares(table: pd.DataFrame) -> str:
    """Share of distance and fuel in the control areas at one speed, eastbound."""
    speed = SHOWN_KN if SHOWN_KN in set(table["speed_kn"]) else table["speed_kn"].iloc[0]
    rows = table[(table["speed_kn"] == speed) & (table["direction"] == "eastbound")]
    lines = [
        f"## Shares in control areas at {speed:g} kn, eastbound\n",
        "| from | lane | North America: nm | of distance | of fuel | China: nm | of distance | of fuel |",
        "| --- | --- |" + " ---: |" * 6,
    ]
    for row in rows.to_dict("records"):
        cells = [
            f"{row[f'{area}_nm']:,.0f} | "
            f"{row[f'{area}_distance_share']:.1%} | {row[f'{area}_fuel_share']:.1%}"
            for area in ("na_eca", "china_eca")
        ]
        lines.append(f"| {row['terminal']} | `{row['lane']}` | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def picture() -> str:
    """Return the lanes from Yantian as SVG."""
    drawn = []
    for name in [*lanes(), SHORTEST]:
        route = plan_route(TERMINALS[0], OTHER, lane=name)
        sailed = sail(Voyage(route=route, speed_kn=SHOWN_KN))
        label = f"{name}: {lanes()[name].name_en if name in lanes() else 'shortest way off land'}"
        drawn.append(Drawn(f"{label}, {route.distance_nm:,.0f} nm", sailed.lat, sailed.lon, name == SHORTEST))
    title = "Planned lanes, Yantian – Long Beach"
    return lanes_svg(
        drawn, title=title, note="Planned; drawn for this project. Land: Natural Earth, OpenStreetMap."
    )


def main() -> None:
    """Write the document and its picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", type=Path, required=True)
    parser.add_argument("--picture", type=Path)
    given = parser.parse_args()
    given.write.write_text(document(fresh()), encoding="utf-8")
    if given.picture:
        given.picture.write_text(picture(), encoding="utf-8")


if __name__ == "__main__":
    main()
