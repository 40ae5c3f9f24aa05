r"""Make ``docs/real_ais.md``: ten ships of two real days, hour by hour, with positions to check on a chart.

    python docs/make_real_ais.py --ais ../shared/ais --write docs/real_ais.md \
        --picture docs/img/san_pedro_bay_2018-06.png

The picture needs Chromium; without ``--picture`` only the text is made.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyarrow.dataset
import shapely

import corridor as co
from corridor import reference
from corridor.emissions.mrv import read_mrv
from corridor.study import Study
from corridor.validation.reported import Reported, compare

FILE = "sbarc_20180601-02_cargo150m_marinecadastre-columns.csv"
REPORTS = "eu_mrv_container_ships_2018-2020.csv"
SHIPS = {
    "HYUNDAI OAKLAND": "At berth throughout; broadcasts status 0, under way, in every message.",
    "MOL BEACON": "At berth throughout.",
    "CSCL WINTER": "Arrives from the west and berths.",
    "MAERSK ANTARES": "At berth, then sails through the precautionary area; broadcasts 0 at berth.",
    "OOCL GENOA": "At berth.",
    "PACIFIC KINDNESS": "A bulk carrier that comes in, waits off Pier G and berths there.",
    "ALASKAN EXPLORER": "A tanker that shifts from one anchorage to another.",
    "MEGACORE PHILOMENA": "A tanker at anchor, heard ten times in forty hours.",
    "HYDRA VOYAGER": "A tanker that waits adrift, some 25 nm off; status 0, later 3.",
    "TIGER": "A cargo ship that berths in Port Hueneme, outside the polygons.",
}
SHORT_MIN = 10.0
WORDS = ("phase", "origin", "place")


@dataclass(frozen=True)
class Fresh:
    """A run on the real file: the study, its pieces, and its ships' own reports beside it."""

    study: Study
    pieces: pd.DataFrame
    reported: Reported


def fresh_run(ais: Path, work: Path) -> Fresh:
    """Run the study on the real two days."""
    study = co.run_study(ais / FILE, work_dir=work)
    if study.pieces is None:
        raise RuntimeError("a study with pieces is needed")
    pieces = pyarrow.dataset.dataset(study.pieces).to_table().to_pandas()
    names = study.vessels.set_index("vessel_id")["name"]
    text = {
        name: pieces[name].astype(str)
        for name in ("vessel_id", "phase", "origin", "port_zone", "waters_zone")
    }
    pieces = pieces.assign(**text)
    reported = compare(study, read_mrv(ais / REPORTS))
    return Fresh(study, pieces.assign(name=pieces["vessel_id"].map(names)), reported)


def log(run: Fresh, ship: str) -> pd.DataFrame:
    """What one ship did: a row for each stretch of one place, phase and origin. [h, nm, degrees]

    Under way, a stretch under ten minutes is told with its neighbour under way, in the words of the longer;
    rest is never told with way.
    """
    rows = run.pieces[run.pieces["name"] == ship].sort_values(["start_utc", "end_utc"], kind="stable")
    place = rows["port_zone"].where(rows["port_zone"] != "open_sea", rows["waters_zone"])
    rows = rows.assign(place=place, at_rest=rows["phase"].isin(["at_berth", "at_anchor"]))
    stretches: list[dict[str, Any]] = []
    for _, same in _runs(rows, ["at_rest", "origin"]):
        here: list[dict[str, Any]] = []
        for words, stretch in _runs(same, list(WORDS)):
            row = _stretch(dict(zip(WORDS, words, strict=True)), stretch)
            alike = bool(here) and all(here[-1][word] == row[word] for word in WORDS)
            if here and (alike or min(row["hours"], here[-1]["hours"]) * 60 < SHORT_MIN):
                here[-1] = _joined(here[-1], row)
            else:
                here.append(row)
        stretches += here
    return pd.DataFrame(stretches)


def _runs(rows: pd.DataFrame, by: list[str]) -> Iterator[tuple[tuple[str, ...], pd.DataFrame]]:
    new = (rows[by] != rows[by].shift()).any(axis=1).cumsum()
    for _, stretch in rows.groupby(new, sort=True):
        yield tuple(str(stretch[name].iloc[0]) for name in by), stretch


def _stretch(key: dict[str, str], rows: pd.DataFrame) -> dict[str, Any]:
    first, last = rows.iloc[0], rows.iloc[-1]
    return {
        **key,
        "start_utc": first["start_utc"],
        "end_utc": last["end_utc"],
        "lat0": first["lat0"],
        "lon0": first["lon0"],
        "lat1": last["lat1"],
        "lon1": last["lon1"],
        "hours": float(rows["hours"].sum()),
        "observed": float(rows["observed"].sum()),
        "distance_nm": float(rows["distance_nm"].sum()),
    }


