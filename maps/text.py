"""The one choke point that makes text from data harmless.

A ship's name, a zone's name, a column header: whatever was read from a file may hold markup, template
braces or a spreadsheet formula. Everything that leaves for a page, a script or a table passes one of
these functions, once, at the door.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Container
from typing import Any

# Beyond HTML's five: the characters that jinja2 templates and JavaScript template strings act upon.
_ENTITIES = {ord(c): f"&#{ord(c)};" for c in "&<>\"'{}`$\\"}
# Written as \uXXXX inside JSON, so that no text can end its <script> or be read as a line's end.
_JSON_ESCAPES = {ord(c): f"\\u{ord(c):04x}" for c in "<>&\u2028\u2029"}
# What Markdown, and the HTML in it, act upon.
_MARKDOWN = {ord(c): f"\\{c}" for c in "\\`*_{}[]<>#|~$&!@"}
# Marks that turn the direction of the text around them: a name could rewrite its neighbours.
_BIDI = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\0")


def plain(text: object) -> str:
    r"""Return the text in one line without control or direction-turning characters.

    Examples
    --------
    >>> plain("EVER\x00 GIVEN\n")
    'EVER GIVEN'
    """
    said = str(text)
    # What can be printed holds none of them: nearly every text there is.
    if said.isprintable():
        return said.strip()
    kept = (
        " " if character in "\t\r\n" else character
        for character in said
        if character in "\t\r\n" or (unicodedata.category(character) != "Cc" and character not in _BIDI)
    )
    return "".join(kept).strip()


def html(text: object) -> str:
    """Return the text for an HTML text node or a quoted attribute, inert in templates as well.

    Braces, back-ticks, dollar signs and backslashes become entities: folium's templates evaluate
    ``{{ }}`` in a popup or a title while the map is made, and ``${ }`` runs in the browser.

    Examples
    --------
    >>> html("A&B <b>{{ 7*7 }}</b>")
    'A&#38;B &#60;b&#62;&#123;&#123; 7*7 &#125;&#125;&#60;/b&#62;'
    """
    return plain(text).translate(_ENTITIES)


def script_json(value: Any) -> str:
    r"""Return the value as JSON that can stand inside ``<script type="application/json">``.

    Raises
    ------
    ValueError
        When the value holds NaN or an infinity: JSON has no word for them.

    Examples
    --------
    >>> script_json({"name": "</script>"})
    '{"name":"\\u003c/script\\u003e"}'
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"), sort_keys=True)
    return text.translate(_JSON_ESCAPES)


def script_source(source: str) -> str:
    r"""Return JavaScript that cannot end the ``<script>`` element it is put in.

    Examples
    --------
    >>> script_source("let a = '</script>'")
    "let a = '<\\/script>'"
    """
    escaped = re.sub(r"</(script)", r"<\\/\1", source, flags=re.IGNORECASE)
    return escaped.replace("<!--", "<\\!--")


def printed(text: object, held: Container[str]) -> str:
    """Return the text in characters that a font holds, so that no empty box is printed.

    What the font lacks is written in plainer characters where Unicode knows them (a subscript as a
    figure), else by its number, such as ``[U+1F6A2]``.

    Parameters
    ----------
    text : object
        Text from anywhere.
    held : container of str
        Characters of the font.

    Examples
    --------
    >>> printed("CO₂ 盐田 🚢", set("CO2 盐田[]U+0123456789ABCDEF"))
    'CO2 盐田 [U+1F6A2]'
    """
    return "".join(_held(character, held) for character in plain(text))


def _held(character: str, held: Container[str]) -> str:
    if character in held:
        return character
    simple = unicodedata.normalize("NFKC", character)
    return simple if all(one in held for one in simple) else f"[U+{ord(character):04X}]"


def markdown(text: object) -> str:
    r"""Return the text as one line of Markdown, HTML and links in it inert.

    Examples
    --------
    >>> markdown("# <b>*EVER*</b> | [x](http://y)")
    '\\# \\<b\\>\\*EVER\\*\\</b\\> \\| \\[x\\](http\\://y)'
    >>> markdown("49.8"), markdown("1. Los Angeles")
    ('49.8', '1\\. Los Angeles')
    """
    escaped = plain(text).translate(_MARKDOWN)
    escaped = escaped.replace("://", "\\://").replace("www.", "www\\.")
    escaped = re.sub(r"^([-+=])", r"\\\1", escaped)
    # Of a number only the sign after it may be escaped, and only where a list would begin.
    return re.sub(r"^([0-9]+)([.)])(?=\s|$)", r"\1\\\2", escaped)


def csv_cell(text: object) -> str:
    """Return the text as it may stand in a cell: never a live formula (CWE-1236).

    Examples
    --------
    >>> csv_cell("=HYPERLINK(1)")
    "'=HYPERLINK(1)"
    >>> csv_cell("EVER GIVEN")
    'EVER GIVEN'
    """
    raw = str(text)
    safe = plain(raw)
    guarded = raw.startswith(_FORMULA_STARTS) or safe.startswith(_FORMULA_STARTS)
    return ("'" if guarded else "") + safe


def file_stem(text: object) -> str:
    """Return a file name without extension made of ``[a-z0-9_-]`` only.

    Examples
    --------
    >>> file_stem("../Long Beach: June 2018")
    'long-beach-june-2018'
    """
    stem = re.sub(r"[^a-z0-9_]+", "-", plain(text).lower()).strip("-_")
    return stem[:80] or "corridor"
