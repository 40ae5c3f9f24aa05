"""The zone systems that ship: drawn again they are the same bytes, disjoint, and where the world is."""

import csv
import functools
import itertools
from pathlib import Path

import numpy as np
import pandas as pd
import pyproj
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from corridor import geography, reference
from corridor.errors import ReferenceDataError
from corridor.geography import drawing
from layers.zones import ZoneSystem, check_disjoint, equal_area

GEOD = pyproj.Geod(ellps="WGS84")
SYSTEMS = tuple(geography.SYSTEMS)
# Ships that lay still on 2018-06-01 and -02, and where they lie on a chart.
STILL_SHIPS = {
    235072407: {"lb_pier_t"},  # HYUNDAI OAKLAND
    565661000: {"lb_pier_t"},  # MAERSK ANTARES
    477117400: {"lb_pier_j"},  # CSCL WINTER
    477066700: {"lb_pier_g"},  # MOL BEACON
    355311000: {"lb_pier_g"},  # PACIFIC KINDNESS, bulk carrier west of Pier G
    477454900: {"lb_pier_e"},  # OOCL GENOA, Middle Harbor
    477829700: {"lb_pier_e"},  # OOCL SOUTHAMPTON
    368686000: {"la_pier_300"},  # APL THAILAND
    356696000: {"spb_anchorage_f"},  # CABO FUJI
    538090175: {"spb_anchorage_f"},  # CAPE BASTIA
    303294000: {"spb_anchorage_f", "spb_anchorage_b"},  # ALASKAN EXPLORER shifted in between
    249820000: {"spb_anchorage_d"},  # SAMSARA
    432940000: {"spb_anchorage_d"},  # SHOHAKU
    538004071: {"spb_anchorage_d"},  # MEGACORE PHILOMENA
    538004913: {"spb_anchorage_d"},  # KRISTINA
    642122024: {"spb_approach_20nm"},  # ALJALAA, 0.6 km east of today's Anchorage F
}


@pytest.fixture(scope="module", params=SYSTEMS)
def system(request: pytest.FixtureRequest) -> ZoneSystem:
    return reference.zones(request.param)


@functools.cache
def stored(name: str) -> ZoneSystem:
    return reference.zones(name)


def zone_at(name: str, lat: float, lon: float) -> str:
    zones = stored(name).zones
    hits = zones["zone_id"].iloc[zones.sindex.query(shapely.Point(lon, lat), predicate="intersects")].tolist()
    assert len(hits) <= 1, hits
    return hits[0] if hits else stored(name).remainder_id


@pytest.mark.parametrize("name", SYSTEMS)
def test_the_stored_zones_equal_a_rebuild(name: str) -> None:
    text = (reference.data_path() / "zones" / f"{name}.geojson").read_text(encoding="utf-8")
    assert geography.geojson_text(geography.draw(name)) == text, "run: python -m corridor.geography"


def test_no_overlap_above_a_square_metre(system: ZoneSystem) -> None:
    check_disjoint(system)
    shapes = equal_area(system.zones.geometry.to_numpy())
    for a, b in itertools.combinations(shapes, 2):
        assert shapely.intersection(a, b).area < 1.0


def test_every_zone_is_named_sourced_and_valid(system: ZoneSystem) -> None:
    zones = system.zones
    assert zones.is_valid.all()
    for column in ("zone_id", "name_en", "name_zh", "kind", "system", "source", "licence", "verification"):
        assert zones[column].str.len().gt(0).all(), column
    assert set(zones["system"]) == {system.name}
    assert set(zones["port"]) <= {"LB", "LA", "YT", "SZW", "HK", ""}
    assert system.remainder_id not in set(zones["zone_id"])
    assert system.remainder_name_zh


def test_no_part_of_a_zone_crosses_180(system: ZoneSystem) -> None:
    parts = shapely.get_parts(system.zones.geometry.to_numpy())
    west, _, east, _ = shapely.bounds(parts).T
    assert (west >= -180).all()
    assert (east <= 180).all()
    assert (east - west < 180).all()


def test_corners_keep_a_centimetre(system: ZoneSystem) -> None:
    xy = shapely.get_coordinates(system.zones.geometry.to_numpy())
    np.testing.assert_allclose(xy, np.round(xy, 7), rtol=0, atol=1e-12)


