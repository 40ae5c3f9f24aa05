r"""Make ``docs/reliability.md``: the command on a corpus of broken inputs, and what becomes of each fault.

    python docs/make_reliability.py --corpus ../shared/reliability/make_bad_inputs.py \
        --write docs/reliability.md

The corpus's own runner calls ``corridor run`` on every public file and judges what comes out. With ``--said
FILE`` what the runner printed before is taken instead of running it again.
"""

import argparse
import csv
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

LINE = re.compile(r"^(ok  |FAIL) (.+?)\s+(\d+\.\d) s  ?(.*)$")
LIMIT_S = 120


@dataclass(frozen=True)
class Judged:
    """What the runner said of one file."""

    file: str
    passed: bool
    why: str


@dataclass(frozen=True)
class Fault:
    """A fault of AIS inputs, what becomes of it, and the tests that hold it."""

    key: str
    fault: str
    done: str
    tests: str


# Keys as in the list of faults that this programme was measured against.
FAULTS = (
    Fault(
        "F01",
        "nothing in the file, a header alone, no row left",
        "refused: `empty_file`, `no_rows`, `no_valid_rows`",
        "test_ingest::test_refusals_say_file_place_and_cure",
    ),
    Fault(
        "F02",
        "cut, damaged or with a wrong checksum",
        "refused: `truncated_file`, `corrupt_file`; streams are read to their end mark",
        "test_ingest::test_a_cut_stream_is_refused test_formats::test_a_cut_geopackage_is_refused",
    ),
    Fault(
        "F03",
        "several gzip members or Zstandard frames",
        "all are read",
        "test_ingest::test_packing_and_layout_change_nothing",
    ),
    Fault(
        "F04",
        "content and name differ; a virtual file in disguise",
        "told by content; `wrong_format` for what holds no positions; GDAL never guesses",
        "test_formats::test_points_of_every_form_by_any_name "
        "test_formats::test_what_holds_no_positions_is_refused_by_content",
    ),
    Fault(
        "F05",
        "byte-order mark, CRLF, UTF-16, GB18030, Latin-1, NUL bytes",
        "repaired and said; UTF-32 and lone carriage returns refused; rows of NUL dropped or refused",
        "test_formats::test_letters_of_every_kind test_formats::test_utf_32_is_refused "
        "test_formats::test_bytes_that_are_no_table_never_end_in_a_traceback",
    ),
    Fault(
        "F06",
        "semicolons, tabs, bars, decimal commas",
        "detected in the first rows and said; `[file]` of a mapping decides otherwise",
        "test_formats::test_delimiters_and_decimal_commas",
    ),
    Fault(
        "F07",
        "other headers, orders, cases",
        "by name: MarineCadastre old and new, Danish, Spire, Global Fishing Watch; else `missing_column`",
        "test_formats::test_other_known_names test_formats::test_danish_files_begin_with_the_day",
    ),
    Fault(
        "F08",
        "a column missing or doubled, a field too many or too few",
        "refused: `missing_column`, `duplicate_column`, `field_count`; an empty field at the end is ignored",
        "test_ingest::test_refusals_say_file_place_and_cure",
    ),
    Fault(
        "F09",
        "ends inside a row, open quote, endless line",
        "the last row dropped (`incomplete_row`) with a warning; refused: `open_quote`, `line_too_long`",
        "test_ingest::test_a_row_cut_by_the_end_of_the_file_is_dropped",
    ),
    Fault(
        "F10",
        "times with a zone, as epoch, day first, spreadsheet days",
        "zones and epochs read; day or month first is never guessed outside known headers: `bad_time`",
        "test_ingest::test_times_with_zones_and_epochs_are_the_same_moments "
        "test_formats::test_an_order_of_day_and_month_is_never_guessed",
    ),
    Fault(
        "F11",
        "wrong clocks",
        "dropped: `clock_fault`, outside 1998–2100 or few and more than a year from the ship's rest",
        "test_quality::test_years_apart_is_a_wrong_clock test_ingest::test_a_wrong_clock_lengthens_no_study",
    ),
    Fault(
        "F12",
        "disorder, repeats, one time in two places",
        "sorted; dropped: `duplicate`, `conflict`, the less plausible one",
        "test_quality::test_repeated_rows_are_duplicates "
        "test_quality::test_one_time_two_places_keeps_the_plausible_one",
    ),
    Fault(
        "F13",
        "no position, 0/0, out of range, exchanged, 0–360",
        "dropped: `no_position`; a file of nothing else refused; longitudes wrapped and counted",
        "test_ingest::test_a_row_without_identity_time_or_place_is_dropped_and_listed "
        "test_ingest::test_longitudes_from_0_to_360_are_wrapped",
    ),
    Fault(
        "F14",
        "speed, course, heading, status not available",
        "made missing and counted by column; the row stays; speed from positions",
        "test_ingest::test_not_available_becomes_missing_and_is_counted_by_column",
    ),
    Fault(
        "F15",
        "speed that the positions contradict",
        "flagged `sog_mismatch`",
        "test_quality::test_a_speed_that_the_positions_contradict_is_flagged",
    ),
    Fault(
        "F16",
        "teleports, displaced blocks",
        "dropped: `teleport`, `displaced`; a circle sailed at a likely speed is not recognised",
        "test_quality::test_a_teleport_is_dropped_even_at_the_start_and_twice_in_a_row "
        "test_quality::test_a_block_displaced_inside_a_gap_is_not_used",
    ),
    Fault(
        "F17",
        "a position that stands still at speed",
        "flagged `frozen`; no anchorage",
        "test_quality::test_a_position_that_stands_still_at_speed_is_frozen "
        "test_trajectories::test_frozen_fixes_tell_no_place",
    ),
    Fault(
        "F18",
        "on land",
        "dropped: `on_land`, more than 150 nm from any water of the map; ports and rivers nearer stay",
        "test_quality::test_what_is_far_inland_is_no_ship_and_leaves_a_gap",
    ),
    Fault(
        "F19",
        "numbers of no ship",
        "dropped: `invalid_mmsi`, `not_a_ship`",
        "test_identity::test_number_ranges",
    ),
    Fault(
        "F20",
        "one MMSI, two ships",
        "split and flagged `shared_mmsi`; each takes the particulars that its own rows carry",
        "test_quality::test_two_ships_under_one_number_are_told_apart "
        "test_claims::test_each_part_takes_what_its_own_rows_carry",
    ),
    Fault(
        "F21",
        "one ship, two MMSI",
        "one ship by its IMO number",
        "test_ingest::test_ships_are_told_apart_by_imo_and_mmsi",
    ),
    Fault(
        "F22",
        "IMO numbers that are none",
        "made missing by check digit and a list of habits; the ship's commonest counts",
        "test_identity::test_habits_are_no_numbers test_identity::test_one_check_digit_of_ten_fits",
    ),
    Fault(
        "F23",
        "absurd or missing particulars",
        "made missing; the commonest of the ship, else imputed with its provenance",
        "test_ships::test_provenance_of_a_guessed_ship "
        "test_ships::test_only_cargo_types_become_container_ships",
    ),
    Fault(
        "F24",
        "one fix, no length, moored all day",
        "listed without hours; hours at berth in full",
        "test_trajectories::test_a_single_fix_has_no_segment_and_is_counted "
        "test_trajectories::test_a_moored_ship_is_one_stay_without_length",
    ),
    Fault(
        "F25",
        "180°, the pole",
        "no jump; no line around the world",
        "test_quality::test_180_degrees_is_no_jump_and_missing_speed_no_fault "
        "test_quality::test_the_pole_is_no_jump "
        "test_outputs::test_no_geometry_crosses_180",
    ),
    Fault(
        "F26",
        "holes of hours to weeks",
        "filled at sea and marked, or left as unobserved hours with a reason",
        "test_gaps::test_filled_legs_cross_no_land_and_every_hole_is_filled_or_has_a_reason",
    ),
    Fault(
        "F27",
        "control and direction marks, endless names, NA and NULL",
        "cleaned, cut at 120 letters; words stay words",
        "test_ingest::test_text_is_kept_as_text_and_made_harmless",
    ),
    Fault(
        "F28",
        "HTML, script, templates, formulas in text",
        "inert in page, tables and file names",
        "test_outputs::test_names_are_inert_in_the_page test_outputs::test_names_are_inert_in_tables",
    ),
    Fault(
        "F29",
        "NMEA: checksums, lost parts, no time, other sentences, type 27",
        "dropped by reason; no time at all: refused (`no_time`); type 27 only where nothing better is near",
        "test_nmea::test_faults_are_counted_by_reason "
        "test_nmea::test_a_coarse_position_stays_only_where_no_better_is_near "
        "test_nmea::test_any_damage_leaves_every_sentence_accounted_for",
    ),
    Fault(
        "F30",
        "GeoPackage: other systems, none, several layers, odd names, empty",
        "reprojected; refused: `no_crs`, `several_layers` (name `file.gpkg#layer`), `no_geometry`, `no_rows`",
        "test_formats::test_other_systems_of_coordinates_are_brought_to_degrees "
        "test_formats::test_of_several_layers_one_is_named",
    ),
    Fault(
        "F31",
        "archives that reach outside, bombs, mixtures, nested",
        "refused: `unsafe_member`, `decompression_bomb`, `unlike_members`, `wrong_format`, `unsafe_xml`",
        "test_archives::test_archives_that_are_refused test_ingest::test_a_bomb_is_refused "
        "test_formats::test_an_xml_bomb_is_refused_at_once",
    ),
    Fault(
        "F32",
        "huge files",
        "read in blocks, kept in buckets of a million rows; GeoJSON in an archive up to 512 MiB",
        "test_ingest::test_blocks_and_buckets_of_any_size_hold_the_same_rows",
    ),
)


