"""The page on broken inputs: every file as expected, every fault with tests; the corpus read anew."""

import csv
import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from corridor.errors import InputError
from corridor.tracks.ingest import ingest
from corridor.tracks.quality import clean

ROOT = Path(__file__).resolve().parents[1]
TESTS = ROOT / "tests"


@pytest.fixture(scope="module")
def maker():
    spec = importlib.util.spec_from_file_location("make_reliability", ROOT / "docs" / "make_reliability.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def page():
    return (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def corpus(shared_ais, tmp_path_factory):
    """The public files, written by their own script, with what it says of each."""
    folder = tmp_path_factory.mktemp("corpus")
    script = shared_ais.parent / "reliability" / "make_bad_inputs.py"
    subprocess.run([sys.executable, str(script), str(folder), "--public"], check=True, capture_output=True)
    with (folder / "public" / "manifest.csv").open(encoding="utf-8", newline="") as file:
        return folder / "public", list(csv.DictReader(file))


def columns_of(bucket):
    rows = pq.read_table(bucket)
    return {name: rows[name].to_numpy() for name in rows.column_names}


def test_every_fault_has_tests_that_exist(maker):
    assert [fault.key for fault in maker.FAULTS] == [f"F{number:02d}" for number in range(1, 33)]
    for fault in maker.FAULTS:
        assert fault.tests
        for name in fault.tests.split():
            file, test = name.split("::")
            text = (TESTS / f"{file}.py").read_text(encoding="utf-8")
            assert f"\ndef {test}(" in text, name


def test_the_page_says_that_all_files_end_as_expected(maker, page):
    passed, files = map(int, re.search(r"\*\*(\d+) of (\d+)\*\* public files", page).groups())
    assert passed == files >= 55
    assert page.count("| as expected |") == files
    for fault in maker.FAULTS:
        assert f"| {fault.key} | {fault.fault} | {fault.done} |" in page


def test_the_page_is_made_of_what_the_runner_said(maker):
    said = "ok   a.csv          3.1 s  \nFAIL b.csv.gz    0.2 s  accepted; no report\n1 passed, 1 failed"
    judged = maker.judgements(said)
    assert [(item.file, item.passed) for item in judged] == [("a.csv", True), ("b.csv.gz", False)]
    text = maker.document(judged, {"a.csv": {"fault": "x | y", "expected": "accepted"}})
    assert "**1 of 2** public files" in text
    assert "| a.csv | x \\| y | accepted | as expected |" in text
    assert "| b.csv.gz |  |  | **not so**: accepted; no report |" in text


def test_every_public_file_is_read_or_refused_as_its_manifest_says(corpus, tmp_path):
    """Reading and cleaning alone; the page holds the whole command."""
    folder, rows = corpus
    wrong = []
    for row in rows:
        allowed = row["allowed"].split("|")
        try:
            result = ingest([folder / row["file"]], work_dir=tmp_path)
        except InputError as fault:
            if "reject" not in allowed or row["file"].split("/")[-1] not in str(fault):
                wrong.append((row["file"], str(fault)))
            continue
        cleaned = [clean(columns_of(path)) for path in result.buckets]
        dropped = sum(result.report.rows_dropped.values()) + sum(sum(c.dropped.values()) for c in cleaned)
        if allowed == ["reject"]:
            wrong.append((row["file"], "accepted"))
        if row["rows_in"] and result.report.rows_in != int(row["rows_in"]):
            wrong.append((row["file"], f"{result.report.rows_in} rows"))
        if row["rows_dropped"] and dropped != int(row["rows_dropped"]):
            wrong.append((row["file"], f"{dropped} dropped"))
    assert wrong == []
    assert len(rows) >= 55
