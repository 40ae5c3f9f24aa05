"""Files and folders that appear whole or not at all."""

import os
import resource
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from layers import atomic

ROOT = Path(__file__).parents[1]


def names(folder):
    return sorted(p.name for p in folder.iterdir())


def fill(folder, *, last="run.json", **options):
    with atomic.whole_folder(folder, last=last, **options) as part:
        (part / "totals.csv").write_text("new")
        (part / "pieces").mkdir()
        (part / "pieces" / "0.parquet").write_text("new")
        (part / "run.json").write_text("new")


def python(code, *arguments):
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)], cwd=ROOT, stdout=subprocess.PIPE
    )


def write_and_fail(target, fault):
    with atomic.whole_file(target) as part:
        part.write_text("half")
        (part.parent / f"{target.name}-journal").write_text("side file")
        raise fault


def fill_and_fail(folder, fault, **options):
    with atomic.whole_folder(folder, last="run.json", **options) as part:
        (part / "run.json").write_text("half")
        raise fault


def fill_without_last(folder):
    with atomic.whole_folder(folder, last="run.json") as part:
        (part / "totals.csv").write_text("new")


# Files


def test_a_file_is_there_whole(tmp_path):
    atomic.write_text(tmp_path / "a b #%[1]'.csv", "x\r\ny")
    assert (tmp_path / "a b #%[1]'.csv").read_bytes() == b"x\r\ny"
    assert len(names(tmp_path)) == 1


@pytest.mark.parametrize("fault", [ValueError, KeyboardInterrupt, SystemExit])
def test_what_fails_leaves_the_old_file(tmp_path, fault):
    target = tmp_path / "a.csv"
    target.write_text("old")
    with pytest.raises(fault):
        write_and_fail(target, fault)
    assert target.read_text() == "old"
    assert names(tmp_path) == ["a.csv"]


def test_a_file_that_was_not_written_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError), atomic.whole_file(tmp_path / "a.csv"):
        pass
    assert names(tmp_path) == []


def test_a_full_disk_leaves_the_old_file(tmp_path):
    target = tmp_path / "a.bin"
    target.write_bytes(b"old")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with pytest.raises(OSError, match="too large"):
            atomic.write_bytes(target, b"x" * 5000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert target.read_bytes() == b"old"
    assert names(tmp_path) == ["a.bin"]


def test_a_file_has_the_rights_any_new_file_has(tmp_path):
    (tmp_path / "plain").write_text("")
    atomic.write_text(tmp_path / "ours", "")
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "plain").stat().st_mode


# Folders


def test_a_new_folder_holds_everything(tmp_path):
    fill(tmp_path / "deep" / "out")
    assert names(tmp_path / "deep" / "out") == ["pieces", "run.json", "totals.csv"]


def test_an_empty_folder_is_as_good_as_none(tmp_path):
    fill(tmp_path)
    assert names(tmp_path) == ["pieces", "run.json", "totals.csv"]


def test_a_folder_in_use_needs_leave_to_be_replaced(tmp_path):
    (tmp_path / "run.json").write_text("old")
    with pytest.raises(FileExistsError, match=r"found run\.json in .*; expected .*; give another"):
        fill(tmp_path)
    assert (tmp_path / "run.json").read_text() == "old"
    assert names(tmp_path) == ["run.json"]


def test_replacing_takes_what_is_ours_and_leaves_the_rest(tmp_path):
    for name in ["run.json", "totals.csv", "report.xlsx", "my map.qgz"]:
        (tmp_path / name).write_text("old")
    (tmp_path / "pieces").mkdir()
    (tmp_path / "pieces" / "9.parquet").write_text("old")
    fill(tmp_path, overwrite=True, owned=["totals.csv", "pieces", "report.xlsx", "run.json"])
    assert names(tmp_path) == ["my map.qgz", "pieces", "run.json", "totals.csv"]
    assert names(tmp_path / "pieces") == ["0.parquet"]
    assert (tmp_path / "my map.qgz").read_text() == "old"
    assert (tmp_path / "totals.csv").read_text() == "new"


@pytest.mark.parametrize("fault", [ValueError, KeyboardInterrupt, SystemExit])
def test_what_fails_leaves_no_folder(tmp_path, fault):
    with pytest.raises(fault):
        fill_and_fail(tmp_path / "a" / "out", fault)
    assert names(tmp_path) == []


