"""``corridor report``: a study as a printed report, in English and Chinese, with its pictures."""

import importlib.util
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from corridor.errors import InputError, writing_to
from corridor.outputs import notes
from corridor.outputs.report_chapters import chapters
from corridor.outputs.report_pictures import mark, pictures_of
from corridor.outputs.report_words import LANGUAGES, Words
from corridor.study import Study
from layers import atomic
from maps import report_text, typesetting
from maps.report import Figure, Report

PLACES = ("LB", "SZ")
FIGURES = "figures"


def report_of(study: Study, language: str, port: str | None = None, before: Study | None = None) -> Report:
    """Return a study as a report in one language.

    Parameters
    ----------
    study : Study
        A study, just run or opened from its folder.
    language : str
        ``en`` or ``zh``.
    port : str, optional
        ``LB``: San Pedro Bay, in English in short tons with one decimal and whole tonnes of CO2e. ``SZ``:
        Shenzhen, in metric tonnes. Without one: both and the voyages between.
    before : Study, optional
        Another period of the same waters: what changed each mass is then split into causes.

    Raises
    ------
    InputError
        If the language or the port is unknown.
    """
    if language not in LANGUAGES:
        raise InputError("unknown_language", f"found language '{language}'; expected one of en, zh")
    if port is not None and port not in PLACES:
        raise InputError("unknown_port", f"found port '{port}'; expected LB, SZ, or none for both")
    words, key = Words(language), port or "all"
    pictures = {
        name: replace(figure, name=f"{_stem(study, name)}_{language}")
        for name, figure in pictures_of(study, key, words).items()
    }
    place = words.say("place_corridor" if port is None else f"place_{port}")
    period = words.pick(notes.period(study))
    return Report(
        language=language,
        title=words.pick(notes.title(study)),
        subtitle=words.say("subtitle", period=period, place=place),
        mark=mark(study, words),
        scope=words.say("scope"),
        cite=notes.cite(study),
        page_of=words.say("page_of", page="{page}", pages="{pages}"),
        table_word=words.say("table"),
        figure_word=words.say("figure"),
        blocks=tuple(chapters(study, key, words, pictures, before)),
    )


def write_report(
    study: Study,
    out: str | Path,
    *,
    languages: Sequence[str] = LANGUAGES,
    port: str | None = None,
    before: Study | None = None,
    overwrite: bool = False,
) -> list[Path]:
    """Write a report as PDF, HTML and Markdown with a folder of pictures, whole or not at all.

    Parameters
    ----------
    study : Study
        A study.
    out : path
        A folder for the files.
    languages : sequence of str
        Any of ``en``, ``zh``; one set of files each.
    port, before : str, Study, optional
        See :func:`report_of`.
    overwrite : bool
        Accept a folder that holds files already.

    Returns
    -------
    list of Path
        The files written, PDF first; then the folder of pictures.

    Raises
    ------
    InputError
        ``missing_extra`` where typst is not installed; a language or port that is unknown.
    OutputError
        If the folder cannot be written.
    """
    check_typst()
    out = Path(out)
    # The PDF that is there last says that all is there.
    last = f"{_stem(study, 'report')}_{[*LANGUAGES, *languages][-1]}.pdf"
    with (
        writing_to(out),
        atomic.whole_folder(out, last=last, owned=names(), overwrite=overwrite) as part,
    ):
        fill(study, part, languages=languages, port=port, before=before)
        written = sorted((path.name for path in part.iterdir()), key=lambda name: (name[-4:] != ".pdf", name))
    return [out / name for name in written]


def fill(
    study: Study,
    part: Path,
    *,
    languages: Sequence[str] = LANGUAGES,
    port: str | None = None,
    before: Study | None = None,
) -> None:
    """Write the files of a report into an empty place."""
    (part / FIGURES).mkdir()
    for language in dict.fromkeys(languages):
        made = report_of(study, language, port, before)
        stem = f"{_stem(study, 'report')}_{language}"
        (part / f"{stem}.pdf").write_bytes(typesetting.pdf(made))
        (part / f"{stem}.html").write_text(report_text.html(made), encoding="utf-8")
        (part / f"{stem}.md").write_text(report_text.markdown(made, FIGURES), encoding="utf-8")
        for figure in made.figures:
            _write_figure(part / FIGURES, figure)


def check_typst() -> None:
    """Refuse to begin without the package that sets the pages.

    Raises
    ------
    InputError
        ``missing_extra``.
    """
    if importlib.util.find_spec("typst") is None:
        raise InputError(
            "missing_extra",
            "found no package typst; expected it for the report; "
            "install it: pip install 'corridor-emissions[report]'",
        )


def names() -> tuple[str, ...]:
    """Return every name that a report may write."""
    return tuple(_names())


def _names() -> Iterator[str]:
    yield FIGURES
    for kind in ("", "SIMULATED_", "PLANNED_"):
        for language in LANGUAGES:
            yield from (f"{kind}report_{language}.{ending}" for ending in ("pdf", "html", "md"))


def _stem(study: Study, name: str) -> str:
    """Return a file's name that says what no reader may miss, since pictures travel alone."""
    return f"{'SIMULATED_' if study.simulated else 'PLANNED_' if study.planned else ''}{name}"


def _write_figure(folder: Path, figure: Figure) -> None:
    (folder / f"{figure.name}.svg").write_text(figure.svg, encoding="utf-8")
    (folder / f"{figure.name}.png").write_bytes(typesetting.png(figure.svg))
