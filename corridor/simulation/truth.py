"""The truth about simulated ships: one row a stay, or a stretch of a passage in one phase."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from corridor.simulation.schedule import Legs, Passage, Stay

COLUMNS = (
    "vessel_id",
    "voyage",
    "phase",
    "port",
    "place",
    "start_utc",
    "end_utc",
    "hours",
    "distance_nm",
    "mean_cubed_speed_kn3",
    "draught_m",
)


def tell(legs: Legs, vessel_id: str, start: pd.Timestamp) -> pd.DataFrame:
    """Return what a ship did, with hours, miles and the time-mean of its cubed speed [h, nm, kn³].

    The cubed speed and the draught allow an independent count of propulsion energy under a cubic law. Phases:
    ``at_berth``, ``at_anchor``, ``harbour`` (between berth and the port's gate), ``approach``, ``sea``.
    A voyage's number goes up at each departure from a berth.
    """
    rows: list[dict[str, object]] = []
    voyage = 0
    for leg in legs:
        if isinstance(leg, Stay):
            rows.append(_stay_row(leg))
        else:
            voyage += leg.origin.kind == "berth"
            rows.extend(_passage_rows(leg))
        for row in rows:
            row.setdefault("voyage", voyage)
    table = pd.DataFrame(rows)
    table["vessel_id"] = vessel_id
    for end in ("start", "end"):
        moment = start + pd.to_timedelta((table[f"{end}_h"] * 3600.0).round(), unit="s")
        table[f"{end}_utc"] = moment.dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    return table[list(COLUMNS)].round({"hours": 6, "distance_nm": 6, "mean_cubed_speed_kn3": 4})


def _stay_row(stay: Stay) -> dict[str, object]:
    return {
        "phase": stay.stage,
        "port": stay.place.port,
        "place": stay.place.name,
        "start_h": stay.start_h,
        "end_h": stay.end_h,
        "hours": stay.end_h - stay.start_h,
        "distance_nm": 0.0,
        "mean_cubed_speed_kn3": 0.0,
        "draught_m": stay.draught_m,
    }


def _passage_rows(passage: Passage) -> Iterator[dict[str, object]]:
    """One row for each stretch in one stage; a step belongs to the stage of its first point."""
    stage = passage.stage[:-1]
    hours = np.diff(passage.hour)
    miles = np.diff(passage.path.distance_nm)
    # Steps are short enough for the mean speed of each to stand for it.
    speed = np.divide(miles, hours, out=np.zeros_like(miles), where=hours > 0)
    cuts = np.flatnonzero(stage[1:] != stage[:-1]) + 1
    for first, last in zip(np.r_[0, cuts], np.r_[cuts, stage.size], strict=True):
        part = slice(first, last)
        near_start = passage.hour[first] < (passage.start_h + passage.end_h) / 2
        port = (passage.origin if near_start else passage.destination).port
        yield {
            "phase": stage[first],
            "port": "" if stage[first] == "sea" else port,
            "place": "",
            "start_h": passage.hour[first],
            "end_h": passage.hour[last],
            "hours": hours[part].sum(),
            "distance_nm": miles[part].sum(),
            "mean_cubed_speed_kn3": float((speed[part] ** 3 * hours[part]).sum() / hours[part].sum()),
            "draught_m": passage.draught_m,
        }
