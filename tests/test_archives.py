"""Archives: what is read out of them by content, and what is refused."""

import gzip
import io
import stat
import tarfile
import zipfile

import pytest
from drawn_ais import line, table
from reading import GPX, PLAIN, assert_equal, read, refusal

from corridor.tracks.formats import recognise


def zipped(*members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return buffer.getvalue()


def tarred(data):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        info = tarfile.TarInfo("day.csv")
        info.size = len(data)
        archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def linked():
    info = zipfile.ZipInfo("day.csv")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return zipped((info, "secret.csv"))


@pytest.mark.parametrize(
    ("archive", "code", "words"),
    [
        (zipped(("../day.csv", PLAIN)), "unsafe_member", "outside the archive"),
        (zipped(("/etc/day.csv", PLAIN)), "unsafe_member", "outside the archive"),
        (zipped(("C:\\day.csv", PLAIN)), "unsafe_member", "outside the archive"),
        (linked(), "unsafe_member", "outside the archive"),
        (zipped(("a.csv", PLAIN), ("b.gpx", GPX.encode())), "unlike_members", "a.csv (text), b.gpx (gpx)"),
        (zipped(("a.csv", zipped(("b.csv", PLAIN)))), "wrong_format", "archive inside an archive"),
        (zipped(("a.csv", gzip.compress(PLAIN))), "wrong_format", "archive inside an archive"),
        (gzip.compress(gzip.compress(PLAIN)), "wrong_format", "archive inside an archive"),
        (zipped(("readme.txt", b"hello")), "no_rows", "no member"),
        (tarred(PLAIN), "wrong_format", "tar"),
        (gzip.compress(tarred(PLAIN)), "wrong_format", "tar"),
    ],
)
def test_archives_that_are_refused(tmp_path, archive, code, words):
    fault = refusal(tmp_path, archive, "day.zip")
    assert fault.code == code
    assert words in fault.message


def test_members_are_told_by_content_and_companions_left_alone(tmp_path):
    halves = table([line(i) for i in range(10)]), table([line(i) for i in range(10, 20)])
    content = zipped(
        ("a/one.dat", halves[0]), ("two", halves[1]), ("README.txt", b"hello"), ("__MACOSX/x", b"\0\1")
    )
    assert_equal(read(tmp_path / "a", PLAIN), read(tmp_path / "b", content))
    assert recognise(tmp_path / "b" / "day.dat").members == ("a/one.dat", "two")
