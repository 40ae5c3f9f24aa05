"""The command line: what it hands to the engine, what it prints, and how it fails."""

import inspect
import json
import os
import signal
import subprocess
import sys
import textwrap
import types
from datetime import UTC, datetime
from pathlib import Path

import pytest

import corridor
from corridor import cli
from corridor.commands import simulate as simulate_command
from corridor.errors import InputError
from corridor.runs import run_study
from layers import atomic

ROOT = Path(__file__).parents[1]
SUMMARY = {
    "version": "0.1.0",
    "rows_in": 12345,
    "rows_kept": 12000,
    "totals": {"hours": 48.0, "nm": 700.4, "co2_kg": 1234567.0},
    "warnings": ["table x is from 2020"],
}


class Engine:
    """Stands in for the engine: takes notes, writes the files that every study has."""

    timings_s = {"files": 1, "files_read": 1}  # noqa: RUF012 — read only

    targets, alternatives = (), {}

    def __init__(self, fault=None):
        self.fault, self.inputs, self.settings = fault, None, {}

    def run_study(self, inputs, *, progress, **settings):
        self.inputs, self.settings, self.progress = list(inputs), settings, progress
        if self.fault:
            raise self.fault
        if progress:
            progress("reading ships", 0.5)
        return self

    def to_folder(self, out, *, overwrite, basemap):
        with atomic.whole_folder(out, last="run.json", overwrite=overwrite) as part:
            for name in ["map.html", "study.gpkg"]:
                (part / name).write_text("")
            (part / "run.json").write_text(json.dumps(SUMMARY))


@pytest.fixture
def engine(monkeypatch):
    def put(fault=None):
        found = Engine(fault)
        monkeypatch.setitem(sys.modules, "corridor.runs", types.SimpleNamespace(run_study=found.run_study))
        return found

    return put


@pytest.fixture
def call(capsys):
    def run(*arguments):
        status = cli.main([str(a) for a in arguments])
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return run


def one_line(err, code):
    assert err.count("\n") == 1
    assert err.startswith(f"error [{code}] ")
    return err


def python(code, *arguments, **options):
    command = [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60, **options
    )


# What it does


def test_a_run_ends_with_the_paths_of_map_and_geopackage(engine, call, tmp_path):
    engine()
    status, out, err = call("run", "day.csv", "--out", tmp_path / "o")
    assert status == 0
    assert out.splitlines() == [
        "12,345 rows read, 12,000 used",
        "48 ship hours, 700 nm, 1,235 t CO2",
        f"map        {tmp_path / 'o' / 'map.html'}",
        f"geopackage {tmp_path / 'o' / 'study.gpkg'}",
    ]
    assert err == "warning table x is from 2020\n"


