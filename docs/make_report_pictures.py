"""Take the pictures of the demo's report: ``python docs/make_report_pictures.py STUDY docs/img``.

Two pages side by side in each language, from the PDF, by poppler's ``pdftoppm``.
"""

import io
import subprocess
import sys
from pathlib import Path

from PIL import Image

from corridor.outputs.report import report_of
from corridor.outputs.store import open_study
from maps.typesetting import pdf

# The cover, and the page of masses after the calls.
PAGES = (1, 3)
DPI = 72
COLOURS = 192


def main(study: Path, folder: Path) -> None:
    """Write ``report_en.png`` and ``report_zh.png``."""
    opened = open_study(study)
    for language in ("en", "zh"):
        made = pdf(report_of(opened, language))
        sheets = [_page(made, number) for number in PAGES]
        both = Image.new("RGB", (sum(one.width for one in sheets), sheets[0].height), "white")
        for place, one in enumerate(sheets):
            both.paste(one, (place * sheets[0].width, 0))
        small = both.quantize(COLOURS, dither=Image.Dither.NONE)
        small.save(folder / f"report_{language}.png", optimize=True)


def _page(made: bytes, number: int) -> Image.Image:
    command = ["pdftoppm", "-r", str(DPI), "-png", "-f", str(number), "-l", str(number), "-"]
    done = subprocess.run(command, input=made, capture_output=True, check=True)  # noqa: S603 — our own words
    return Image.open(io.BytesIO(done.stdout)).convert("RGB")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
