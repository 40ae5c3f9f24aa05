"""QGIS styles (QML) as text, so that a layer is drawn well when opened; no QGIS is needed to write them.

The elements are those that QGIS 3.22 wrote and later versions still read. A style says how features look;
:func:`qml` adds what belongs to the layer: the readable names of its columns and, where a layer has the
columns of a first and a last instant, the settings by which the Temporal Controller plays it.
"""

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET

TIMES = ("start_utc", "end_utc")

_DOCTYPE = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
_HIGHEST = 1e30  # upper bound of the open class at the top: above any mass or time on Earth
_NEAR = "3000000"  # denominator of the scale below which areas are named: a coast or a port fills the window
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_START_AND_END_FIELDS = "2"  # QgsVectorLayerTemporalProperties::ModeFeatureDateTimeStartAndEndFromFields


@dataclass(frozen=True)
class Symbol:
    """One way to draw a feature: a fill, a line or a marker.

    Parameters
    ----------
    kind
        ``"fill"``, ``"line"`` or ``"marker"``.
    colour
        Hexadecimal, such as ``"#1b6ca8"``.
    width_mm
        Width of the line or of the outline [mm]; 0 draws a fill or marker without outline.
    size_mm
        Diameter of a marker [mm].
    opacity
        Share of the colour that covers what lies below [0–1].
    outline
        Colour of the outline; the colour itself where it is left out.

    Examples
    --------
    >>> Symbol("line", "#1b6ca8", width_mm=0.3).kind
    'line'
    """

    kind: str
    colour: str
    width_mm: float = 0.0
    size_mm: float = 2.5
    opacity: float = 1.0
    outline: str = ""

    def __post_init__(self) -> None:
        if self.kind not in _PROPERTIES:
            known = ", ".join(_PROPERTIES)
            raise ValueError(
                f"found symbol kind '{self.kind}'; expected one of {known}; choose by the geometry"
            )


@dataclass(frozen=True)
class Style:
    """How one layer is drawn: a name, a sentence for the reader, and the renderer."""

    name: str
    description: str
    renderer: str


def single(name: str, description: str, symbol: Symbol) -> Style:
    """Style in which every feature looks the same.

    >>> "singleSymbol" in single("Tracks", "Ship tracks", Symbol("line", "#1b6ca8", 0.3)).renderer
    True
    """
    root = _renderer("singleSymbol")
    _symbols(root, [symbol])
    return Style(name, description, _text(root))


def graduated(
    name: str,
    description: str,
    *,
    column: str,
    edges: Sequence[float],
    symbols: Sequence[Symbol],
    unit: str,
) -> Style:
    """Style with a colour for each class of a number.

    Parameters
    ----------
    column
        The column whose number is classed.
    edges
        Inner edges of the classes, ascending; the lowest class begins at 0, the highest is open.
    symbols
        One more than there are edges, lowest first.
    unit
        Unit of the column, printed with every class.

    Raises
    ------
    ValueError
        If the edges do not ascend, or symbols and edges do not match.

    Examples
    --------
    >>> pale, dark = Symbol("fill", "#fbf5b5"), Symbol("fill", "#22103f")
    >>> style = graduated("CO2", "Per cell", column="co2_kg", edges=[100], symbols=[pale, dark], unit="kg")
    >>> "at least 100 kg" in style.renderer
    True
    """
    if len(symbols) != len(edges) + 1:
        raise ValueError(
            f"found {len(symbols)} symbols for {len(edges)} edges; expected {len(edges) + 1}; add them"
        )
    if any(low >= high for low, high in itertools.pairwise([0.0, *edges])):
        raise ValueError(f"found class edges {list(edges)}; expected them above 0 and ascending; sort them")
    root = _renderer("graduatedSymbol", attr=column, graduatedMethod="GraduatedColor")
    ranges = ET.SubElement(root, "ranges")
    bounds = itertools.pairwise([0.0, *edges, _HIGHEST])
    for i, ((low, high), label) in enumerate(zip(bounds, _labels(edges, unit), strict=True)):
        limits = {"lower": f"{low:.15g}", "upper": f"{high:.15g}"}
        ET.SubElement(ranges, "range", {**limits, "symbol": str(i), "label": label, "render": "true"})
    _symbols(root, symbols)
    return Style(name, description, _text(root))


