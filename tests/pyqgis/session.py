"""One session in QGIS without a screen: what it finds in a study's files, as a report and pictures.

    QT_QPA_PLATFORM=offscreen /usr/bin/python3 tests/pyqgis/session.py OUT STUDY.gpkg [RASTER …]

Runs under the Python of the system, which has PyQGIS. Layers are added as the program adds them when a user
drops the file into its window: opened, then its default style loaded.
"""

import json
import os
import sys
from pathlib import Path

from qgis.core import (
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsDateTimeRange,
    QgsMapRendererSequentialJob,
    QgsMapSettings,
    QgsProject,
    QgsProviderRegistry,
    QgsRasterLayer,
    QgsRectangle,
    QgsTemporalUtils,
    QgsVectorLayer,
    QgsWkbTypes,
)
from qgis.PyQt.QtCore import QDateTime, QSize, Qt
from qgis.PyQt.QtGui import QColor

SIZE = QSize(1200, 500)
# The North Pacific in longitudes that run on over 180 degrees: west, south, east, north.
PACIFIC = (95.0, 6.0, 256.0, 58.0)
DRAWN = ("ports", "voyage_tracks", "zones", "hotspot_grid")


def main(out: Path, study: Path, rasters: list[str]) -> dict:
    """Open everything, draw it, tell what was seen."""
    said: list[str] = []
    QgsApplication.messageLog().messageReceived.connect(
        lambda text, tag, level: said.append(f"{tag}: {text}") if level else None
    )
    layers = {name: opened(study, name) for name in names(study)}
    found = {name: look(layer, style) for name, (layer, style) in layers.items()}
    only = {name: layer for name, (layer, _) in layers.items()}
    drawn = [only[name] for name in DRAWN]
    tracks = [only["voyage_tracks"]]
    draw(view(tracks), out / "tracks_3832.png")
    draw(view(tracks, "EPSG:3857", (-180.0, 8.0, 180.0, 58.0)), out / "tracks_3857.png")
    draw(view(drawn), out / "qgis_3832.png")
    shown = view(tracks).visibleExtent()
    return {
        "layers": found,
        "extent": [shown.xMinimum(), shown.yMinimum(), shown.xMaximum(), shown.yMaximum()],
        "played": played(only, out),
        "rasters": [raster(path, out / f"raster_{place}.png") for place, path in enumerate(rasters)],
        "said": said,
    }


def names(study: Path) -> list[str]:
    """Names of the layers, as the list in the window to add them shows."""
    return [one.name() for one in QgsProviderRegistry.instance().querySublayers(str(study))]


def opened(study: Path, name: str) -> tuple[QgsVectorLayer, tuple[str, bool]]:
    layer = QgsVectorLayer(f"{study}|layername={name}", name, "ogr")
    return layer, layer.loadDefaultStyle()


def look(layer: QgsVectorLayer, style: tuple[str, bool]) -> dict:
    fields = list(layer.fields())
    widgets = [layer.editorWidgetSetup(place) for place in range(len(fields))]
    time = layer.temporalProperties()
    return {
        "valid": layer.isValid(),
        "rows": layer.featureCount(),
        "shape": QgsWkbTypes.displayString(layer.wkbType()),
        "crs": layer.crs().authid(),
        "style": style[1],
        "stored": layer.listStylesInDatabase()[0],
        "renderer": renderer(layer),
        "labels": layer.labelsEnabled(),
        "aliases": {field.name(): field.alias() for field in fields},
        "kinds": {field.name(): field.typeName() for field in fields},
        "widgets": {
            field.name(): widget.config()
            for field, widget in zip(fields, widgets, strict=True)
            if widget.type() == "ValueMap"
        },
        "time": [time.isActive(), time.startField(), time.endField()],
        "abstract": layer.metadata().abstract(),
    }