def test_files_known_from_an_earlier_run_are_counted(engine, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(Engine, "timings_s", {"files": 365, "files_read": 1})
    engine()
    assert cli.main(["run", "a.csv", "--out", str(tmp_path / "out")]) == 0
    assert "365 tables of positions: 1 read, 364 known from an earlier run" in capsys.readouterr().out


def test_quiet_prints_nothing(engine, call, tmp_path):
    engine()
    assert call("run", "day.csv", "--out", tmp_path / "o", "--quiet") == (0, "", "")


def test_json_is_the_summary_and_the_paths(engine, call, tmp_path):
    engine()
    _, out, _ = call("run", "day.csv", "--out", tmp_path / "o", "--json", "-q")
    paths = {"map": str(tmp_path / "o" / "map.html"), "geopackage": str(tmp_path / "o" / "study.gpkg")}
    assert json.loads(out) == {**SUMMARY, "paths": paths}


def test_options_reach_the_engine_in_its_own_terms(engine, call, tmp_path):
    found = engine()
    files = {"--columns": "c.toml", "--ships": "s.csv", "--zones": "z.gpkg"}
    for name in files.values():
        (tmp_path / name).write_text("")
    options = [part for option, name in files.items() for part in (option, tmp_path / name)]
    span = "--from 2024-03-01 --to 2024-04-01T08:00+08:00 --bbox -125,30,-115,36 --tz Asia/Shanghai"
    more = f"--cell 0.25 --population 70,80-82 {span}"
    status, _, err = call("run", "a", "b", "--out", tmp_path / "o", *options, *more.split(), "--workers", 3)
    assert (status, err) == (0, "warning table x is from 2020\n")
    assert found.inputs == ["a", "b"]
    assert {
        "columns": tmp_path / "c.toml",
        "ships": tmp_path / "s.csv",
        "zones": tmp_path / "z.gpkg",
        "cell_deg": 0.25,
        "start": datetime(2024, 3, 1, tzinfo=UTC),
        "end": datetime(2024, 4, 1, tzinfo=UTC),
        "bbox": (-125.0, 30.0, -115.0, 36.0),
        "tz": "Asia/Shanghai",
        "population": [70, 80, 81, 82],
        "workers": 3,
    }.items() <= found.settings.items()


def test_what_is_not_said_stays_the_engines_choice(engine, call, tmp_path):
    defaults = {
        name: one.default for name, one in inspect.signature(run_study).parameters.items() if name != "inputs"
    }
    found = engine()
    call("run", "a", "--out", tmp_path / "o")
    assert found.settings
    assert found.settings.items() <= defaults.items()
    assert found.progress is None  # not a terminal


def test_progress_shows_on_a_terminal_only_and_never_on_standard_output(engine, call, tmp_path, monkeypatch):
    engine()
    assert "reading ships" not in "".join(call("run", "a", "--out", tmp_path / "a")[1:])
    monkeypatch.setenv("TTY_COMPATIBLE", "1")  # rich then takes standard error for a terminal
    _, out, err = call("run", "a", "--out", tmp_path / "b")
    assert "reading ships" in err
    assert "reading ships" not in out
    assert "reading ships" not in call("run", "a", "--out", tmp_path / "c", "--quiet")[2]


def test_the_demo_runs_on_the_data_that_ship(engine, call, tmp_path, monkeypatch):
    found = engine()
    (tmp_path / "demo").mkdir()
    for name in ["simulated_ais.csv.gz", "simulated_ships.csv", "simulated_truth.csv"]:
        (tmp_path / "demo" / name).write_text("")
    monkeypatch.setattr("corridor.reference.data_path", lambda: tmp_path)
    status, _, _ = call("demo", "--out", tmp_path / "o")
    assert status == 0
    assert found.inputs == [str(tmp_path / "demo" / "simulated_ais.csv.gz")]
    assert found.settings["ships"] == tmp_path / "demo" / "simulated_ships.csv"


def test_a_demo_without_data_says_so(engine, call, tmp_path, monkeypatch):
    engine()
    monkeypatch.setattr("corridor.reference.data_path", lambda: tmp_path)
    status, _, err = call("demo", "--out", tmp_path / "o")
    assert (status, "install again" in one_line(err, "demo_missing")) == (2, True)


def test_a_simulation_writes_its_files_and_says_where(call, tmp_path):
    status, out, _ = call("simulate", "--voyages", 1, "--seed", 3, "--out", tmp_path / "fleet")
    assert status == 0
    assert out.startswith("SIMULATED: ")
    written = sorted(p.name for p in (tmp_path / "fleet").iterdir())
    assert written == sorted(simulate_command.SIMULATION)
    assert f"ais        {tmp_path / 'fleet' / 'simulated_ais.csv.gz'}\n" in out


def test_versions(call):
    assert call("version")[:2] == (0, f"corridor {corridor.__version__}\n")
    assert call("--version")[:2] == (0, f"corridor {corridor.__version__}\n")
    assert json.loads(call("version", "--json")[1])["corridor"] == corridor.__version__


@pytest.mark.parametrize("command", [[], ["demo"], ["run"], ["simulate"], ["version"]])
def test_help_shows_an_example_and_no_markup(call, command):
    status, out, err = call(*command, "--help")
    assert (status, err) == (0, "")
    assert out.startswith(f"Usage: corridor {' '.join(command)}".rstrip())
    assert "corridor demo --out" in out or "Example" in out or command == ["version"]
    assert "\x1b" not in out


def test_without_a_command_it_shows_its_help(call):
    status, out, _ = call()
    assert status == 0
    assert "simulate" in out


def test_it_starts_without_the_slow_libraries():
    done = python("""
        import sys
        import corridor.cli
        slow = {"numpy", "pandas", "geopandas", "numba", "folium", "shapely", "pyproj", "movingpandas"}
        print(sorted(slow & set(sys.modules)))
    """)
    assert (done.stdout, done.stderr) == ("[]\n", "")


# How it fails


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["frob"], "frob"),
        (["run", "--out", "o"], "INPUT"),
        (["run", "a"], "--out"),
        (["run", "a", "--out", "o", "--cell", "0.13"], "whole number of cells"),
        (["run", "a", "--out", "o", "--cell", "0"], "0.005"),
        (["run", "a", "--out", "o", "--cell", "nan"], "0.005"),
        (["run", "a", "--out", "o", "--bbox", "1,2,3"], "W,S,E,N"),
        (["run", "a", "--out", "o", "--bbox", "1,9,3,4"], "S below N"),
        (["run", "a", "--out", "o", "--bbox", "nan,nan,nan,nan"], "±180"),
        (["run", "a", "--out", "o", "--from", "yesterday"], "2024-03-01T06:00Z"),
        (["run", "a", "--out", "o", "--tz", "Mars"], "Asia/Shanghai"),
        (["run", "a", "--out", "o", "--tz", "../../etc/passwd"], "Asia/Shanghai"),
        (["run", "a", "--out", "o", "--population", "tankers"], "70-79"),
        (["run", "a", "--out", "o", "--population", "70,,80"], "70-79"),
        (["run", "a", "--out", "o", "--population", "80-70"], "70-79"),
        (["run", "a", "--out", "o", "--population", "999"], "70-79"),
        (["run", "a", "--out", "o", "--ships", "nowhere.csv"], "nowhere.csv"),
        (["run", "a", "--out", "o", "--workers", "0"], "--workers"),
        (["simulate", "--voyages", "0", "--out", "o"], "--voyages"),
    ],
)
def test_a_wrong_call_is_one_line_and_leaves_nothing(call, tmp_path, monkeypatch, arguments, word):
    monkeypatch.chdir(tmp_path)
    status, out, err = call(*arguments)
    assert (status, out) == (2, "")
    assert word in one_line(err, "usage")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("fault", "status", "code", "word"),
    [
        (
            InputError("missing_column", "day.csv: no column LON; name it with --columns"),
            2,
            "missing_column",
            "LON",
        ),
        (KeyError("x"), 1, "internal", "CORRIDOR_DEBUG=1"),
        (ValueError("several\nlines\x1b[31m"), 1, "internal", "several lines"),
        (OSError(28, "No space left on device", "x"), 1, "system", "No space left"),
        (MemoryError(), 1, "internal", "MemoryError"),
        (KeyboardInterrupt(), 130, "interrupted", "run it again"),
        (cli.Terminated(), 143, "terminated", "run it again"),
    ],
)
def test_a_fault_is_one_line_and_leaves_nothing(engine, call, tmp_path, fault, status, code, word):
    engine(fault)
    found, out, err = call("run", "a", "--out", tmp_path / "deep" / "o")
    assert (found, out) == (status, "")
    assert word in one_line(err, code)
    assert "Traceback" not in err
    assert "\x1b" not in err
    assert list(tmp_path.iterdir()) == []