def test_the_nox_area_is_the_sulphur_area_with_california_in_it() -> None:
    sulphur, nox = (stored(name).zones.set_index("zone_id").geometry for name in ("sulphur", "nox"))
    whole = shapely.union_all([sulphur["na_eca"], sulphur["california_24nm"]], grid_size=1e-7)
    assert shapely.symmetric_difference(whole, nox["nox_na_eca"]).area < 1e-6
    assert stored("nox").zones["valid_from"].tolist() == ["2016-01-01"] * 2


def test_the_jurisdiction_proxy_says_what_it_is() -> None:
    zones = stored("jurisdiction").zones
    assert set(zones["kind"]) == {"nearest_coast_proxy"}
    assert zones["verification"].str.contains("NOT legal limits").all()
    assert zones["name_en"].str.endswith("(proxy)").all()


def test_names_are_edited_in_one_file(monkeypatch: pytest.MonkeyPatch) -> None:
    names = reference.table("zone_names_2026")
    names.loc[names["zone_id"] == "green_flag_20nm", "name_en"] = "Inner ring"
    monkeypatch.setattr(reference, "table", lambda _name: names)
    assert reference.zones("speed").zones["name_en"].tolist()[0] == "Inner ring"
    monkeypatch.setattr(reference, "table", lambda _name: names[names["zone_id"] != "green_flag_40nm"])
    with pytest.raises(ReferenceDataError, match="zones green_flag_40nm of system 'speed' have no name"):
        reference.zones("speed")


def test_every_zone_of_the_sulphur_system_has_its_rules() -> None:
    system = reference.zones("sulphur")
    assert set(system.zone_ids) <= set(reference.table("sulphur_zones_2026")["zone_id"])


def test_every_kind_of_the_port_system_has_its_phases() -> None:
    known = set(reference.table("phase_rules_imo4_2020")["zone_kind"])
    assert set(reference.zones("port").zones["kind"]) <= known


def test_every_fact_file_is_in_the_list_of_sources() -> None:
    folder = reference.data_path() / "geo"
    with (folder / "SOURCES.csv").open(encoding="utf-8", newline="") as file:
        listed = {row["file"] for row in csv.DictReader(file)}
    # What was drawn for other folders from these files is listed by its way from here.
    assert {path.name for path in folder.iterdir()} - {"SOURCES.csv"} <= listed
    assert [name for name in sorted(listed) if not (folder / name).is_file()] == []


def test_the_data_folder_stays_small() -> None:
    folder = reference.data_path()
    size = sum(path.stat().st_size for part in ("geo", "zones") for path in (folder / part).iterdir())
    assert size < 2.5e6


@pytest.mark.parametrize(("part", "zone_id"), [("pacific", "na_eca"), ("hawaii", "na_eca_hawaii")])
def test_published_points_lie_on_the_edge_of_the_eca(part: str, zone_id: str) -> None:
    zones = reference.zones("sulphur").zones.set_index("zone_id").geometry
    points = reference.rows("geo/na_eca_2012", part=part)
    # California is cut out of the area: its landward start lies on the edge of both together.
    whole = (
        shapely.union_all([zones[zone_id], zones["california_24nm"]]) if part == "pacific" else zones[zone_id]
    )
    edge = shapely.boundary(whole)
    places = shapely.points(points["lon_deg"], points["lat_deg"])
    nearest = shapely.get_coordinates([shapely.shortest_line(place, edge) for place in places])[1::2]
    away = GEOD.inv(points["lon_deg"], points["lat_deg"], nearest[:, 0], nearest[:, 1])[2]
    assert len(points) == {"pacific": 47, "hawaii": 45}[part]
    assert away.max() < 100.0


