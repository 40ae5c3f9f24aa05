"""A report as one page of HTML that needs nothing else, and as Markdown beside a folder of figures."""

from maps import text
from maps.report import Block, Bullets, Cards, Figure, Heading, Paragraph, Report, Table

POLICY = "default-src 'none'; style-src 'unsafe-inline'"
STYLE = """
body { font: 15px/1.5 "Noto Sans", "Noto Sans SC", "Microsoft YaHei", system-ui, sans-serif; color: #1d2b3a;
  max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
.mark { background: #a3201c; color: #fff; font-weight: bold; padding: .5rem .8rem; }
.scope { border-left: 4px solid #2c7a9b; padding-left: .6rem; font-weight: bold; }
table { border-collapse: collapse; width: 100%; font-size: .85rem; margin-top: .3rem; }
caption { text-align: left; padding: .4rem 0; } th, td { padding: .2rem .5rem; text-align: right; }
th.words, td.words { text-align: left; } thead { background: #eef3f6; }
tr { border-bottom: 1px solid #c9d1d9; }
tr.sum { font-weight: bold; } .note, figcaption, footer { color: #5b6775; font-size: .85rem; }
.cards { display: flex; flex-wrap: wrap; gap: .6rem; }
.cards div { background: #eef3f6; padding: .5rem .8rem; }
.cards b { display: block; font-size: 1.3rem; } figure { margin: 1rem 0; }
figure svg { width: 100%; height: auto; }
"""


def html(report: Report) -> str:
    """Return the report as HTML: no script, no address, every text inert.

    Examples
    --------
    >>> empty = Report("en", "Ships <1>", "2026", "", "OGV only", "corridor", "", "Table", "Figure")
    >>> "<h1>Ships &#60;1&#62;</h1>" in html(empty)
    True
    """
    say = text.html
    language = "zh-Hans" if report.language == "zh" else report.language
    mark = f'<p class="mark">{say(report.mark)}</p>' if report.mark else ""
    body = "".join(_html_block(report, block, number) for block, number in report.numbered())
    return (
        f'<!doctype html>\n<html lang="{say(language)}"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{say(report.title)}</title><style>{STYLE}</style></head><body><main>{mark}<h1>{say(report.title)}</h1>"
        f'<p>{say(report.subtitle)}</p><p class="scope">{say(report.scope)}</p>{body}</main>'
        f"<footer>{say(report.cite)}</footer></body></html>\n"
    )


def _html_block(report: Report, block: Block, number: int) -> str:
    say = text.html
    match block:
        case Heading():
            level = block.level + 1
            return f"<h{level}>{say(block.text)}</h{level}>"
        case Paragraph():
            return f"<p>{'<strong>' * block.strong}{say(block.text)}{'</strong>' * block.strong}</p>"
        case Bullets():
            return f"<ul>{''.join(f'<li>{say(line)}</li>' for line in block.lines)}</ul>"
        case Cards():
            cards = (f"<div><b>{say(value)}</b>{say(name)}</div>" for value, name in block.cards)
            return f'<div class="cards">{"".join(cards)}</div>'
        case Table():
            return _html_table(block, f"{report.table_word} {number}")
        case Figure():
            said = f"{say(report.figure_word)} {number}. {say(block.caption)}"
            return f"<figure>{block.svg}<figcaption>{said}</figcaption></figure>"


def _html_table(block: Table, name: str) -> str:
    say = text.html

    def kind(column: int) -> str:
        return ' class="words"' if column < block.words else ""

    heads = "".join(f'<th scope="col"{kind(k)}>{say(one)}</th>' for k, one in enumerate(block.head))
    rows = "".join(
        _row_tag(n in block.sums)
        + "".join(f"<td{kind(k)}>{say(one)}</td>" for k, one in enumerate(row))
        + "</tr>"
        for n, row in enumerate(block.rows)
    )
    note = f'<p class="note">{say(block.note)}</p>' if block.note else ""
    caption = f"<caption><b>{say(name)}.</b> {say(block.caption)}</caption>"
    return f"<table>{caption}<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>{note}"


def _row_tag(is_sum: bool) -> str:
    return '<tr class="sum">' if is_sum else "<tr>"


def markdown(report: Report, folder: str = "figures") -> str:
    r"""Return the report as Markdown with its pictures in a folder beside it.

    Examples
    --------
    >>> empty = Report("en", "Ships *1*", "2026", "", "OGV only", "corridor", "", "Table", "Figure")
    >>> markdown(empty).splitlines()[0]
    '# Ships \\*1\\*'
    """
    say = text.markdown
    parts = [f"# {say(report.title)}", say(report.subtitle), f"**{say(report.scope)}**"]
    if report.mark:
        parts.insert(1, f"**{say(report.mark)}**")
    parts += [_markdown_block(report, block, number, folder) for block, number in report.numbered()]
    return "\n\n".join([*parts, "---", say(report.cite)]) + "\n"


def _markdown_block(report: Report, block: Block, number: int, folder: str) -> str:
    say = text.markdown
    match block:
        case Heading():
            return f"{'#' * (block.level + 1)} {say(block.text)}"
        case Paragraph():
            return f"**{say(block.text)}**" if block.strong else say(block.text)
        case Bullets():
            return "\n".join(f"- {say(line)}" for line in block.lines)
        case Cards():
            return "\n".join(f"- **{say(value)}** {say(name)}" for value, name in block.cards)
        case Table():
            return _markdown_table(block, f"{report.table_word} {number}")
        case Figure():
            said = f"{say(report.figure_word)} {number}. {say(block.caption)}"
            return f"![{say(block.caption)}]({folder}/{block.name}.svg)\n\n*{said}*"


def _markdown_table(block: Table, name: str) -> str:
    say = text.markdown
    rule = [":--" if k < block.words else "--:" for k in range(len(block.head))]
    lines = [[say(one) for one in block.head], rule]
    for number, row in enumerate(block.rows):
        strong = number in block.sums
        lines.append([f"**{say(one)}**" if strong and one else say(one) for one in row])
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    note = f"\n\n{say(block.note)}" if block.note else ""
    return f"**{say(name)}.** {say(block.caption)}\n\n{table}{note}"