def test_the_traceback_is_there_for_who_asks(engine, call, tmp_path, monkeypatch):
    monkeypatch.setenv("CORRIDOR_DEBUG", "1")
    engine(KeyError("x"))
    assert "Traceback" in call("run", "a", "--out", tmp_path / "o")[2]


def test_a_folder_with_results_is_refused_before_work_begins(engine, call, tmp_path):
    found = engine()
    (tmp_path / "run.json").write_text("old")
    status, _, err = call("run", "a", "--out", tmp_path)
    assert (status, found.inputs) == (2, None)
    assert "--overwrite" in one_line(err, "folder_not_empty")
    assert (tmp_path / "run.json").read_text() == "old"
    assert call("run", "a", "--out", tmp_path, "--overwrite")[0] == 0
    assert json.loads((tmp_path / "run.json").read_text()) == SUMMARY


def test_results_stay_when_the_new_run_fails(engine, call, tmp_path):
    engine(ValueError("x"))
    (tmp_path / "run.json").write_text("old")
    assert call("run", "a", "--out", tmp_path, "--overwrite")[0] == 1
    assert [p.read_text() for p in tmp_path.iterdir()] == ["old"]


def test_a_file_in_place_of_the_folder_is_refused(engine, call, tmp_path):
    engine()
    (tmp_path / "o").write_text("")
    status, _, err = call("run", "a", "--out", tmp_path / "o")
    assert status == 2
    assert "found a file" in one_line(err, "cannot_write")


SLEEPER = """
    import sys, time, types
    from corridor import cli

    def run_study(inputs, **settings):
        print("working", flush=True)
        time.sleep(60)

    sys.modules["corridor.runs"] = types.SimpleNamespace(run_study=run_study)
    sys.exit(cli.main(["run", "a", "--out", sys.argv[1]]))
"""


@pytest.mark.parametrize(("sent", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_it_with_one_line_and_nothing_left(tmp_path, sent, status):
    command = [sys.executable, "-c", textwrap.dedent(SLEEPER), str(tmp_path / "o")]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "working\n"
    second = python(SLEEPER, tmp_path / "o")
    assert (second.returncode, second.stdout) == (2, "")
    assert f"process {process.pid}" in one_line(second.stderr, "folder_in_use")
    process.send_signal(sent)
    _, err = process.communicate(timeout=10)
    assert process.returncode == status
    one_line(err, "interrupted" if status == 130 else "terminated")
    assert list(tmp_path.iterdir()) == []


def test_nobody_reading_is_no_fault():
    reader, writer = os.pipe()
    os.close(reader)
    code = "import sys; from corridor import cli; sys.exit(cli.main(['version']))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, stdout=writer, stderr=subprocess.PIPE, check=False
    )
    os.close(writer)
    assert done.stderr == b""


@pytest.mark.parametrize(("no_colour", "coloured"), [("1", False), ("", True)])
def test_colour_only_for_a_terminal_that_wants_it(call, monkeypatch, no_colour, coloured):
    monkeypatch.setenv("NO_COLOR", no_colour)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert ("\x1b[31m" in call("frob")[2]) == coloured


def test_a_basemap_that_is_no_address_is_refused_before_the_work(tmp_path, capsys):
    file = tmp_path / "ais.csv"
    file.write_text("MMSI\n")
    call = ["run", str(file), "--out", str(tmp_path / "out"), "--basemap", "javascript:alert(1)//{z}"]
    assert cli.main(call) == 2
    assert "[bad_basemap]" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