def renderer(layer: QgsVectorLayer) -> dict:
    found = layer.renderer()
    if found is None:
        return {}
    classes = []
    if found.type() == "graduatedSymbol":
        classes = [(one.lowerValue(), one.label(), one.symbol().color().name()) for one in found.ranges()]
    if found.type() == "categorizedSymbol":
        classes = [(one.value(), one.label(), one.symbol().color().name()) for one in found.categories()]
    return {"type": found.type(), "classes": classes}


def corners(crs: str, box: tuple[float, float, float, float]) -> QgsRectangle:
    """Box of degrees in metres of a coordinate system. [m]"""
    west, south, east, north = box
    turn = QgsCoordinateTransform(
        QgsCoordinateReferenceSystem("EPSG:4326"), QgsCoordinateReferenceSystem(crs), QgsProject.instance()
    )
    low, high = (
        turn.transform(lon - 360.0 * (lon > 180), lat) for lon, lat in ((west, south), (east, north))
    )
    return QgsRectangle(low.x(), low.y(), high.x(), high.y())


def view(
    layers: list, crs: str = "EPSG:3832", box: tuple[float, float, float, float] = PACIFIC
) -> QgsMapSettings:
    """Settings of a picture of layers, the first on top. It widens the box to the shape of the picture."""
    wanted = QgsMapSettings()
    wanted.setLayers(layers)
    wanted.setDestinationCrs(QgsCoordinateReferenceSystem(crs))
    wanted.setTransformContext(QgsProject.instance().transformContext())
    wanted.setOutputSize(SIZE)
    wanted.setBackgroundColor(QColor("white"))
    wanted.setExtent(corners(crs, box))
    return wanted


def draw(wanted: QgsMapSettings, picture: Path) -> None:
    job = QgsMapRendererSequentialJob(wanted)
    job.start()
    job.waitForFinished()
    job.renderedImage().save(str(picture))


def played(layers: dict, out: Path) -> dict:
    """What the Temporal Controller plays: the full range of the project, and a picture of a day in it."""
    QgsProject.instance().addMapLayers(list(layers.values()))
    whole = QgsTemporalUtils.calculateTemporalRangeForProject(QgsProject.instance())
    middle = whole.begin().addSecs(whole.begin().secsTo(whole.end()) // 2)
    long_ago = QDateTime(2000, 1, 1, 0, 0, 0, 0, Qt.UTC)
    for name, begin in (("day", middle), ("long_ago", long_ago)):
        wanted = view([layers["voyage_tracks"]])
        wanted.setIsTemporal(True)
        wanted.setTemporalRange(QgsDateTimeRange(begin, begin.addDays(1)))
        draw(wanted, out / f"played_{name}.png")
    return {"begin": whole.begin().toString(Qt.ISODate), "end": whole.end().toString(Qt.ISODate)}


def raster(path: str, picture: Path) -> dict:
    layer = QgsRasterLayer(path, Path(path).stem, "gdal")
    layer.loadDefaultStyle()
    box, drawn = layer.extent(), layer.renderer()
    draw(view([layer]), picture)
    is_classed = drawn.type() == "singlebandpseudocolor"
    items = drawn.shader().rasterShaderFunction().colorRampItemList() if is_classed else []
    return {
        "valid": layer.isValid(),
        "crs": layer.crs().authid(),
        "bands": layer.bandCount(),
        "extent": [box.xMinimum(), box.yMinimum(), box.xMaximum(), box.yMaximum()],
        "renderer": drawn.type(),
        "labels": [item.label for item in items],
    }


if __name__ == "__main__":
    place = Path(sys.argv[1])
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.environ.setdefault("XDG_RUNTIME_DIR", str(place))
    application = QgsApplication([], False, str(place / "profile"))
    application.initQgis()
    report = main(place, Path(sys.argv[2]), sys.argv[3:])
    (place / "report.json").write_text(json.dumps(report, indent=1, ensure_ascii=False), encoding="utf-8")
    sys.stdout.flush()
    # Its own end comes before that of the layers which Python still holds, and crashes: leave at once.
    os._exit(0)