def categorised(
    name: str, description: str, *, column: str, classes: Mapping[str, tuple[str, Symbol]], other: Symbol
) -> Style:
    """Style with a symbol for each value of a text column: value → (label, symbol), and one for any other.

    >>> dark, pale = Symbol("fill", "#22103f"), Symbol("fill", "#dddddd")
    >>> kinds = {"port_area": ("Port", dark)}
    >>> style = categorised("Zones", "Kinds of zone", column="kind", classes=kinds, other=pale)
    >>> style.renderer.count("<category ")
    2
    """
    root = _renderer("categorizedSymbol", attr=column)
    categories = ET.SubElement(root, "categories")
    shown = [(value, label) for value, (label, _) in classes.items()] + [("", "Other")]
    for i, (value, label) in enumerate(shown):
        entry = {"value": value, "symbol": str(i), "label": label, "render": "true"}
        ET.SubElement(categories, "category", _clean(entry))
    _symbols(root, [*(symbol for _, symbol in classes.values()), other])
    return Style(name, description, _text(root))


def qml(
    style: Style | None, aliases: Mapping[str, str], *, label: str = "", times: tuple[str, str] = TIMES
) -> str:
    """QML of a layer: its style, the readable names of its columns, labels, the Temporal Controller.

    Parameters
    ----------
    style
        How it looks; ``None`` for a plain table, which has readable names only.
    aliases
        Column → readable name with unit, in the order of the columns.
    label
        Column whose text is written beside each feature; none where it is left out.
    times
        Columns of the first and the last instant: where there are both, the Temporal Controller is on.

    Examples
    --------
    >>> blue = single("Tracks", "Ship tracks", Symbol("line", "#1b6ca8", 0.3))
    >>> text = qml(blue, {"start_utc": "Start", "end_utc": "End"})
    >>> 'startField="start_utc"' in text
    True
    """
    categories = "Symbology|Labeling|Fields|Temporal" if style else "Fields"
    root = ET.Element(
        "qgis", version="3.22.0", styleCategories=categories, labelsEnabled=str(int(bool(label)))
    )
    if style and set(times) <= set(aliases):
        root.append(_temporal(*times))
    if style:
        drawn = ET.fromstring(style.renderer)  # noqa: S314 — made by this module a moment ago
        root.append(drawn)
        if label:
            root.append(_labelling(label, is_point=drawn.find(".//symbol[@type='marker']") is not None))
    names = ET.SubElement(root, "aliases")
    for i, (column, alias) in enumerate(aliases.items(), start=1):  # place 0 is the key, fid
        ET.SubElement(names, "alias", _clean({"field": column, "index": str(i), "name": alias}))
    return _DOCTYPE + _text(root)


def raster_qml(edges: Sequence[float], colours: Sequence[str], *, unit: str) -> str:
    """QML of a raster of one band: a colour for each class, nothing where the value is 0.

    Parameters
    ----------
    edges
        Inner edges of the classes, ascending.
    colours
        One more than there are edges, lowest first.
    unit
        Unit of the values, printed with every class.

    Examples
    --------
    >>> 'label="at least 100 kg/km2"' in raster_qml([100], ["#fbf5b5", "#22103f"], unit="kg/km2")
    True
    """
    if len(colours) != len(edges) + 1:
        raise ValueError(
            f"found {len(colours)} colours for {len(edges)} edges; expected {len(edges) + 1}; add them"
        )
    root = ET.Element("qgis", version="3.22.0", styleCategories="Symbology")
    kind = {"type": "singlebandpseudocolor", "band": "1", "opacity": "1", "alphaBand": "-1"}
    drawn = ET.SubElement(ET.SubElement(root, "pipe"), "rasterrenderer", kind)
    shader = ET.SubElement(drawn, "rastershader")
    ramp = ET.SubElement(
        shader, "colorrampshader", colorRampType="DISCRETE", classificationMode="1", clip="0"
    )
    clear = {"value": "0", "color": "#ffffff", "alpha": "0", "label": f"0 {unit}"}
    ET.SubElement(ramp, "item", clear)
    tops = [f"{edge:.15g}" for edge in edges] + ["inf"]
    for top, colour, label in zip(tops, colours, _labels(edges, unit), strict=True):
        ET.SubElement(ramp, "item", {"value": top, "color": colour, "alpha": "255", "label": label})
    return _DOCTYPE + _text(root)


def _labels(edges: Sequence[float], unit: str) -> list[str]:
    if not edges:
        return [f"all [{unit}]"]
    inner = [f"{low:,g} – {high:,g} {unit}" for low, high in itertools.pairwise(edges)]
    return [f"below {edges[0]:,g} {unit}", *inner, f"at least {edges[-1]:,g} {unit}"]


