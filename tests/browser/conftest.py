"""The browser and the pages it opens."""

from __future__ import annotations

from pathlib import Path

import pytest
from browser.driver import Browser, launch
from browser.factory import page_data

from maps.page import render


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


@pytest.fixture
def small(pages) -> Path:
    return pages("small", 900, scenarios=2)
