"""Make the two fonts of the report anew: ``python docs/make_font.py FOLDER``; needs fonttools.

FOLDER holds ``NotoSansCJK-Regular.ttc`` and ``NotoSansCJK-Bold.ttc`` of Noto Sans CJK 2.004, as in Debian's
package fonts-noto-cjk. The regular weight keeps Latin, signs and the characters of GB 2312; the bold one what
headings are made of: Latin, signs and the Chinese of our own tables. Both are named anew, since they are no
longer the whole font.
"""

import sys
import unicodedata
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTCollection, TTFont

ROOT = Path(__file__).resolve().parents[1]
ASSETS = ROOT / "maps" / "assets" / "fonts"
FAMILY = "Corridor Sans"
FACE = "Noto Sans CJK SC"
# Latin, Greek and Cyrillic, punctuation, sub- and superscripts, arrows, mathematics, CJK signs, wide forms.
BLOCKS = (
    (0x20, 0x24F),
    (0x370, 0x45F),
    (0x2000, 0x22FF),
    (0x25A0, 0x25CF),
    (0x3000, 0x303F),
    (0xFF00, 0xFFEF),
)


def main(folder: Path) -> None:
    """Write both fonts and the list of the characters that they hold."""
    bold = {*_blocks(), *(ord(c) for c in _vocabulary())}
    regular = _make(folder / "NotoSansCJK-Regular.ttc", bold | _gb2312(), "Regular")
    _make(folder / "NotoSansCJK-Bold.ttc", bold, "Bold")
    held = "".join(chr(code) for code in sorted(regular))
    (ASSETS / "characters.txt").write_text(held, encoding="utf-8")


def _blocks() -> set[int]:
    return {code for first, last in BLOCKS for code in range(first, last + 1)}


def _vocabulary() -> str:
    """Every character of our own tables and texts."""
    files = [*sorted((ROOT / "data").glob("*.csv")), ROOT / "maps" / "assets" / "strings.json"]
    files += sorted((ROOT / "data").glob("*/*.toml"))
    return "".join(path.read_text(encoding="utf-8") for path in files)


def _gb2312() -> set[int]:
    """Chinese characters of GB 2312, rows 16 to 87."""
    found = set()
    for row in range(0xB0, 0xF8):
        for cell in range(0xA1, 0xFF):
            text = bytes((row, cell)).decode("gb2312", errors="ignore")
            found |= {ord(c) for c in text}
    return found


def _make(source: Path, codes: set[int], style: str) -> set[int]:
    collection = TTCollection(source)
    font = next(face for face in collection.fonts if face["name"].getDebugName(4).startswith(FACE))
    options = Options()
    options.hinting = False
    options.desubroutinize = False
    options.layout_features = ["kern", "mark", "ccmp"]
    options.name_IDs = [0, 5, 13, 14]
    options.drop_tables += ["vhea", "vmtx", "VORG", "BASE"]
    subsetter = Subsetter(options)
    subsetter.populate(unicodes={code for code in codes if unicodedata.category(chr(code)) != "Cc"})
    subsetter.subset(font)
    _name(font, style)
    target = ASSETS / f"CorridorSans-{style}.otf"
    font.recalcTimestamp = False
    font.save(target)
    return set(font.getBestCmap())


def _name(font: TTFont, style: str) -> None:
    post = f"CorridorSans-{style}"
    for number, text in ((1, FAMILY), (2, style), (4, f"{FAMILY} {style}"), (6, post)):
        font["name"].setName(text, number, 3, 1, 0x409)
    top = font["CFF "].cff
    top.fontNames = [post]
    top.topDictIndex[0].FullName, top.topDictIndex[0].FamilyName = f"{FAMILY} {style}", FAMILY


if __name__ == "__main__":
    main(Path(sys.argv[1]))
