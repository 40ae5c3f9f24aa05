"""Bytes of a text file to letters: UTF-8, UTF-16 with or without its mark, GB18030, Latin-1; a stated guess.

Whether a file is UTF-8 or UTF-16 can be seen. What is neither is read as GB18030 where its high bytes stand
in pairs as Chinese characters do, else as Latin-1, which gives each byte a letter: only names can come out
wrong.
"""

import codecs
import re

from corridor.errors import InputError

# With each encoding the length of the mark before the text.
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
PAIR = re.compile(rb"[\x81-\xfe][\x40-\x7e\x80-\xfe]|[\x80-\xff]")
# Characters in use: lead and trail byte of the first standard set, GB 2312.
COMMON = re.compile(rb"[\xa1-\xf7][\xa1-\xfe]")
COMMON_SHARE = 0.9


def of_start(head: bytes, name: str) -> tuple[str, int]:
    """Return the encoding that the first bytes show, ``utf-8`` if none does, and the length of its mark.

    Raises
    ------
    InputError
        ``bad_encoding`` for UTF-32.

    Examples
    --------
    >>> of_start("MMSI".encode("utf-16-le"), "a.csv"), of_start(b"MMSI", "b.csv")
    (('utf-16-le', 0), ('utf-8', 0))
    """
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise InputError("bad_encoding", f"{name}: found UTF-32; expected UTF-8; save the file as UTF-8")
    for mark, encoding in MARKS:
        if head.startswith(mark):
            return encoding, len(mark)
    letters = head[: len(head) // 2 * 2]
    if len(letters) >= 4:
        even, odd = letters[0::2], letters[1::2]
        if not any(odd) and all(even):
            return "utf-16-le", 0
        if not any(even) and all(odd):
            return "utf-16-be", 0
    return "utf-8", 0


def of_text(block: bytes) -> str:
    """Return the encoding of a block: ``utf-8`` if it is valid, else ``gb18030`` or ``latin-1``.

    >>> [of_text("中远 SHENZHEN".encode(code)) for code in ("utf-8", "gb18030")]
    ['utf-8', 'gb18030']
    >>> of_text("KØBENHAVN".encode("latin-1"))
    'latin-1'
    """
    if block.isascii():
        return "utf-8"
    try:
        codecs.utf_8_decode(block, "strict", False)
    except UnicodeDecodeError:
        return "gb18030" if _in_pairs(block) else "latin-1"
    return "utf-8"


def _in_pairs(block: bytes) -> bool:
    """Whether nearly all high bytes stand in pairs that Chinese text in GB 2312 has."""
    found = PAIR.findall(block)
    common = sum(1 for pair in found if COMMON.fullmatch(pair))
    try:
        codecs.getincrementaldecoder("gb18030")().decode(block)
    except UnicodeDecodeError:
        return False
    return common >= COMMON_SHARE * len(found)