def run_corpus(script: Path, folder: Path) -> str:
    """Return what the corpus's runner prints of ``corridor run`` on each public file."""
    command = f"{shlex.quote(str(Path(sys.executable).parent / 'corridor'))} run {{input}} --out {{out}}"
    call = [sys.executable, str(script), str(folder), "--public", "--report", "run.json"]
    done = subprocess.run(  # noqa: S603 - the corpus's own script, named by whoever calls this
        [*call, "--limit", str(LIMIT_S), "--run", command], capture_output=True, text=True, check=False
    )
    return done.stdout


def judgements(said: str) -> list[Judged]:
    r"""Read the runner's lines.

    >>> judgements("ok   clean.csv          3.1 s  \nFAIL cut.gz     0.2 s  accepted")[1]
    Judged(file='cut.gz', passed=False, why='accepted')
    """
    found = (LINE.match(line) for line in said.splitlines())
    return [Judged(match[2].strip(), match[1] == "ok  ", match[4].strip()) for match in found if match]


def manifest(folder: Path, script: Path) -> dict[str, dict[str, str]]:
    """Return the corpus's own words on each public file."""
    place = folder / "public" / "manifest.csv"
    if not place.is_file():
        call = [sys.executable, str(script), str(folder), "--public"]
        subprocess.run(call, capture_output=True, check=True)  # noqa: S603 - as above
    with place.open(encoding="utf-8", newline="") as file:
        return {row["file"]: row for row in csv.DictReader(file)}


