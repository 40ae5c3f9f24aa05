"""A headless Chromium without a network, and the questions put to a page in it."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ADVICE = "no {} found: install it with  apt-get install chromium chromium-driver"
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-dev-shm-usage",
    "--lang=en-GB",
    "--enable-precise-memory-info",
    "--js-flags=--expose-gc",
    # A page left behind must not count as memory of the next one.
    "--disable-features=BackForwardCache",
    # No name is resolved: a page that asks a host for anything shows it by an error in its log.
    "--host-resolver-rules=MAP * ~NOTFOUND",
)


def find(names: tuple[str, ...], variable: str) -> str:
    """Return the program's path, or raise with the line that installs it: a test fails, it never skips."""
    asked = os.environ.get(variable)
    found = asked or next((path for name in names if (path := shutil.which(name))), None)
    if not found:
        raise FileNotFoundError(ADVICE.format(names[0]))
    return found


class Browser:
    """A page in a browser, and the questions the tests put to it."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        self.driver = driver

    def open(self, path: Path | str, fragment: str = "") -> Browser:
        # A changed fragment alone would not load the page again.
        self.driver.get("about:blank")
        self.logs()
        self.driver.get(f"{path.as_uri() if isinstance(path, Path) else path}{fragment}")
        return self.ready()

    def ready(self) -> Browser:
        until = time.monotonic() + 20
        while time.monotonic() < until:
            state = self.js("return [document.body?.dataset.ready, document.body?.dataset.failed]")
            assert not state[1], state[1]
            if state[0]:
                return self
            time.sleep(0.02)
        raise AssertionError(f"the page was not ready within 20 s: {self.driver.get_log('browser')}")

    def js(self, script: str, *arguments: object) -> object:
        return self.driver.execute_script(script, *arguments)

    def logs(self) -> list[dict[str, object]]:
        return self.driver.get_log("browser")

    def one(self, css: str):
        return self.driver.find_element(By.CSS_SELECTOR, css)

    def all(self, css: str):
        return self.driver.find_elements(By.CSS_SELECTOR, css)

    def text(self, css: str) -> str:
        return str(self.js("return document.querySelector(arguments[0]).textContent", css))

    def choose(self, name: str, value: str) -> None:
        Select(self.one(f"#{name}")).select_by_value(value)

    def month(self, month: int) -> None:
        self.js(
            """const slider = document.getElementById('month');
            slider.value = arguments[0];
            slider.dispatchEvent(new Event('input'))""",
            month,
        )

    def size(self, width: int, height: int, *, phone: bool = False) -> None:
        self.driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": phone},
        )

    def ink(self, layer: str = "grid") -> float:
        """Return the painted share of a canvas [0-1]."""
        return float(
            self.js(
                """const c = document.querySelector(`canvas.${arguments[0]}-canvas`);
                const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
                let k = 0; for (let i = 3; i < d.length; i += 4) if (d[i]) k++;
                return k / (d.length / 4)""",
                layer,
            )
        )


def launch(profile: Path) -> Browser:
    """Start Chromium with an empty profile of its own."""
    options = webdriver.ChromeOptions()
    options.binary_location = find(BROWSERS, "CORRIDOR_CHROMIUM")
    for flag in (*FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    service = Service(find(("chromedriver",), "CORRIDOR_CHROMEDRIVER"))
    return Browser(webdriver.Chrome(options=options, service=service))
