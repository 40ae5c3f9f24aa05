"""The browser and the pages it opens."""

from __future__ import annotations

from pathlib import Path

import pytest
from browser.driver import Browser, launch
from browser.factory import page_data

import corridor
from corridor.outputs.page import page_data as content
from maps.page import PageData, render

DEMO = Path(__file__).resolve().parents[2] / "data" / "demo"
SCENARIOS = ("green_corridor_2030", "e_methanol_container_30_percent")
TARGET = "per_teu_30_percent_2030"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker("browser")


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory):
    """Return one browser for all tests."""
    started = launch(tmp_path_factory.mktemp("profile"))
    yield started
    started.driver.quit()


@pytest.fixture
def browser(chromium: Browser) -> Browser:
    chromium.size(1400, 900)
    return chromium


@pytest.fixture
def alone(tmp_path: Path):
    """Return a browser that has shown nothing yet: what pages before left behind is not this page's."""
    started = launch(tmp_path / "profile")
    started.size(1400, 900)
    yield started
    started.driver.quit()


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory):
    """Return a function that renders a page once and returns its file."""
    made: dict[str, Path] = {}
    folder = tmp_path_factory.mktemp("pages")

    def page(name: str, count: int = 10_000, **options: object) -> Path:
        if name not in made:
            made[name] = folder / f"{name}.html"
            made[name].write_text(render(page_data(count, **options)), encoding="utf-8")
        return made[name]

    return page


@pytest.fixture
def full(pages) -> Path:
    """Ten thousand cells, twelve species, twelve months, three scenarios."""
    return pages("full", scenarios=3)


@pytest.fixture
def large(pages) -> Path:
    """A hundred thousand cells, one scenario, no classes per cell."""
    return pages("large", 100_000, who=False)


@pytest.fixture(scope="session")
def demo_study(tmp_path_factory: pytest.TempPathFactory) -> corridor.Study:
    """Return the study that ships, with two scenarios and a target, naming its made-up ships."""
    return corridor.run_study(
        sorted(DEMO.glob("*.csv.gz")),
        ships=next(DEMO.glob("*ships*.csv")),
        scenarios=SCENARIOS,
        targets=(TARGET,),
        names="all",
        work_dir=tmp_path_factory.mktemp("work"),
    )


@pytest.fixture(scope="session")
def demo_data(demo_study: corridor.Study) -> PageData:
    return content(demo_study)


@pytest.fixture(scope="session")
def demo(demo_data: PageData, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the page of the study that ships."""
    page = tmp_path_factory.mktemp("demo") / "map.html"
    page.write_text(render(demo_data), encoding="utf-8")
    return page


@pytest.fixture
def note(record_property):
    """Return a function that keeps a measured figure for the end of the run."""

    def keep(name: str, value: float, unit: str) -> float:
        record_property("figure", f"{name}: {value:,.0f} {unit}")
        return value

    return keep


@pytest.fixture
def small(pages) -> Path:
    return pages("small", 900, scenarios=2)