def test_the_edge_of_the_eca_follows_the_geodesic() -> None:
    # Half way along the longest leg, from point 46 to 47: the straight line in degrees runs far from it.
    points = reference.rows("geo/na_eca_2012", part="pacific").iloc[[45, 46]]
    (lon0, lon1), (lat0, lat1) = points["lon_deg"], points["lat_deg"]
    ((lon, lat),) = GEOD.npts(lon0, lat0, lon1, lat1, 1)
    edge = shapely.boundary(reference.zones("sulphur").zones.set_index("zone_id").geometry["na_eca"])
    nearest = shapely.get_coordinates(shapely.shortest_line(shapely.Point(lon, lat), edge))[1]
    assert GEOD.inv(lon, lat, *nearest)[2] < 5.0
    assert GEOD.inv(lon, lat, (lon0 + lon1) / 2, (lat0 + lat1) / 2)[2] > 5000.0


@pytest.mark.parametrize("radius_nm", [20, 40])
def test_the_circles_on_point_fermin_are_round(radius_nm: int) -> None:
    zones = reference.zones("port").zones.set_index("zone_id").geometry
    shape = zones[f"spb_approach_{radius_nm}nm"]
    ring = shapely.get_coordinates(max(shapely.get_parts(shape), key=lambda part: part.area).exterior)
    n = len(ring)
    distance = GEOD.inv(np.full(n, -118.2937), np.full(n, 33.7061), ring[:, 0], ring[:, 1])[2]
    assert n >= 720
    np.testing.assert_allclose(distance, radius_nm * 1852.0, rtol=1e-6)


PLACES = [
    # system, lat, lon, zone
    ("sulphur", 33.7545, -118.2316, "california_24nm"),  # Pier T
    ("sulphur", 33.0, -121.5, "na_eca"),
    ("sulphur", 34.60, -121.10, "na_eca"),  # in the excluded window off Point Conception
    ("sulphur", 34.40, -120.75, "california_24nm"),  # east of the window
    ("sulphur", 33.60, -119.20, "california_24nm"),  # 9 nm off Santa Barbara Island
    ("sulphur", 37.50, -123.40, "california_24nm"),  # 22 nm off the Farallon Islands
    ("sulphur", 42.10, -124.60, "na_eca"),  # off Oregon
    ("sulphur", 47.60, -122.36, "na_eca"),  # Seattle
    ("sulphur", 61.23, -149.90, "na_eca"),  # Anchorage
    ("sulphur", 53.9, -166.5, "global"),  # Dutch Harbor: the area ends at 153 W
    ("sulphur", 21.3, -157.9, "na_eca_hawaii"),  # Honolulu
    ("sulphur", 22.567, 114.285, "china_coastal"),  # Yantian, where the mapped Hong Kong area comes near
    ("sulphur", 22.30, 114.16, "hong_kong"),
    ("sulphur", 35.0, 150.0, "global"),
    ("sulphur", 22.63, 120.26, "global"),  # Kaohsiung
    ("sulphur", 32.40, -117.30, "global"),  # south of the area
    ("port", 22.4621, 113.89545, "szw_shekou"),
    ("port", 22.4700, 113.8810, "szw_chiwan"),
    ("port", 19.967, 110.033, "open_sea"),  # where the World Port Index puts Chiwan: Hainan
    ("port", 26.85, 119.8667, "open_sea"),  # where UN/LOCODE puts Yantian: Fujian
    ("port", 22.56662, 114.2845, "yt_central"),
    ("port", 33.7283, -118.2375, "la_pier_400"),
    ("port", 33.72, -118.21, "spb_precautionary"),
    ("port", 33.711, -118.255, "la_harbour"),
    ("port", 33.20, -118.60, "spb_approach_40nm"),
    ("waters", 24.5, 119.5, "taiwan_strait"),
    ("waters", 20.0, 121.3, "luzon_strait"),
    ("waters", 18.0, 115.0, "south_china_sea"),
    ("waters", 28.5, 125.0, "east_china_sea"),
    ("waters", 40.0, 134.0, "sea_of_japan"),
    ("waters", 41.4, 140.2, "sea_of_japan"),  # western door of the Tsugaru Strait
    ("waters", 53.0, 150.0, "sea_of_okhotsk"),
    ("waters", 57.0, 179.9, "bering_sea"),
    ("waters", 57.0, -179.9, "bering_sea"),
    ("waters", 40.0, 179.9, "north_pacific_west"),
    ("waters", 40.0, -179.9, "north_pacific_east"),
    ("waters", 57.5, -145.0, "gulf_of_alaska"),
    ("waters", 25.0, 135.0, "philippine_sea"),
    ("waters", 33.3, -118.8, "southern_california_bight"),
    ("waters", 33.70, -118.2, "san_pedro_bay"),
    ("waters", 22.5, 114.4, "dapeng_bay"),
    ("waters", 22.4, 113.8, "pearl_river_estuary"),
    ("waters", -30.0, -100.0, "other_waters"),
    ("nox", 33.7545, -118.2316, "nox_na_eca"),
    ("nox", 21.3, -157.9, "nox_na_eca_hawaii"),
    ("nox", 22.30, 114.16, "nox_global"),
    ("speed", 33.60, -118.20, "green_flag_20nm"),
    ("speed", 33.20, -118.60, "green_flag_40nm"),
    ("speed", 32.90, -118.90, "no_speed_zone"),
    ("jurisdiction", 22.56662, 114.2845, "coast_china"),  # the proxy alone gives Yantian to Hong Kong
    ("jurisdiction", 33.7545, -118.2316, "coast_us_west"),  # and Pier T to the land
    ("jurisdiction", 40.0, 179.9, "beyond_200nm"),
]


