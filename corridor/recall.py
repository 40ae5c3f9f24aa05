"""A written study called back: the settings it was made with, and whether a new run is the same study."""

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from corridor.errors import InputError

LAST = "run.json"
# Said in run.json under the name that run_study has for it.
SAME = (
    *("method", "gwp", "main_off", "hotel_loads", "cell_deg", "population", "zones_datum"),
    *("shore_power_use", "shore_power_tz", "suppose", "journeys"),
)
# Neither changes what a piece of the study is.
FREE = ("vessel", "interval_level", "scenarios", "targets", "receptors", "prices", "hotspot_test", "names")


def read_said(folder: str | Path) -> dict[str, Any]:
    """Return what ``run.json`` of a study folder says.

    Raises
    ------
    InputError
        If it is no finished study.
    """
    place = Path(folder) / LAST
    try:
        said = json.loads(place.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(
            "no_study",
            f"found no readable {LAST} in {Path(folder).name} ({error}); expected the folder of a finished "
            "study; give the one that corridor run wrote",
        ) from error
    return dict(said)


def settings_of(said: Mapping[str, Any]) -> dict[str, Any]:
    """Settings for `corridor.run_study`, from what a study says of itself; without its files.

    >>> told = {"parameters": {"method": "imo4", "start_utc": "2024-03-01T00:00:00+00:00", "bbox": None}}
    >>> settings_of(told)["start"].year
    2024
    """
    parameters = said["parameters"]
    settings = {name: parameters[name] for name in SAME if name in parameters}
    for name in ("start", "end"):
        text = parameters.get(f"{name}_utc")
        settings[name] = datetime.fromisoformat(text) if text else None
    bbox = parameters.get("bbox")
    settings["bbox"] = tuple(bbox) if bbox else None
    settings["tz"] = parameters.get("time_zone")
    settings["calls_tz"] = parameters.get("calls_time_zone")
    return settings


def check_same(found: Mapping[str, Any], said: Mapping[str, Any]) -> None:
    """Raise unless a run read the same inputs, with the same settings and facts, as a written study.

    Parameters
    ----------
    found, said : mapping
        Manifest of the run, and ``run.json`` of the study.

    Raises
    ------
    InputError
        ``other_study``, naming what differs.
    """
    for name, what in (
        ("version", "version"),
        ("inputs", "files of positions"),
        ("tables", "facts in data/"),
    ):
        ours, theirs = _by_hash(found[name]), _by_hash(said[name])
        if ours != theirs:
            raise _other(f"{what}: {_told(ours, theirs)}")
    ours, theirs = dict(_plain(found["parameters"])), dict(said["parameters"])
    for name in sorted((set(ours) | set(theirs)) - set(FREE)):
        if ours.get(name) != theirs.get(name):
            raise _other(f"{name}: {_told(ours.get(name), theirs.get(name))}")


def _plain(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return values as they come out of a file."""
    return dict(json.loads(json.dumps(value)))


def _by_hash(part: Any) -> Any:
    """Return inputs by their content; where a file lies does not matter."""
    if isinstance(part, list):
        return {str(item["sha256"]): str(item.get("name", "")) for item in part}
    return part


def _told(ours: Any, theirs: Any) -> str:
    if isinstance(ours, dict) and isinstance(theirs, dict):
        ours, theirs = (
            {key: one[key] for key in one if one[key] != other.get(key)}
            for one, other in ((ours, theirs), (theirs, ours))
        )
    return f"found {ours}; the study had {theirs}"[:400]


def _other(what: str) -> InputError:
    return InputError(
        "other_study", f"this is not the study that was written; {what}; give what it was made of"
    )
