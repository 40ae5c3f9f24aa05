"""Questions that several checks put to a page."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path

from browser.driver import Browser

AXE = Path(__file__).parent / "assets" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
READY = "return [corridorPage.readyMs, performance.getEntriesByType('paint').map(p => p.startTime)[0]]"


def requests(browser: Browser) -> list[str]:
    """Return addresses asked for since the last look that are neither the file nor inline data."""
    asked = []
    for entry in browser.driver.get_log("performance"):
        message = json.loads(entry["message"])["message"]
        if message["method"] == "Network.requestWillBeSent":
            asked.append(message["params"]["request"]["url"])
    return [url for url in asked if not url.startswith(("file:", "data:", "blob:", "about:"))]


def use_everything(browser: Browser) -> None:
    browser.choose("pol", "nox")
    browser.choose("unit", "kg")
    browser.month(1)
    for value in scenarios(browser):
        browser.choose("scen", value)
    browser.choose("lang", "zh")
    browser.choose("sys", "sulphur")
    browser.one("#play").click()
    browser.one("#play").click()
    for box in browser.all("#layers input"):
        browser.js("arguments[0].click()", box)
    for button in browser.all("#views button, #top li:first-child button, #csv, #csvtotals, #png"):
        browser.js("arguments[0].click()", button)


def scenarios(browser: Browser) -> list[str]:
    return [option.get_attribute("value") for option in browser.all("#scen option")]


def figure(text: str) -> float:
    return float(re.sub(r"[^\d.−-]", "", text).replace("−", "-"))


def total(browser: Browser) -> float:
    # The bounds stand in the same cell, below the figure.
    return figure(
        str(browser.js("return document.querySelector('#zt tbody tr td.n').firstChild.textContent"))
    )


def violations(browser: Browser) -> list[object]:
    # Handed over by the debugging protocol: the page's policy forbids foreign scripts, as it should.
    browser.driver.execute_cdp_cmd("Runtime.evaluate", {"expression": AXE.read_text(encoding="utf-8")})
    return browser.driver.execute_async_script(
        """const done = arguments[arguments.length - 1];
        axe.run(document, { runOnly: arguments[0] }).then(
          r => done(r.violations.map(v => [v.id, v.nodes.map(n => n.target.join(' ')).slice(0, 3)])),
          e => done([String(e)]))""",
        RULES,
    )


def visible_words(browser: Browser) -> list[str]:
    return browser.js(
        """const out = [document.title];
        const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
        while (walk.nextNode()) {
          const e = walk.currentNode.parentElement;
          if (!e.closest('script, style, noscript, #lang')) out.push(walk.currentNode.textContent);
        }
        for (const e of document.querySelectorAll('[aria-label], [title], [aria-valuetext], [placeholder]'))
          out.push(...['aria-label', 'title', 'aria-valuetext', 'placeholder'].map(
            name => e.getAttribute(name) || ''));
        return out"""
    )


def printed_pages(browser: Browser) -> int:
    """Return the sheets that paper takes."""
    said = {"printBackground": True, "preferCSSPageSize": True}
    pdf = base64.b64decode(browser.driver.execute_cdp_cmd("Page.printToPDF", said)["data"])
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


def sums_of_months(browser: Browser) -> list[float]:
    """Return the masses of all drawn cells over the period and in each month. [kg]"""
    return browser.js(
        """const p = corridorPage, out = [];
        const last = document.getElementById('month').max;
        for (let m = 0; m <= last; m++) {
          p.S.month = m; let s = 0;
          for (let i = 0; i < p.cells.n; i++) s += p.cellMass(i, 0);
          out.push(s);
        }
        p.S.month = 0; return out"""
    )