def document(judged: Sequence[Judged], told: dict[str, dict[str, str]]) -> str:
    """Write the page."""
    passed = sum(item.passed for item in judged)
    lines = [
        "# Broken inputs",
        "",
        "Made by `docs/make_reliability.py`; not written by hand.",
        "",
        _score(passed, len(judged)),
        "",
        "## File by file",
        "",
        "| file | what is wrong with it | expected | found |",
        "|---|---|---|---|",
    ]
    for item in judged:
        row = told.get(item.file, {})
        found = "as expected" if item.passed else f"**not so**: {item.why[:200]}"
        cells = (item.file, row.get("fault", ""), row.get("expected", ""), found)
        lines.append("| " + " | ".join(_cell(cell) for cell in cells) + " |")
    lines += ["", "## Fault by fault", "", "Codes in `code style` are the reasons that `run.json`,"]
    lines += ["`input_report.csv` and messages use.", "", "| | fault | what becomes of it | held by |"]
    lines += ["|---|---|---|---|"]
    for fault in FAULTS:
        held = "<br>".join(f"`{test}`" for test in fault.tests.split())
        lines.append(f"| {fault.key} | {fault.fault} | {fault.done} | {held} |")
    return "\n".join([*lines, ""])


def _score(passed: int, files: int) -> str:
    return (
        f"**{passed} of {files}** public files of the corpus end as its manifest says, judged by its "
        "own runner: exit status, one line instead of a traceback, no result left by a refusal, rows in = "
        "kept + dropped, the exact number dropped, hours to 1e-3, nautical miles to 1 %, and totals equal to "
        "1e-9 to those of the undamaged twin. The corpus, which stands beside the checkout and is not part "
        "of it, is synthetic: ships and tracks are invented."
    )


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the corpus and write the page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--corpus", type=Path, required=True, help="the script that writes the corpus")
    parser.add_argument("--write", type=Path, required=True)
    parser.add_argument("--said", type=Path, help="what its runner printed before")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as place:
        said = options.said.read_text(encoding="utf-8") if options.said else ""
        judged = judgements(said or run_corpus(options.corpus, Path(place)))
        if not judged:
            raise RuntimeError("the runner judged no file; call it by hand and see what it prints")
        text = document(judged, manifest(Path(place), options.corpus))
    options.write.write_text(text, encoding="utf-8", newline="\n")
    return 0 if all(item.passed for item in judged) else 1


if __name__ == "__main__":
    sys.exit(main())
