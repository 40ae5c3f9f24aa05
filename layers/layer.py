"""What a layer is, whatever file it goes into: a table, and what people need to know of it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple

import pandas as pd
import pyarrow as pa

from layers import styles

GEOMETRY = "geometry"
BOX = ("xmin", "ymin", "xmax", "ymax")


class Column(NamedTuple):
    """What a reader needs to know of a column: a readable name, the unit (``""`` for none), a sentence."""

    alias: str
    unit: str
    description: str

    @property
    def label(self) -> str:
        """Readable name with its unit.

        >>> Column("CO2", "kg", "Carbon dioxide, tank to wake").label
        'CO2 (kg)'
        """
        return f"{self.alias} ({self.unit})" if self.unit else self.alias


@dataclass(frozen=True)
class Layer:
    """One table of the file: a GeoDataFrame becomes a layer on the map, a DataFrame a plain table.

    Parameters
    ----------
    name
        Table name: lower-case letters, digits and ``_``, at most 30 characters.
    table
        Rows in the order in which they shall stand. Geometry in EPSG:4326, cut at ±180.
    title, description
        Text for people; the description names unit, period and grid.
    columns
        Column name → (alias, unit, description), one for every column except the geometry.
    style
        How QGIS draws it. Needed where there is geometry, and only there.
    values
        Column → {value: meaning}, for columns with a fixed vocabulary.
    label
        Column that QGIS writes beside each feature.
    kind
        Geometry type, such as ``"MultiLineString"``. Where it is left out it is found from the shapes: it may
        then differ from study to study, and there is none without rows.
    times
        Columns of the first and last instant of a row: where there are both, QGIS plays the layer.
    """

    name: str
    table: pd.DataFrame
    title: str
    description: str
    columns: Mapping[str, tuple[str, str, str]]
    style: styles.Style | None = None
    values: Mapping[str, Mapping[str, str]] = field(default_factory=lambda: MappingProxyType({}))
    label: str = ""
    kind: str = ""
    times: tuple[str, str] = styles.TIMES

    @property
    def spatial(self) -> bool:
        """Whether the layer has geometry."""
        return hasattr(self.table, "geom_type")

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.table)

    @property
    def attributes(self) -> list[str]:
        """Names of the columns that are not geometry, in order."""
        shape = self.table.geometry.name if self.spatial else None
        return [str(name) for name in self.table.columns if name != shape]

    def column(self, name: str) -> Column:
        """Describe one column."""
        return Column(*self.columns[name])

    def meanings(self, name: str) -> Mapping[str, str]:
        """Value → meaning of one column; empty where it has no fixed vocabulary."""
        return self.values.get(name, {})


@dataclass(frozen=True, kw_only=True)
class Bulk:
    """A layer too large for a table: Arrow batches that are made while they are written.

    Parameters
    ----------
    name, title, description, columns, style, label, times
        As of a `Layer`.
    kinds
        Geometry types of the rows, such as ``("MultiLineString",)``; one for a GeoPackage.
    rows
        Number of rows of all batches.
    batches
        Makes the batches anew each time it is called: the columns, the box of the shape (``xmin``, ``ymin``,
        ``xmax``, ``ymax``), and ``geometry`` as well-known binary, in EPSG:4326, cut at ±180.
    """

    name: str
    title: str
    description: str
    columns: Mapping[str, tuple[str, str, str]]
    kinds: tuple[str, ...]
    rows: int
    batches: Callable[[], Iterator[pa.RecordBatch]]
    style: styles.Style | None = None
    label: str = ""
    times: tuple[str, str] = styles.TIMES
    spatial: bool = True

    @property
    def attributes(self) -> list[str]:
        """Names of the columns that are not geometry, in order."""
        return list(self.columns)

    def column(self, name: str) -> Column:
        """Describe one column."""
        return Column(*self.columns[name])

    def meanings(self, name: str) -> Mapping[str, str]:  # noqa: ARG002 — as of a Layer
        """Value → meaning of one column: none has a fixed vocabulary here."""
        return {}
