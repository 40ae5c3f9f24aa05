"""Pictures of a page for the documentation.

PYTHONPATH=tests python -m browser.pictures out/demo/map.html docs/img
"""

from __future__ import annotations

import io
import sys
import tempfile
import time
from pathlib import Path

from browser.driver import Browser, launch
from PIL import Image

DESKTOP = (1400, 900)
PHONE = (390, 844)
SHEET = (794, 1123)
"""A4 upright in CSS pixels."""


def main(arguments: list[str]) -> None:
    """Take all pictures of the page named first into the folder named second."""
    page, folder = Path(arguments[0]).resolve(), Path(arguments[1])
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as profile:
        browser = launch(Path(profile))
        try:
            take_all(browser, page, folder)
        finally:
            browser.driver.quit()


def take_all(browser: Browser, page: Path, folder: Path) -> None:
    browser.size(*DESKTOP)
    browser.open(page)
    save(browser, folder / "page_en.png")
    for k, button in enumerate(browser.all("#views button[data-port]")):
        button.click()
        save(browser, folder / f"port_{k + 1}_{button.get_attribute('data-port').lower()}.png")
    browser.js("document.querySelector('#top button').click()")
    browser.js("document.getElementById('cell').scrollIntoView()")
    save(browser, folder / "cell.png")
    browser.open(page)
    browser.js("document.getElementById('portsec').scrollIntoView()")
    save(browser, folder / "panels.png")
    browser.open(page, "#l=zh")
    save(browser, folder / "page_zh.png")
    if browser.js("return document.getElementById('scen').options.length") > 1:
        for name, value in (("swipe", "swipe:1"), ("difference", "diff:1")):
            # In a port, where what a scenario changes can be seen.
            browser.open(page, f"#s={value}")
            browser.all("#views button[data-port]")[0].click()
            save(browser, folder / f"{name}.png")
    browser.size(*PHONE, phone=True)
    browser.open(page)
    save(browser, folder / "phone.png")
    printed(browser, page, folder / "print.png")


def printed(browser: Browser, page: Path, target: Path) -> None:
    """Save the first sheet as it is laid out for paper."""
    browser.size(*SHEET)
    browser.open(page)
    browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    browser.js("window.dispatchEvent(new Event('beforeprint'))")
    save(browser, target)
    browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


def save(browser: Browser, target: Path) -> None:
    """Save what is seen; every colour is kept, since the legend is to be read."""
    # Two frames: the one that is drawn now and the one that a move has asked for.
    time.sleep(0.3)
    shot = Image.open(io.BytesIO(browser.driver.get_screenshot_as_png())).convert("RGB")
    shot.save(target, optimize=True)


if __name__ == "__main__":
    main(sys.argv[1:])