def _renderer(kind: str, **more: str) -> ET.Element:
    fixed = {"type": kind, "enableorderby": "0", "symbollevels": "0", "forceraster": "0"}
    return ET.Element("renderer-v2", {**fixed, **more})


def _symbols(root: ET.Element, symbols: Sequence[Symbol]) -> None:
    parent = ET.SubElement(root, "symbols")
    for i, symbol in enumerate(symbols):
        shape = {"type": symbol.kind, "name": str(i), "alpha": f"{symbol.opacity:g}"}
        entry = ET.SubElement(parent, "symbol", {**shape, "clip_to_extent": "1", "force_rhr": "0"})
        layer_class, properties = _PROPERTIES[symbol.kind](symbol)
        layer = ET.SubElement(
            entry, "layer", {"class": layer_class, "enabled": "1", "locked": "0", "pass": "0"}
        )
        for key, value in properties.items():
            ET.SubElement(layer, "prop", k=key, v=value)


def _fill(symbol: Symbol) -> tuple[str, dict[str, str]]:
    return "SimpleFill", {"color": _rgba(symbol.colour), "style": "solid", **_outline(symbol)}


def _line(symbol: Symbol) -> tuple[str, dict[str, str]]:
    width = {"line_width": f"{symbol.width_mm:g}", "line_width_unit": "MM"}
    shape = {"line_style": "solid", "capstyle": "round", "joinstyle": "round"}
    return "SimpleLine", {"line_color": _rgba(symbol.colour), **width, **shape}


def _marker(symbol: Symbol) -> tuple[str, dict[str, str]]:
    shape = {"name": "circle", "size": f"{symbol.size_mm:g}", "size_unit": "MM"}
    return "SimpleMarker", {"color": _rgba(symbol.colour), **shape, **_outline(symbol)}


_PROPERTIES = {"fill": _fill, "line": _line, "marker": _marker}


def _outline(symbol: Symbol) -> dict[str, str]:
    style = "solid" if symbol.width_mm > 0 else "no"
    width = {"outline_width": f"{symbol.width_mm:g}", "outline_width_unit": "MM"}
    return {"outline_color": _rgba(symbol.outline or symbol.colour), "outline_style": style, **width}


def _rgba(colour: str) -> str:
    digits = colour.removeprefix("#")
    if len(digits) == 3:
        digits = "".join(2 * digit for digit in digits)
    try:
        red, green, blue = bytes.fromhex(digits)
    except ValueError:
        raise ValueError(f"found colour '{colour}'; expected #rrggbb; write it in hexadecimal") from None
    return f"{red},{green},{blue},255"


def _temporal(start: str, end: str) -> ET.Element:
    fields = {
        "startField": start,
        "endField": end,
        "durationField": "",
        "startExpression": "",
        "endExpression": "",
    }
    rules = {"durationUnit": "min", "fixedDuration": "0", "accumulate": "0", "limitMode": "0"}
    found = ET.Element("temporal", {"enabled": "1", "mode": _START_AND_END_FIELDS, **fields, **rules})
    span = ET.SubElement(found, "fixedRange")
    ET.SubElement(span, "start")
    ET.SubElement(span, "end")
    return found


def _labelling(column: str, *, is_point: bool) -> ET.Element:
    """Text beside each feature: of points always, of areas once near: they lie on each other."""
    found = ET.Element("labeling", type="simple")
    settings = ET.SubElement(found, "settings")
    font = {"fontSize": "9", "fontSizeUnit": "Point", "textColor": "30,30,30,255"}
    text = ET.SubElement(settings, "text-style", {"fieldName": column, "isExpression": "0", **font})
    halo = {"bufferDraw": "1", "bufferSize": "0.8", "bufferSizeUnits": "MM", "bufferColor": "255,255,255,255"}
    ET.SubElement(text, "text-buffer", halo)
    priority = "10" if is_point else "2"
    ET.SubElement(settings, "placement", placement="6", dist="1", distUnits="MM", priority=priority)
    rendering = ET.SubElement(settings, "rendering", drawLabels="1", obstacle=str(int(is_point)))
    if not is_point:
        rendering.attrib.update(scaleVisibility="1", scaleMin="0", scaleMax=_NEAR)
    return found


def _clean(entry: Mapping[str, str]) -> dict[str, str]:
    """Entry without the characters that XML cannot hold."""
    return {key: _NOT_IN_XML.sub("", value) for key, value in entry.items()}


def _text(root: ET.Element) -> str:
    return ET.tostring(root, encoding="unicode")
