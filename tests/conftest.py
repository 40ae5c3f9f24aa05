"""Fixtures shared by all tests: real AIS beside the checkout, and a settled Hypothesis profile."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, settings

import corridor

DEMO = Path(__file__).resolve().parents[1] / "data" / "demo"
SHARED_AIS = Path(__file__).resolve().parents[2] / "shared" / "ais"

settings.register_profile(
    "corridor",
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("corridor")


@pytest.fixture(scope="session")
def shared_ais():
    """Folder of real AIS files; where it is missing the summary says so."""
    if not SHARED_AIS.is_dir():
        pytest.skip("REAL AIS MISSING: ../shared/ais does not stand beside the checkout")
    return SHARED_AIS


@pytest.fixture(scope="session")
def work_dir(tmp_path_factory):
    """Where a test process keeps converted positions and the zone index."""
    return tmp_path_factory.mktemp("work")


@pytest.fixture(scope="session")
def demo(work_dir, tmp_path_factory):
    """The demo that ships: its inputs, the study and the folder written from it."""
    inputs = sorted(DEMO.glob("*.csv.gz"))
    (ships,) = DEMO.glob("*ships*.csv")
    study = corridor.run_study(inputs, ships=ships, work_dir=work_dir)
    folder = tmp_path_factory.mktemp("demo") / "out"
    study.to_folder(folder)
    return SimpleNamespace(inputs=inputs, ships=ships, study=study, folder=folder)


def pytest_collection_modifyitems(items):
    for item in items:
        if "shared_ais" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.real_ais)


def pytest_terminal_summary(terminalreporter):
    passed = terminalreporter.stats.get("passed", [])
    figures = sorted({said for report in passed for name, said in report.user_properties if name == "figure"})
    if figures:
        terminalreporter.section("measured")
        for line in figures:
            terminalreporter.line(line)
    missing = [r for r in terminalreporter.stats.get("skipped", []) if "REAL AIS MISSING" in str(r.longrepr)]
    if missing:
        terminalreporter.section("REAL AIS MISSING", sep="!", red=True, bold=True)
        place = "no folder ../shared/ais beside the checkout"
        terminalreporter.line(f"{len(missing)} tests on real AIS did not run: {place}")