def test_what_fails_leaves_the_old_study(tmp_path):
    (tmp_path / "run.json").write_text("old")
    with pytest.raises(KeyboardInterrupt):
        fill_and_fail(tmp_path, KeyboardInterrupt, overwrite=True)
    assert names(tmp_path) == ["run.json"]
    assert (tmp_path / "run.json").read_text() == "old"


@pytest.mark.parametrize("stop_at", range(7))
def test_a_move_that_is_interrupted_is_undone(tmp_path, monkeypatch, stop_at):
    # Old: run.json, totals.csv, pieces/9. Six renames: three out, three in; each may be interrupted.
    (tmp_path / "pieces").mkdir()
    (tmp_path / "pieces" / "9.parquet").write_text("old")
    for name in ["run.json", "totals.csv"]:
        (tmp_path / name).write_text("old")
    calls, rename = [], Path.replace

    def interrupted(self, target):
        calls.append(self)
        if len(calls) == stop_at + 1:
            raise KeyboardInterrupt
        return rename(self, target)

    monkeypatch.setattr(Path, "replace", interrupted)
    if stop_at == 6:
        fill(tmp_path, overwrite=True)
        assert (tmp_path / "run.json").read_text() == "new"
        return
    with pytest.raises(KeyboardInterrupt):
        fill(tmp_path, overwrite=True)
    assert names(tmp_path) == ["pieces", "run.json", "totals.csv"]
    assert names(tmp_path / "pieces") == ["9.parquet"]
    assert {(tmp_path / name).read_text() for name in ["run.json", "totals.csv"]} == {"old"}


def test_the_last_file_is_last(tmp_path, monkeypatch):
    order, rename = [], Path.replace

    def noted(self, target):
        order.append(Path(target).name)
        return rename(self, target)

    monkeypatch.setattr(Path, "replace", noted)
    fill(tmp_path / "out")
    assert order == ["pieces", "totals.csv", "run.json"]


def test_a_folder_without_the_last_file_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no run\.json"):
        fill_without_last(tmp_path / "out")
    assert names(tmp_path) == []


def test_a_file_of_that_name_is_refused(tmp_path):
    (tmp_path / "out").write_text("")
    with pytest.raises(NotADirectoryError, match="give another name"):
        fill(tmp_path / "out")


def test_a_folder_reserved_early_is_filled_later(tmp_path):
    with atomic.reserve(tmp_path / "out"):
        fill(tmp_path / "out")
    assert names(tmp_path / "out") == ["pieces", "run.json", "totals.csv"]
    with pytest.raises(FileExistsError), atomic.reserve(tmp_path / "out"):
        pass


HOLD = """
    import sys, time
    from layers import atomic
    with atomic.whole_folder(sys.argv[1], last="run.json") as part:
        (part / "half.csv").write_text("half")
        print("held", flush=True)
        time.sleep(60)
"""


def test_a_second_writer_is_refused_at_once_and_told_who_holds_it(tmp_path):
    holder = python(HOLD, tmp_path / "out")
    try:
        assert holder.stdout.readline() == b"held\n"
        started = time.monotonic()
        with pytest.raises(BlockingIOError, match=f"process {holder.pid} on .* since 20"):
            fill(tmp_path / "out", overwrite=True)
        assert time.monotonic() - started < 5
    finally:
        holder.kill()
        holder.communicate()


def test_after_a_kill_the_folder_can_be_used_again(tmp_path):
    holder = python(HOLD, tmp_path / "out")
    assert holder.stdout.readline() == b"held\n"
    holder.send_signal(signal.SIGKILL)
    holder.communicate()
    assert [n for n in names(tmp_path / "out") if not n.startswith(".")] == []
    fill(tmp_path / "out")
    assert names(tmp_path / "out") == ["pieces", "run.json", "totals.csv"]


def test_an_interrupt_leaves_nothing_behind(tmp_path):
    holder = python(HOLD, tmp_path / "out")
    assert holder.stdout.readline() == b"held\n"
    os.kill(holder.pid, signal.SIGINT)
    holder.communicate(timeout=10)
    assert names(tmp_path) == []