@pytest.mark.parametrize(("name", "lat", "lon", "zone_id"), PLACES)
def test_a_place_on_the_chart_lies_in_its_zone(name: str, lat: float, lon: float, zone_id: str) -> None:
    assert zone_at(name, lat, lon) == zone_id


def test_simulated_berths_and_anchorages_lie_in_zones_of_their_kind_and_port() -> None:
    zones = reference.zones("port").zones.set_index("zone_id")
    for place in reference.table("simulated_berths_2026").itertuples():
        found = zone_at("port", place.latitude_deg, place.longitude_deg)
        assert (zones.kind[found], zones.port[found]) == (place.kind, place.port), place.place


def test_the_24_nm_line_is_24_nm_from_the_coast() -> None:
    zone = reference.zones("sulphur").zones.set_index("zone_id").geometry["california_24nm"]
    (feature,) = reference.features("geo/california_land_ne10m")
    coast = shapely.get_coordinates(
        [
            shapely.segmentize(shapely.polygons(part), 0.005)
            for polygon in feature["geometry"]["coordinates"]
            for part in polygon[:1]
        ]
    )
    ring = shapely.get_coordinates(max(shapely.get_parts(zone), key=lambda part: part.area).exterior)
    # The open coast of the north: no state line, no excluded window, no small islands near.
    seaward = ring[(ring[:, 1] > 38.3) & (ring[:, 1] < 41.5) & (ring[:, 0] < -123.5)][::10]
    nearest = [
        GEOD.inv(np.full(len(coast), x), np.full(len(coast), y), coast[:, 0], coast[:, 1])[2].min()
        for x, y in seaward
    ]
    assert len(nearest) > 10
    np.testing.assert_allclose(nearest, 24 * 1852.0, atol=250.0)


def test_ships_that_really_lay_still_lie_in_the_zone_the_chart_shows(shared_ais: Path) -> None:
    (path,) = shared_ais.glob("sbarc_20180601-02_*.csv")
    fixes = pd.read_csv(path, usecols=["MMSI", "LAT", "LON", "SOG"])
    inside = fixes["LON"].between(-118.32, -118.05) & fixes["LAT"].between(33.60, 33.82)
    still = fixes[inside & (fixes["SOG"] < 0.5)]
    found = {
        int(mmsi): {zone_at("port", fix.LAT, fix.LON) for fix in rows.itertuples()}
        for mmsi, rows in still.groupby("MMSI")
    }
    assert found == STILL_SHIPS


