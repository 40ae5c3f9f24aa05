"""A report as PDF, a picture as PNG, set by typst with the program's own fonts.

No text becomes source: the layout, ``assets/report.typ``, is fixed and reads the report as data, so that
``#``, ``$`` or a backslash in the name of a ship is that character and nothing else.
"""

import json
from pathlib import Path
from typing import Any, Literal

from maps import fonts
from maps.report import Block, Bullets, Cards, Figure, Heading, Paragraph, Report, Table

LAYOUT = fonts.PLACE.parent / "report.typ"
# A picture as wide as a screen: 1920 pixels of 960 points. [pixels per inch]
SCREEN_PPI = 144.0
SLIDE = LAYOUT.with_name("figure.typ")


def pdf(report: Report) -> bytes:
    """Return the report as PDF, the same bytes every time."""
    content = {
        **{
            name: fonts.printed(getattr(report, name))
            for name in ("title", "subtitle", "mark", "scope", "cite", "page_of")
        },
        "language": report.language,
        "family": fonts.FAMILY,
        "blocks": [_block(report, block, number) for block, number in report.numbered()],
    }
    text = json.dumps(content, ensure_ascii=False)
    return _compiled(LAYOUT, "pdf", {"content": text})


def png(svg: str) -> bytes:
    """Return a picture of 960 by 540 points as PNG of 1920 by 1080 pixels."""
    return _compiled(SLIDE, "png", {"svg": svg})


def _compiled(layout: Path, kind: Literal["pdf", "png"], inputs: dict[str, str]) -> bytes:
    import typst  # noqa: PLC0415 — of the extra "report"

    return typst.compile(
        layout,
        format=kind,
        ppi=SCREEN_PPI,
        font_paths=[fonts.PLACE],
        ignore_system_fonts=True,
        sys_inputs=inputs,
        timestamp=0,
    )


def _block(report: Report, block: Block, number: int) -> dict[str, Any]:
    """One block as data, every text in characters that the font holds."""
    say = fonts.printed
    match block:
        case Heading():
            return {"kind": "heading", "text": say(block.text), "level": block.level}
        case Paragraph():
            return {"kind": "paragraph", "text": say(block.text), "strong": block.strong}
        case Bullets():
            return {"kind": "bullets", "lines": [say(line) for line in block.lines]}
        case Cards():
            return {"kind": "cards", "cards": [[say(one) for one in card] for card in block.cards]}
        case Table():
            return {
                "kind": "table",
                "caption": f"{report.table_word} {number}",
                "text": say(block.caption),
                "head": [say(one) for one in block.head],
                "rows": [[say(one) for one in row] for row in block.rows],
                "sums": list(block.sums),
                "words": block.words,
                "note": say(block.note),
            }
        case Figure():
            return {
                "kind": "figure",
                "caption": f"{report.figure_word} {number}",
                "text": say(block.caption),
                "svg": block.svg,
                "width": block.width,
            }
