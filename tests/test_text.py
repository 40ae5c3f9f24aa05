"""The choke point: whatever a file holds, a page, a script and a table stay what they were."""

import csv
import html.parser
import io
import json
import re

import jinja2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from maps import text

HOSTILE = (
    '<img src=x onerror="window.PWN=1">',
    "</script><script>window.PWN=1</script>",
    "</title><script>window.PWN=1</script>",
    "${window.PWN=1}",
    "`+(window.PWN=1)+`",
    "{{ 7*7 }}{% if 1 %}{# x #}",
    "\"'><svg onload=window.PWN=1>",
    "\\u003cimg src=x onerror=window.PWN=1\\u003e",
)
anything = st.text(st.characters(codec="utf-8"), max_size=80) | st.sampled_from(HOSTILE)


class Reader(html.parser.HTMLParser):
    """Collects what a browser would take for tags and for text."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.tags, self.text = [], ""

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data


@given(anything)
def test_html_is_read_back_as_the_same_text_and_no_tag(raw):
    reader = Reader()
    reader.feed(f"<p>{text.html(raw)}</p>")
    reader.close()
    assert [tag for tag, _ in reader.tags] == ["p"]
    assert reader.text == text.plain(raw)


@given(anything)
def test_html_in_a_quoted_attribute_adds_no_attribute(raw):
    reader = Reader()
    reader.feed(f'<p title="{text.html(raw)}">')
    assert reader.tags == [("p", {"title": text.plain(raw)})]


@given(anything)
def test_a_template_leaves_html_alone(raw):
    safe = text.html(raw)
    assert jinja2.Template(safe, keep_trailing_newline=True, autoescape=False).render() == safe


@given(anything)
def test_script_json_reads_back_and_cannot_end_its_script(raw):
    written = text.script_json({"name": raw, "list": [raw]})
    assert json.loads(written) == {"name": raw, "list": [raw]}
    assert not re.search("[<>&\u2028\u2029]", written)


def test_script_json_refuses_what_json_cannot_say():
    with pytest.raises(ValueError, match="JSON"):
        text.script_json({"x": float("nan")})


@pytest.mark.parametrize("source", ["a = '</script>'", "b = '</SCRIPT >'", "c = '<!-- x'"])
def test_script_source_cannot_end_its_element(source):
    safe = text.script_source(source)
    assert "</script" not in safe.lower()
    assert "<!--" not in safe


@given(anything)
def test_a_csv_cell_is_no_formula_and_keeps_the_words(raw):
    cell = text.csv_cell(raw)
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert cell.removeprefix("'").endswith(text.plain(raw).removeprefix("'"))
    buffer = io.StringIO()
    csv.writer(buffer).writerow([cell])
    assert next(csv.reader(io.StringIO(buffer.getvalue()))) == [cell]


@given(anything)
def test_plain_text_is_one_line_without_control_or_direction_marks(raw):
    line = text.plain(raw)
    assert len(line.splitlines()) <= 1 or re.search("[\u2028\u2029\x85]", line)
    assert not re.search("[\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069]", line)
    assert text.plain(line) == line


@given(anything)
def test_a_file_stem_is_a_plain_name(raw):
    assert re.fullmatch(r"[a-z0-9_][a-z0-9_-]{0,79}", text.file_stem(raw))


@pytest.mark.parametrize(
    ("raw", "written"),
    [
        *(("49.8", "49.8"), ("1.5) x", "1.5) x"), ("2024", "2024"), ("-0.4", "\\-0.4"), ("+2", "\\+2")),
        *(("1.  Los Angeles", "1\\.  Los Angeles"), ("12) x", "12\\) x"), ("1.", "1\\."), ("= x", "\\= x")),
    ],
)
def test_markdown_shows_numbers_without_a_backslash_and_begins_no_list(raw, written):
    assert text.markdown(raw) == written


@given(st.text(st.sampled_from("012.)-+= a盐"), max_size=8))
def test_every_backslash_in_markdown_stands_before_a_sign_it_can_escape(raw):
    shown = text.markdown(raw)
    assert not re.search(r"\\[^!-/:-@\[-`{-~]", shown)
    assert not re.match(r"[0-9]+[.)](\s|$)", shown)
