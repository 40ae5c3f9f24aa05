"""The self-contained page: folium's map, our panel, every asset inside, nothing asked of a network.

Folium builds the map; what its template links from other hosts is taken out and our vendored copies are
put in. Text from data travels as escaped JSON and reaches the reader through ``textContent``. A policy in
the page's head lists the hashes of its own scripts, so nothing else runs.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable
from functools import cache
from html import escape
from os import fsdecode
from pathlib import Path
from typing import Any, BinaryIO

from maps import charts, text
from maps.content import (
    Basemap,
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
from maps.pacific import PacificMap
from maps.payload import asset, payload

__all__ = [
    "Basemap",
    "Breakdown",
    "Cells",
    "Item",
    "PageData",
    "PageMap",
    "Panel",
    "Port",
    "Source",
    "Species",
    "Target",
    "Text",
    "Track",
    "Vessel",
    "Zone",
    "build",
    "render",
]

_SCRIPTS = (
    "1_data",
    "2_words",
    "3_model",
    "4_draw",
    "5_map",
    "6_panel",
    "7_extras",
    "8_save",
    "9_page",
)
_REMOTE = re.compile(r'<script src="https?:[^"]*"></script>|<link rel="stylesheet" href="https?:[^"]*"\s*/?>')


class PageMap(PacificMap):
    """The page as a ``folium.Map``: shows itself in a notebook, saves itself as one file.

    Layers that are added to it are drawn too, as far as Leaflet alone can draw them: plug-ins that folium
    would fetch from other hosts are left out.
    """

    def __init__(self, data: PageData) -> None:
        super().__init__()
        self.data = data

    def page(self) -> str:
        """Return the page as one HTML text that opens without a network."""
        return _page(self.data, self.get_root().render())

    def save(self, outfile: str | bytes | Path | BinaryIO, close_file: bool = True, **_: Any) -> None:
        """Write the page to a path or an open binary file."""
        content = self.page().encode("utf-8")
        if isinstance(outfile, str | bytes | Path):
            Path(fsdecode(outfile)).write_bytes(content)
            return
        outfile.write(content)
        if close_file:
            outfile.close()

    def _repr_html_(self, **_: Any) -> str:
        # The sandbox keeps the page from touching the notebook around it.
        return (
            f'<iframe sandbox="allow-scripts allow-downloads" title="{text.html(self.data.title.en)}" '
            f'style="width:100%;height:720px;border:0" srcdoc="{escape(self.page(), quote=True)}"></iframe>'
        )


def build(data: PageData) -> PageMap:
    """Return the page as a ``folium.Map``, for notebooks and for layers of one's own."""
    return PageMap(data)


def render(data: PageData) -> str:
    """Return the page as one HTML text that opens without a network.

    The same data give the same bytes. Anything remote that folium would link is left out.
    """
    return build(data).page()


def _page(data: PageData, folium_page: str) -> str:
    holder, script = _folium_parts(_fixed_ids(folium_page))
    sources = "\n".join(asset(f"js/{name}.js") for name in _SCRIPTS)
    app = f'(function () {{\n"use strict";\n{sources}\n}})();'
    switches = "L_NO_TOUCH = false; L_DISABLE_3D = false;"
    scripts = [text.script_source(source) for source in (_leaflet_js(), switches, script, app)]
    head = [
        '<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{_policy(scripts, data.basemap)}">',
        '<meta name="viewport" content="width=device-width,initial-scale=1">',
        '<meta name="referrer" content="no-referrer">',
        f"<title>{text.html(('SIMULATED – ' if data.simulated else '') + data.title.en)}</title>",
        '<link rel="icon" href="data:,">',
        f"<style>{_leaflet_css()}</style>",
        f"<style>{asset('page.css')}</style>",
    ]
    body = [
        asset("body.html").replace("<!--MAP-->", holder),
        f"<noscript>{_without_script(data)}</noscript>",
        f'<script type="application/json" id="data">{text.script_json(payload(data))}</script>',
        *(f"<script>{source}</script>" for source in scripts),
    ]
    language = "zh-Hans" if data.language == "zh" else data.language
    lines = ["<!DOCTYPE html>", f'<html lang="{language}">', "<head>", *head, "</head>", "<body>", *body]
    return "\n".join([*lines, "</body>", "</html>", ""])


@cache
def _leaflet_js() -> str:
    # The source-map comment would make developer tools ask for a file that is not there.
    return re.sub(r"//# sourceMappingURL=\S+", "", asset("leaflet.js")).strip()


@cache
def _leaflet_css() -> str:
    """Return Leaflet's style sheet without pictures: no control of this page uses one."""
    return re.sub(r"url\((?!data:)[^)]*\)", "url(data:,)", asset("leaflet.css"))


def _fixed_ids(raw: str) -> str:
    """Return the page with folium's random 32-digit ids numbered by their order: builds are equal."""
    known: dict[str, str] = {}

    def number(match: re.Match[str]) -> str:
        return known.setdefault(match[0], f"{len(known) + 1:032x}")

    return re.sub(r"\b(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])|(?<=_)[0-9a-f]{32}(?![0-9a-f])", number, raw)


def _folium_parts(raw: str) -> tuple[str, str]:
    """Return the map's element and the script that makes it, out of folium's whole page."""
    local = _REMOTE.sub("", raw)
    body = re.search(r"<body>(.*?)</body>", local, re.DOTALL)
    tail = local[body.end() :] if body else ""
    script = re.search(r"<script>(.*?)</script>", tail, re.DOTALL)
    if body is None or script is None:
        raise RuntimeError("folium's page has another form than expected: check maps/page.py against it")
    return body[1].strip(), re.sub(r"\n\s*\n+", "\n", script[1]).strip()


def _policy(scripts: Iterable[str], basemap: Basemap | None) -> str:
    hashes = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()}'"
        for source in scripts
    )
    tiles = f" {basemap.host}" if basemap else ""
    return (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data: blob:{tiles}; "
        "connect-src 'none'; form-action 'none'; base-uri 'none'"
    )


def _without_script(data: PageData) -> str:
    """Return what a reader without JavaScript sees: the title, the warning and the totals."""
    first = data.breakdowns[0]
    shown = [s for s, species in enumerate(data.species) if species.basis == "ttw"]
    head = ["Zone", *(f"{data.species[s].symbol} [kg]" for s in shown)]
    rows = [
        [row.name.en, *(f"{first.mass_kg[0, s, k].sum():,.0f}" for s in shown)]
        for k, row in enumerate(first.rows)
    ]
    warning = "<p><strong>SIMULATED</strong></p>" if data.simulated else ""
    return (
        f"<h1>{text.html(data.title.en)}</h1>{warning}<p>{text.html(data.period.en)}. "
        "This map needs JavaScript. The totals are below; the files beside this page hold the rest.</p>"
        f"{charts.table(head, rows)}{_phase_chart(data)}"
    )


def _phase_chart(data: PageData) -> str:
    """Return the phases of the first species as bars, or nothing where the study has none."""
    phases = next((each for each in data.breakdowns if each.kind == "phases"), None)
    if phases is None:
        return ""
    kilograms = phases.mass_kg[0, 0].sum(axis=1)
    names = [row.name.en for row in phases.rows]
    return charts.bars(
        f"{data.species[0].symbol}: {phases.title.en}", names, kilograms.tolist(), unit="kg"
    ).svg
