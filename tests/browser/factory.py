"""Synthetic page data: two ports on a fine grid, ocean lanes across 180°, any number of cells."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from maps.page import (
    Breakdown,
    Cells,
    Item,
    PageData,
    Panel,
    Port,
    Source,
    Species,
    Target,
    Text,
    Track,
    Vessel,
    Zone,
)

SPECIES = (
    Species("co2", "CO₂", Text("carbon dioxide", "二氧化碳"), greenhouse=True),
    Species("co2e", "CO₂e", Text("CO₂ equivalent", "二氧化碳当量"), greenhouse=True),
    Species("nox", "NOx", Text("nitrogen oxides", "氮氧化物")),
    Species("sox", "SOx", Text("sulphur oxides", "硫氧化物")),
    Species("pm10", "PM10", Text("particulate matter", "颗粒物")),
    Species("pm25", "PM2.5", Text("fine particulate matter", "细颗粒物")),
    Species("dpm", "DPM", Text("diesel particulate matter", "柴油颗粒物")),
    Species("bc", "BC", Text("black carbon", "黑碳")),
    Species("co", "CO", Text("carbon monoxide", "一氧化碳")),
    Species("nmvoc", "NMVOC", Text("volatile organic compounds", "挥发性有机物")),
    Species("ch4", "CH₄", Text("methane", "甲烷"), greenhouse=True),
    Species("n2o", "N₂O", Text("nitrous oxide", "氧化亚氮"), greenhouse=True),
    Species("co2e_wtw", "CO₂e", Text("CO₂ equivalent", "二氧化碳当量"), True, "wtw", "co2e"),
)
RATIOS = (1.0, 1.014, 0.021, 0.003, 0.0009, 0.00083, 0.0008, 0.00007, 0.0009, 0.0008, 0.00002, 0.00005, 1.21)
PHASES = (
    Item("at_berth", Text("at berth", "靠泊")),
    Item("at_anchor", Text("at anchor", "锚泊")),
    Item("drifting", Text("drifting", "漂航")),
    Item("manoeuvring", Text("manoeuvring", "机动操纵")),
    Item("slow_transit", Text("slow transit", "低速航行")),
    Item("cruising", Text("cruising", "巡航")),
)
CLASSES = tuple(
    Item(key, Text(en, zh))
    for key, en, zh in (
        ("container_8", "Container, 8–12k TEU", "集装箱船（8–12千标准箱）"),
        ("container_12", "Container, 12–14.5k TEU", "集装箱船（12–14.5千标准箱）"),
        ("bulk", "Bulk carrier", "散货船"),
        ("tanker", "Oil tanker", "油船"),
    )
)
# name: kind, [west, south, east, north] in 0-360, English, Chinese, port
BOXES = {
    "lb_pier_j": ("port_area", (241.795, 33.735, 241.815, 33.750), "Pier J", "J码头", "lb"),
    "lb_pier_t": ("port_area", (241.765, 33.750, 241.780, 33.765), "Pier T", "T码头", "lb"),
    "lb_middle_harbor": ("port_area", (241.782, 33.755, 241.797, 33.768), "Middle Harbor", "中港区", "lb"),
    "spb_anchorage": (
        "anchorage",
        (241.80, 33.66, 241.92, 33.72),
        "San Pedro Bay anchorages",
        "圣佩德罗湾锚地",
        "lb",
    ),
    "spb_precautionary": (
        "precautionary",
        (241.70, 33.55, 241.95, 33.655),
        "Precautionary area",
        "警戒区",
        "lb",
    ),
    "yantian": ("port_area", (114.255, 22.555, 114.295, 22.585), "Yantian", "盐田", "sz"),
    "shekou": (
        "port_area",
        (113.875, 22.46, 113.905, 22.485),
        "Shekou, Chiwan, Mawan",
        "蛇口、赤湾、妈湾",
        "sz",
    ),
    "dapeng_anchorage": (
        "anchorage",
        (114.33, 22.47, 114.42, 22.53),
        "Dapeng Bay anchorage",
        "大鹏湾锚地",
        "sz",
    ),
}
RULES = {
    "eca_na": ((228.0, 30.0, 242.6, 40.0), "North American ECA", "北美排放控制区"),
    "cn_coast": ((112.5, 21.4, 116.5, 22.9), "China coastal area (stand-in)", "中国沿海控制区（替代范围）"),
}
TEXTS = {
    "title": (
        "Ship emissions between the ports of Shenzhen and Long Beach",
        "深圳港与长滩港之间的船舶排放",
    ),
    "status": ("Synthetic voyages made for testing.", "为测试而合成的航次。"),
    "method": ("Fourth IMO GHG Study (2020), activity-based.", "国际海事组织第四次温室气体研究（2020）。"),
    "limits": (
        "No harbour craft, cargo equipment, rail or trucks.",
        "不含港作船、装卸设备、铁路和卡车。",
    ),
}
LONG_BEACH, YANTIAN = (241.79, 33.75), (114.27, 22.56)


def lane(shift: float, count: int = 160) -> np.ndarray:
    """Return an arc from Yantian to Long Beach, bowed north by ``shift`` degrees."""
    t = np.linspace(0, 1, count)
    lon = YANTIAN[0] + (LONG_BEACH[0] - YANTIAN[0]) * t
    lat = YANTIAN[1] + (LONG_BEACH[1] - YANTIAN[1]) * t + (18 + shift) * np.sin(np.pi * t)
    return np.column_stack([lon, lat])


def ring(west: float, south: float, east: float, north: float) -> np.ndarray:
    return np.array([[west, south], [east, south], [east, north], [west, north], [west, south]], float)


def circle(lon: float, lat: float, nm: float) -> np.ndarray:
    a = np.linspace(0, 2 * np.pi, 73)
    return np.column_stack([lon + nm / 60 / np.cos(np.radians(lat)) * np.cos(a), lat + nm / 60 * np.sin(a)])


def grid(count: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return west, south, size [degrees] and mass of the first species [kg] of about ``count`` cells."""
    rng = np.random.default_rng(seed)
    fine, coarse = {}, {}
    for kind, (w, s, e, n), _, _, _ in BOXES.values():
        weight = {"port_area": 9.0, "anchorage": 7.5, "precautionary": 5.5}[kind]
        for x in range(round(w * 100), round(e * 100)):
            for y in range(round(s * 100), round(n * 100)):
                if rng.random() < 0.75:
                    fine[x, y] = np.exp(weight + rng.normal(0, 0.8))
    windows = ((241.3, 33.3, 242.0, 33.9), (113.7, 22.2, 114.7, 22.7))
    for centre, window in zip((LONG_BEACH, YANTIAN), windows, strict=True):
        for _ in range(count // 12):
            x, y = centre + rng.normal(0, 0.16, 2)
            if window[0] < x < window[2] and window[1] < y < window[3]:
                fine.setdefault((round(x * 100), round(y * 100)), np.exp(4 + rng.normal(0, 1)))
    while len(coarse) + len(fine) < count:
        path = lane(rng.normal(0, 3.5), 1400)
        path[:, 1] += rng.normal(0, 0.03, len(path))
        for x, y in np.floor(path * 10 + 1e-9).astype(int):
            inside = any(w < (x + 0.5) / 10 < e and s < (y + 0.5) / 10 < n for w, s, e, n in windows)
            if not inside:
                coarse[x, y] = coarse.get((x, y), 0.0) + np.exp(5.5 + rng.normal(0, 0.5))
    xy = np.array([*coarse, *fine], float)
    size = np.r_[np.full(len(coarse), 0.1), np.full(len(fine), 0.01)]
    mass = np.r_[list(coarse.values()), list(fine.values())]
    return np.round(xy[:, 0] * size, 6), np.round(xy[:, 1] * size, 6), size, mass


def credited(data: PageData, factor: float = -0.5) -> PageData:
    """Return the page of fuels whose credit upstream is larger than what leaves the funnel."""
    wake = [species.key for species in SPECIES].index("co2e_wtw")

    def turned(mass: np.ndarray) -> np.ndarray:
        mass = mass.copy()
        mass[:, wake] *= factor
        return mass

    def bounds(interval: np.ndarray) -> np.ndarray:
        interval = interval.copy()
        interval[:, :, wake] *= factor
        return np.sort(interval, axis=0)

    tables = tuple(
        replace(one, mass_kg=turned(one.mass_kg), interval_kg=bounds(one.interval_kg))
        for one in data.breakdowns
    )
    whole = None if data.total_interval_kg is None else bounds(data.total_interval_kg)
    cells = replace(data.cells, mass_kg=turned(data.cells.mass_kg))
    return replace(data, cells=cells, breakdowns=tables, total_interval_kg=whole)


def page_data(
    count: int = 10_000,
    *,
    months: int = 12,
    scenarios: int = 1,
    seed: int = 7,
    who: bool = True,
    simulated: bool = True,
    hostile: str = "",
    only: tuple[float, float, float, float] | None = None,
    **changes: object,
) -> PageData:
    """Return page data of about ``count`` cells.

    ``hostile`` is appended to every text from data,
    and with ``only`` the cells outside a box (west, south, east, north) are left out.
    """
    rng = np.random.default_rng(seed)
    west, south, size, first = grid(count, seed)
    if only:
        inside_box = (west > only[0]) & (south > only[1]) & (west < only[2]) & (south < only[3])
        west, south, size, first = (values[inside_box] for values in (west, south, size, first))
    n = len(west)
    near = np.exp(
        -np.minimum(np.hypot(west - 114.3, south - 22.5), np.hypot(west - 241.8, south - 33.7)) / 0.6
    )
    near = np.where(size < 0.05, np.maximum(near, 0.6), near * 0.3)
    phase = np.stack([near * 0.6, near * 0.25, near * 0.05, near * 0.1, (1 - near) * 0.15, (1 - near) * 0.85])
    radians = np.radians(south + size / 2)
    area = (111.2 * size) ** 2 * np.cos(radians)
    noise = np.exp(rng.normal(0, 0.15, (len(SPECIES), n)))
    noise[0] = 1
    cut = np.array([1.0, *(0.9 - 0.1 * k for k in range(scenarios - 1))])
    effect = 1 - (1 - cut[:, None]) * (0.5 + near)
    mass = np.array(RATIOS)[None, :, None] * noise[None] * first[None, None] * effect[:, None, :]
    season = np.abs(
        1 + 0.3 * np.sin(np.arange(months) / 12 * 6.28)[:, None] + rng.normal(0, 0.2, (months, n))
    )
    classes = np.abs(rng.normal(1, 0.6, (len(CLASSES), n)))
    observed = np.clip(np.where(size < 0.05, 0.9, 0.25) + rng.normal(0, 0.15, n), 0, 1)

    def name(en: str, zh: str = "") -> Text:
        return Text(en + hostile, (zh or en) + hostile if hostile else zh)

    def breakdown(
        key: str, kind: str, title: Text, items: tuple[Item, ...], weights: np.ndarray
    ) -> Breakdown:
        # (rows, cells) weights that add up to one in every cell share the cells' masses out exactly.
        weights = weights / weights.sum(axis=0)
        by_month = season / season.sum(axis=0)
        part = np.einsum("acn,rn,mn->acrm", mass, weights, by_month)
        hours = np.einsum("n,rn,mn->rm", first * 0.01, weights, by_month)
        seen = np.einsum("n,rn,mn->rm", first * 0.01 * observed, weights, by_month)
        bounds = np.stack([part.sum(axis=3) * 0.8, part.sum(axis=3) * 1.3])
        return Breakdown(
            key=key, kind=kind, title=title, rows=items, hours=hours, distance_nm=hours * 14,
            observed_hours=seen, mass_kg=part, interval_kg=bounds,
        )  # fmt: skip

    x, y = west + size / 2, south + size / 2
    inside = {k: (x > w) & (x < e) & (y > s) & (y < nn) for k, (_, (w, s, e, nn), _, _, _) in BOXES.items()}
    far = np.minimum(np.hypot(x - 241.706, y - 33.705), 99) * 60
    port_rows = [Item(k, name(b[2], b[3])) for k, b in BOXES.items()]
    port_rows += [
        Item("lb_20nm", name("Point Fermin 20 nm", "费尔明角20海里")),
        Item("open_sea", name("Outside the port inventory", "港口清单之外")),
    ]
    port_weights = np.stack([*inside.values(), far < 20, np.ones(n)]).astype(float)
    port_weights[1:] *= np.cumsum(port_weights[:-1], axis=0) == 0
    rule_rows = tuple(
        Item(k, name(en, zh), Text("stand-in", "替代范围") if k == "cn_coast" else None)
        for k, (_, en, zh) in RULES.items()
    )
    rule_rows += (Item("global", name("Global limit", "全球限值")),)
    rule_weights = np.stack(
        [(x > w) & (x < e) & (y > s) & (y < nn) for (w, s, e, nn), _, _ in RULES.values()] + [np.ones(n) > 0]
    ).astype(float)
    rule_weights[1:] *= np.cumsum(rule_weights[:-1], axis=0) == 0
    zones = [Zone("port", k, b[0], ((ring(*b[1]),),)) for k, b in BOXES.items()]
    zones.append(Zone("port", "lb_20nm", "approach", ((circle(241.706, 33.705, 20),),)))
    zones += [Zone("sulphur", k, "rule_area", ((ring(*box),),)) for k, (box, _, _) in RULES.items()]
    tracks = []
    for number, shift in enumerate(np.linspace(-4, 4, 9)):
        line = lane(shift)
        ship = f"TEST SHIP {number}{hostile}"
        tracks += [
            Track("observed", line[:40], ship),
            Track("filled", line[39:121], ship),
            Track("observed", line[120:], ship),
        ]
    class_rows = tuple(Item(c.key, name(c.name.en, c.name.zh)) for c in CLASSES)
    in_port = {port: tuple(k for k, b in BOXES.items() if b[4] == port) for port in ("lb", "sz")}
    cells = Cells(
        west=west,
        south=south,
        size_deg=size,
        area_km2=area,
        mass_kg=mass,
        observed_share=observed,
        phase_share=np.rint(phase / phase.sum(axis=0) * 255).astype(np.uint8),
        month_share=np.rint(season / season.max(axis=0) * 255).astype(np.uint8),
        class_share=np.rint(classes / classes.sum(axis=0) * 255).astype(np.uint8) if who else None,
        who=rng.integers(-1, 9, (3, n), dtype=np.int32) if who else None,
        who_share=np.sort(rng.integers(1, 80, (3, n)).astype(np.uint8), axis=0)[::-1] if who else None,
    )
    others = {f"case_{k}": name(f"Shore power, case {k}", f"岸电方案{k}") for k in range(1, scenarios)}
    data: dict[str, object] = {
        "title": name(*TEXTS["title"]),
        "period": name("January to December 2018", "2018年1月至12月"),
        "species": SPECIES,
        "months": tuple(f"2018-{m + 1:02d}" for m in range(months)),
        "phases": PHASES,
        "classes": class_rows,
        "cells": cells,
        "breakdowns": (
            breakdown("port", "zones", name("Port inventory", "港口清单"), tuple(port_rows), port_weights),
            breakdown("sulphur", "zones", name("Sulphur rules", "硫排放规则"), rule_rows, rule_weights),
            breakdown("phase", "phases", Text("Phases", "工况"), PHASES, phase),
            breakdown("class", "classes", Text("Ship classes", "船型"), class_rows, classes),
        ),
        "zones": tuple(zones),
        "tracks": tuple(tracks),
        "ports": (
            Port(
                "lb", name("Long Beach", "长滩"), *LONG_BEACH, (241.62, 33.58, 241.98, 33.80), in_port["lb"]
            ),
            Port("sz", name("Shenzhen", "深圳"), *YANTIAN, (113.78, 22.36, 114.50, 22.64), in_port["sz"]),
        ),
        "scenarios": (
            Item("baseline", Text("Baseline", "基准情景")),
            *(Item(key, words) for key, words in others.items()),
        ),
        "vessels": tuple(Vessel(f"TEST SHIP {k}{hostile}", class_rows[k % 4].name) for k in range(9)),
        "panels": (
            Panel(
                "speed",
                name("Speed programme, 40 nm", "40海里减速计划"),
                (name("Operator", "经营人"), name("Transits", "航次数"), name("Share at 12 kn", "12节占比")),
                ((name("Operator A", "经营人甲"), 12.0, 0.92), (name("Operator B", "经营人乙"), 3.0, None)),
                name("By distance, both ways.", "按航程，往返合计。"),
            ),
        ),
        "targets": (
            Target(
                name("Progress", "目标进展"),
                name("t CO₂e", "吨"),
                (name("2018", "2018年"), 3600.0),
                (name("2030", "2030年"), 2500.0),
                (name("This study", "本算例"), 3200.0),
            ),
        ),
        "simulated": simulated,
        "status": (name(*TEXTS["status"]),),
        "method": (name(*TEXTS["method"]),),
        "limits": (name(*TEXTS["limits"]),),
        "sources": (
            Source(name("Natural Earth 50 m"), name("public domain", "公有领域")),
            Source(
                name("OpenStreetMap land polygons"),
                Text("ODbL 1.0"),
                name("© OpenStreetMap contributors"),
            ),
        ),
        "cite": name("corridor 0.1.0, synthetic study.", "corridor 0.1.0，合成算例。"),
        "version": "corridor 0.1.0" + hostile,
        "file_name": "corridor-synthetic" + hostile,
    }
    return PageData(**(data | changes))
