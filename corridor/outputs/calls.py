"""Tables of port calls and journeys, and totals by the port called at instead of by place."""

from typing import Any

import geopandas as gpd
import pandas as pd

from corridor.outputs import notes
from corridor.outputs.call_ports import totals_by_call_port
from corridor.outputs.zones import Columns
from corridor.study import Study
from layers import geometry, styles
from layers.layer import Layer

CALL_LAYER: Columns = {
    "vessel_id": ("Vessel", "", "Key of the vessel, as in the table vessels"),
    "call_no": ("Call", "", "Number of the call within the vessel"),
    "port": ("Port", "", "Port called at: LB, LA, YT, SZW, a UN/LOCODE, or other"),
    "berth_zone": ("Berth", "", "First berth zone lain at, empty outside the study's ports"),
    "shifts": ("Shifts", "", "Changes from one berth to another within the call"),
    "all_fast_utc": ("All fast", "UTC", "First time at berth"),
    "sailed_utc": ("Sailed", "UTC", "Last time at berth"),
    "hours_at_berth": ("At berth", "h", "Hours at berth"),
    "hours_at_anchor": ("At anchor", "h", "Hours at rest within 40 nm, at no berth"),
    "observed_share": ("Observed share", "", "Share of the hours of the call between reports, 0 to 1"),
    "origin": ("Origin", "", "How the call is known: observed, filled, planned, simulated or listed"),
    "listed": ("In the list", "", "matched, only_ais, only_list, not_covered, or empty without a list"),
}


def files(study: Study) -> dict[str, pd.DataFrame]:
    """Tables of calls by the name of their file; those that hold no vessel as well as those that do.

    Parameters
    ----------
    study : Study
        A study that is not published: its calls name vessels.
    """
    if study.calls is None or study.journeys is None:
        return {}
    tables = {
        "calls": _written(study.calls),
        "journeys": _written(study.journeys),
        "totals_by_call_port": totals_by_call_port(study),
    }
    if study.reconciled is not None and len(study.reconciled):
        tables["reconcile"] = _written(study.reconciled)
    return tables


def _written(table: pd.DataFrame) -> pd.DataFrame:
    """Times as ISO 8601 to the second, numbers that stand for none left empty."""
    out = table.copy()
    for name in out.columns[[isinstance(kind, pd.DatetimeTZDtype) for kind in out.dtypes]]:
        out[name] = out[name].dt.round("s").dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    for name in ("list_line", "call_no"):
        if name in out:
            out[name] = out[name].astype("Int64").where(out[name] > 0)
    hours = [name for name in out.select_dtypes("float").columns if not str(name).startswith(("lat", "lon"))]
    return out.round(dict.fromkeys(hours, 4))


def layer(study: Study) -> list[Layer]:
    """Layer ``port_calls``: a point at each call's berth; nothing where there are no calls."""
    if study.calls is None or not len(study.calls):
        return []
    calls = study.calls.reset_index(drop=True)
    frame = gpd.GeoDataFrame(
        calls[list(CALL_LAYER)], geometry=geometry.points(calls["lat"], calls["lon"]), crs=4326
    )
    text: dict[str, Any] = {name: frame[name].fillna("").astype(str) for name in ("berth_zone", "listed")}
    style = styles.single("Port calls", "Port calls", styles.Symbol("marker", "#b3372f", size_mm=2.4))
    said = f"{study.said}Port calls, {notes.period(study)[0]}"
    times = ("all_fast_utc", "sailed_utc")
    return [
        Layer(
            *("port_calls", frame.assign(**text), "Port calls", said, CALL_LAYER, style),
            label="port",
            kind="Point",
            times=times,
        )
    ]