def test_berthed_fixes_keep_thirty_metres_from_the_edge_of_their_zone(shared_ais: Path) -> None:
    (path,) = shared_ais.glob("sbarc_20180601-02_*.csv")
    fixes = pd.read_csv(path, usecols=["MMSI", "LAT", "LON", "SOG"])
    zones = reference.zones("port").zones.set_index("zone_id")
    for mmsi, ids in STILL_SHIPS.items():
        (zone_id, *_) = sorted(ids)
        if zones.kind[zone_id] != "berth":
            continue
        still = fixes[(fixes["MMSI"] == mmsi) & (fixes["SOG"] < 0.5)]
        edge = shapely.boundary(zones.geometry[zone_id])
        ends = shapely.get_coordinates(
            [shapely.shortest_line(shapely.Point(fix.LON, fix.LAT), edge) for fix in still.itertuples()]
        )
        margin = GEOD.inv(ends[::2, 0], ends[::2, 1], ends[1::2, 0], ends[1::2, 1])[2]
        assert margin.min() > 30.0, zone_id


@given(
    lat=st.floats(-60, 60),
    lon=st.floats(-170, 170),
    radius_m=st.floats(100, 100_000),
    corners=st.integers(3, 90),
)
def test_corners_of_a_circle_lie_at_its_radius(lat: float, lon: float, radius_m: float, corners: int) -> None:
    ring = shapely.get_coordinates(drawing.circle(lat, lon, radius_m, corners))
    distance = GEOD.inv(np.full(len(ring), lon), np.full(len(ring), lat), ring[:, 0], ring[:, 1])[2]
    np.testing.assert_allclose(distance, radius_m, rtol=1e-6)


boxes = st.builds(
    lambda x, y, w, h: shapely.box(x, y, x + w, y + h),
    st.floats(120, 240),
    st.floats(-50, 50),
    st.floats(0.01, 40),
    st.floats(0.01, 20),
)


@settings(max_examples=60)
@given(shapes=st.lists(boxes, min_size=1, max_size=6))
def test_a_partition_covers_its_shapes_once(shapes: list[shapely.Polygon]) -> None:
    named = {f"z{i}": shape for i, shape in enumerate(shapes)}
    covered: list[shapely.Polygon] = []
    for name in list(named):
        # A shape inside those before it has nothing left: the partition refuses it, see below.
        if shapely.difference(named[name], shapely.union_all(covered)).area < 1e-5:
            del named[name]
        else:
            covered.append(named[name])
    parts = list(drawing.partition(named).values())
    area = shapely.area(equal_area(parts))
    whole = float(shapely.area(equal_area(shapely.union_all(covered))))
    # Snapping to 1 cm moves an edge by at most half of it.
    assert area.sum() == pytest.approx(whole, rel=1e-6)
    overlap = [shapely.intersection(a, b).area for i, a in enumerate(parts) for b in parts[i + 1 :]]
    assert sum(overlap) < 1e-12
    assert shapely.total_bounds(parts)[2] <= 180.0


def test_a_covered_shape_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing is left of zone 'b'"):
        drawing.partition({"a": shapely.box(0, 0, 2, 2), "b": shapely.box(0.5, 0.5, 1, 1)})


def test_the_first_shape_keeps_the_overlap() -> None:
    #   a: 0..2, b: 1..3 → b keeps 2..3
    parts = drawing.partition({"a": shapely.box(0, 0, 2, 1), "b": shapely.box(1, 0, 3, 1)})
    assert parts["b"].bounds == (2.0, 0.0, 3.0, 1.0)


def test_a_buffer_reaches_its_distance() -> None:
    # North of the middle of an east-west coast 0.2° long: exactly the distance away.
    wide = drawing.buffer(shapely.box(-120.1, 33.9, -119.9, 34.0), 10_000.0)
    _, north, _ = GEOD.fwd(-120.0, 34.0, 0.0, 9_950.0)
    _, beyond, _ = GEOD.fwd(-120.0, 34.0, 0.0, 10_050.0)
    assert wide.covers(shapely.Point(-120.0, north))
    assert not wide.intersects(shapely.Point(-120.0, beyond))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: drawing.circle(0, 0, -1.0), "radius > 0"),
        (lambda: drawing.polygon([(0, 0), (1, 1), (1, 0), (0, 1)]), "put its corners in order"),
        (lambda: geography.draw("stars"), "known: port, sulphur, nox, speed, waters, jurisdiction"),
        (lambda: reference.features("geo/atlantis"), "no file data/geo/atlantis.geojson"),
    ],
)
def test_errors_teach(call: object, message: str) -> None:
    assert callable(call)
    with pytest.raises(ValueError, match=message):
        call()
