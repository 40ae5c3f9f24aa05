"""The fonts that go with the program: what is printed needs none of the system's."""

from functools import cache
from pathlib import Path

from maps import text

FAMILY = "Corridor Sans"
PLACE = Path(__file__).parent / "assets" / "fonts"
# For pictures opened elsewhere: other fonts that hold Chinese, should ours not be there.
FAMILIES = f"'{FAMILY}', 'Noto Sans SC', 'Noto Sans CJK SC', 'Microsoft YaHei', sans-serif"


@cache
def held() -> frozenset[str]:
    """Characters of the regular weight: Latin, signs, the Chinese of GB 2312.

    >>> {"A", "é", "吨"} <= held()
    True
    """
    return frozenset((PLACE / "characters.txt").read_text(encoding="utf-8"))


def printed(words: object) -> str:
    """Return text from anywhere in characters that the font holds; see `maps.text.printed`.

    >>> printed("NOₓ 氮氧化物")
    'NOx 氮氧化物'
    """
    return text.printed(words, held())