def _joined(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    longer = one if one["hours"] >= other["hours"] else other
    sums = {name: one[name] + other[name] for name in ("hours", "observed", "distance_nm")}
    ends = {name: other[name] for name in ("end_utc", "lat1", "lon1")}
    return one | ends | sums | {word: longer[word] for word in WORDS}


def chart_position(lat: float, lon: float) -> str:
    """Degrees and decimal minutes, as on a chart.

    >>> chart_position(33.75453, -118.23162)
    '33°45.27′N 118°13.90′W'
    """
    return f"{_minutes(lat, 'NS')} {_minutes(lon, 'EW')}"


def _minutes(value: float, letters: str) -> str:
    hundredths = round(abs(value) * 6000)
    return f"{hundredths // 6000}°{hundredths % 6000 / 100:05.2f}′{letters[value < 0]}"


def nearest_berth(lat: float, lon: float) -> tuple[str, float]:
    """Nearest berth zone of the study and how far its edge is; 0 inside. [nm]"""
    zones = reference.zones("port").zones
    berths = zones[zones["kind"].isin(["berth", "port_area"])]
    # An equidistant chart around the place: good to a metre within a few miles.
    local = f"+proj=aeqd +lat_0={lat} +lon_0={lon} +datum=WGS84"
    far = gpd.GeoSeries(berths.geometry, crs=4326).to_crs(local).distance(shapely.Point(0, 0)) / 1852
    return str(berths["name_en"].loc[far.idxmin()]), float(far.min())


def document(run: Fresh) -> str:
    """Return the whole text."""
    names = _place_names(run.study)
    parts = [
        _head(run),
        *(_ship(run, ship, said, names) for ship, said in SHIPS.items()),
        _waiting(run, names),
        _reported(run.reported),
    ]
    return "\n\n".join(parts) + "\n"


def _place_names(study: Study) -> dict[str, str]:
    named: dict[str, str] = {}
    for place, system in enumerate(study.systems):
        if system.name in ("port", "waters"):
            table = study.zone_names(place)
            named |= dict(zip(table["zone_id"].astype(str), table["name_en"].astype(str), strict=True))
    return named


def _head(run: Fresh) -> str:
    totals, rows = run.study.manifest["totals"], run.study.manifest
    return f"""# Ten ships of two real days

1 and 2 June 2018, southern California, as one shore station heard them: {rows["rows_in"]:,} messages of
{len(run.study.vessels)} vessels, {totals["hours"]:,.0f} ship hours: {totals["hours_observed"]:,.0f} observed,
{totals["hours_filled"]:,.0f} filled, {totals["hours_unobserved"]:,.0f} unobserved and in no total.
Source: Santa Barbara Amateur Radio Club, BenioffOceanInitiative/whalesafe4r. Made by
`python docs/make_real_ais.py --ais ../shared/ais --write docs/real_ais.md`.

Each row is one stretch of one place, phase and origin. Times are UTC (Long Beach: seven hours earlier).
Positions are WGS 84 in degrees and minutes, to be laid on a chart (NOAA 18749, 18751): of a stay the place of
the ship's antenna, of a leg its first and its last place. Ways and places under ten minutes are told with
their neighbours.
*Observed* is the share of the hours between reports that are at most six hours apart.

![San Pedro Bay, hotspots, tracks and zones](img/san_pedro_bay_2018-06.png)"""


def _ship(run: Fresh, ship: str, said: str, names: dict[str, str]) -> str:
    vessel = run.study.vessels.set_index("name").loc[ship]
    rows = log(run, ship)
    hours, observed = rows["hours"].sum(), rows["observed"].sum()
    kind = f"{str(vessel['ship_class']).replace('_', ' ')} ({vessel['ship_class_provenance']})"
    lasting = f"{hours:.1f} h, {100 * observed / hours:.0f} % observed."
    lines = [
        f"## {ship}",
        "",
        f"IMO {vessel['imo']}, MMSI {vessel['mmsi']}, {kind}. {said} {lasting}",
        "",
        "| from (UTC) | to | h | place | phase | position | nm | kn | observed |",
        "|---|---|---:|---|---|---|---:|---:|---:|",
        *(_line(row, names) for row in rows.to_dict("records")),
    ]
    holes = run.study.holes()
    for hole in holes[holes["vessel_id"] == vessel["vessel_id"]].itertuples():
        lines += ["", f"Not observed: {hole.start_utc:%d %H:%M} to {hole.end_utc:%d %H:%M} ({hole.reason})."]
    return "\n".join(lines + _berths(rows))


def _line(row: dict[str, Any], names: dict[str, str]) -> str:
    hours, nm = float(row["hours"]), float(row["distance_nm"])
    start, end = chart_position(row["lat0"], row["lon0"]), chart_position(row["lat1"], row["lon1"])
    where = start if start == end else f"{start} → {end}"
    phase = str(row["phase"]).replace("_", " ")
    shown = phase if row["origin"] == "observed" else f"{phase}, {row['origin']}"
    share = float(row["observed"]) / hours
    times = f"{row['start_utc']:%d %H:%M} | {row['end_utc']:%d %H:%M} | {hours:.1f}"
    return (
        f"| {times} | {names[str(row['place'])]} "
        f"| {shown} | {where} | {nm:.1f} | {nm / hours:.1f} | {100 * share:.0f} % |"
    )


def _berths(rows: pd.DataFrame) -> list[str]:
    """Where the stays lie from the study's berths."""
    said = []
    for row in rows[(rows["distance_nm"] < 0.2) & (rows["hours"] > 1)].itertuples():
        name, nm = nearest_berth(row.lat0, row.lon0)
        where = "inside its zone" if nm == 0 else f"{nm:.1f} nm off its zone"
        said.append(f"- {chart_position(row.lat0, row.lon0)}: nearest berth {name}, {where}.")
    return ["", *dict.fromkeys(said)] if said else []


def waiting(run: Fresh) -> pd.DataFrame:
    """Hours at anchor and adrift by waters, wherever ships wait. [h]"""
    table = run.study.totals(by=["waters", "phase", "origin"])
    chosen = table[table["phase"].isin(["at_anchor", "drifting"])]
    wide = chosen.pivot_table(index="waters", columns=["phase", "origin"], values="hours", aggfunc="sum")
    return wide.fillna(0.0)


def _waiting(run: Fresh, names: dict[str, str]) -> str:
    table = waiting(run)
    lines = [
        "## Waiting, wherever it happens",
        "",
        "Hours of all vessels of the two days at anchor and adrift: in the anchorages and far off.",
        "",
        "| waters | "
        + " | ".join(f"{phase.replace('_', ' ')}, {origin}" for phase, origin in table.columns)
        + " |",
        "|---|" + "---:|" * len(table.columns),
    ]
    for zone, row in table.iterrows():
        lines.append(f"| {names[str(zone)]} | " + " | ".join(f"{hours:.1f}" for hours in row) + " |")
    return "\n".join(lines)


def _reported(found: Reported) -> str:
    """Fuel per mile of the ships that report to the EU."""
    said = (
        f"{found}: container ships of the public EU MRV file with {found.hours_least:g} h or more observed "
        f"at {found.speed_from_kn:g} to {found.speed_to_kn:g} kn. A report is the mean of a whole year, fuel "
        "in port included; ours is of these hours, with particulars by class and size. Source: EMSA "
        "THETIS-MRV."
    )
    rows = [
        f"| {row['name']} | {row['hours']:.1f} | {row['speed_kn']:.1f} | {row['ours_kg_per_nm']:.0f} "
        f"| {row['report_year']} | {row['reported_kg_per_nm']:.0f} | {row['ratio']:.2f} |"
        for row in found.ships.to_dict("records")
    ]
    head = [
        "| ship | h | kn | ours, kg/nm | report of | reported, kg/nm | ratio |",
        "|---|---:|---:|---:|---|---:|---:|",
    ]
    return "\n".join(["## Fuel per mile beside the ships' own reports", "", said, "", *head, *rows])


def take_picture(run: Fresh, target: Path) -> None:
    """Save San Pedro Bay as the study's own page shows it."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
    from browser.driver import launch  # noqa: PLC0415 - selenium is of the tests
    from browser.pictures import save  # noqa: PLC0415

    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        page = run.study.to_folder(Path(folder) / "study").map
        browser = launch(Path(folder) / "profile")
        try:
            browser.size(1400, 900)
            browser.open(page.resolve())
            browser.js("document.querySelector('#views button[data-port=LB]').click()")
            save(browser, target)
        finally:
            browser.driver.quit()


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the text, and the picture where asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ais", type=Path, required=True, help="folder of the real AIS file")
    parser.add_argument("--write", type=Path, required=True, help="text to write")
    parser.add_argument("--picture", type=Path, help="picture to write")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as work:
        run = fresh_run(given.ais, Path(work))
        given.write.write_text(document(run), encoding="utf-8")
        if given.picture is not None:
            take_picture(run, given.picture)


if __name__ == "__main__":
    main()
