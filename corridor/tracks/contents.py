"""What the first bytes of a file are: a compression, a known form, or nothing that holds positions."""

import re

from corridor.errors import InputError

# Bytes that are enough to tell.
HEAD_BYTES = 16 * 1024

COMPRESSIONS = {
    b"\x1f\x8b": "gzip",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"BZh": "bzip2",
    b"\xfd7zXZ\x00": "xz",
    b"PK\x03\x04": "zip",
    b"PK\x05\x06": "zip",
}
TABLES = {b"PAR1": "parquet", b"SQLite format 3\x00": "gpkg"}
ARCHIVES = {b"7z\xbc\xaf\x27\x1c": "a 7z archive", b"Rar!\x1a\x07": "a RAR archive"}
TAR_MARK, TAR_PLACE = b"ustar", 257
FOREIGN = {
    b"%PDF": "a PDF",
    b"\xd0\xcf\x11\xe0": "an old Office document",
    b"CDF": "NetCDF",
    b"\x89HDF": "HDF5 or NetCDF",
    b"ARROW1": "an Arrow file",
}
SENTENCE = re.compile(rb"[!$][A-Z]{2}VD[MO],")
GEOJSON = re.compile(rb'"type"\s*:\s*"(Feature|FeatureCollection)"')
XML_KINDS = {b"<gpx": "gpx", b"<route": "rtz"}
# A GDAL virtual file tells the library to open other files and addresses.
VIRTUAL = b"<OGRVRT"


def compression(head: bytes) -> str:
    """Return the compression that the first bytes show, or "".

    >>> compression(bytes.fromhex("28b52ffd00")), compression(b"MMSI,LAT")
    ('zstd', '')
    """
    return next((form for magic, form in COMPRESSIONS.items() if head.startswith(magic)), "")


def content(head: bytes, name: str) -> str:
    """Return what an uncompressed file is: text, nmea, parquet, gpkg, geojson, gpx or rtz.

    Raises
    ------
    InputError
        ``wrong_format`` for what can hold no positions, an archive among it.

    Examples
    --------
    >>> content(b"MMSI,LAT,LON", "a"), content(b"PAR1", "a.csv"), content(b"!AIVDM,1,1,,A,1,0*2E", "b.csv")
    ('text', 'parquet', 'nmea')
    """
    for magic, kind in TABLES.items():
        if head.startswith(magic):
            return kind
    _refuse_archives(head, name)
    for magic, what in FOREIGN.items():
        if head.startswith(magic):
            raise _foreign(name, what)
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith(b"<"):
        return _xml(start, name)
    if start.startswith((b"{", b"[")):
        if GEOJSON.search(head):
            return "geojson"
        raise _foreign(name, "JSON that is no GeoJSON")
    return "nmea" if SENTENCE.search(head) else "text"


def _refuse_archives(head: bytes, name: str) -> None:
    found = next((what for magic, what in ARCHIVES.items() if head.startswith(magic)), "")
    if head[TAR_PLACE : TAR_PLACE + len(TAR_MARK)] == TAR_MARK:
        found = "a tar archive"
    if compression(head):
        found = "an archive inside an archive"
    if found:
        message = f"{name}: the content is {found}; expected a file, alone or in one ZIP; unpack it"
        raise InputError("wrong_format", message)


def _xml(start: bytes, name: str) -> str:
    lowered = start.lower()
    if VIRTUAL.lower() in lowered:
        raise _foreign(name, "a GDAL virtual file, which points to other files")
    kind = next((kind for tag, kind in XML_KINDS.items() if tag in lowered), "")
    if not kind:
        raise _foreign(name, "XML or HTML")
    return kind


def _foreign(name: str, what: str) -> InputError:
    expected = "expected positions as CSV, Parquet, GeoPackage, GeoJSON, GPX or NMEA with times"
    return InputError("wrong_format", f"{name}: the content is {what}; {expected}; convert it")
