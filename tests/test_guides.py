"""What the guides say is there: commands and their options, columns, levers, shipped scenarios, fields."""

import itertools
import re
import shlex
import tomllib
from pathlib import Path

import pandas as pd
import pytest
import typer

from corridor import reference
from corridor.accounts.scenarios import LISTS, Scenario, read_scenario, shipped_scenarios
from corridor.accounts.targets import Target
from corridor.cli import app
from corridor.tracks.calllist import FIELDS, CallMapping
from corridor.tracks.calls import COLUMNS

DOCS = Path(__file__).parents[1] / "docs"
GUIDES = ("calls", "berth", "scenarios", "inputs", "ships", "files")
COMMANDS = typer.main.get_command(app).commands


def text_of(guide):
    return (DOCS / f"{guide}.md").read_text(encoding="utf-8")


def calls_in(guide):
    return re.findall(r"^    (corridor [a-z]+ .*)$", text_of(guide), flags=re.MULTILINE)


def words_in(guide, heading):
    """Words in code of the first column of the table under a heading, and of the others."""
    part = text_of(guide).split(f"\n## {heading}\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (`.*?) \| (.*) \|$", part, flags=re.MULTILINE)
    return [(re.findall(r"`(\w+)`", first), re.findall(r"`(\w+)`", rest)) for first, rest in rows]


@pytest.mark.parametrize("guide", GUIDES)
def test_every_command_knows_the_options_that_a_guide_gives_it(guide):
    found = calls_in(guide)
    assert found, guide
    for call in found:
        _, command, *words = shlex.split(re.sub(r"\s{2,}\(.*$", "", call.replace("…", "")))
        known = {
            name for option in COMMANDS[command].params for name in [*option.opts, *option.secondary_opts]
        }
        assert {word for word in words if word.startswith("-")} <= known, call


def test_names_behind_options_are_shipped():
    words = [shlex.split(call) for call in calls_in("scenarios")]
    named = {
        (option, value)
        for call in words
        for option, value in itertools.pairwise(call)
        if option in {"--scenario", "--target"} and not value.endswith(".toml")
    }
    assert len(named) > 3
    for option, value in named:
        assert value in reference.shipped("scenarios" if option == "--scenario" else "targets")


def test_the_guide_lists_every_shipped_scenario_and_target_once():
    listed = [name for names, _ in words_in("scenarios", "Shipped") for name in names]
    assert sorted(listed) == sorted(shipped_scenarios())
    assert all(f"`{name}`" in text_of("scenarios") for name in reference.shipped("targets"))


def test_the_guide_names_every_key_of_every_lever():
    table = {names[0]: set(keys) for names, keys in words_in("scenarios", "A file")}
    assert set(table) == set(LISTS) - {"includes"}
    shared = {"zones", "classes", "source", "note"}
    for lever, named in table.items():
        (kind,) = Scenario.model_fields[lever].annotation.__args__[:1]
        assert set(kind.model_fields) - shared <= named, lever
    said = set(re.findall(r"`(\w+)`", text_of("scenarios").split("## Targets")[1].split("## Per TEU")[0]))
    assert set(Target.model_fields) - {"name_zh"} <= said


def test_files_in_guides_are_read(tmp_path):
    calls, scenario = (
        re.findall(r"^```toml\n(.*?)^```$", text_of(guide), re.MULTILINE | re.DOTALL)[0]
        for guide in ("calls", "scenarios")
    )
    assert CallMapping.model_validate(tomllib.loads(calls)).time.zone == "port"
    (tmp_path / "mine.toml").write_text(scenario, encoding="utf-8")
    assert read_scenario(tmp_path / "mine.toml").speed_cap[0].max_kn == 12


def test_fields_and_columns_of_calls_are_those_of_the_tables():
    fields = [name for names, _ in words_in("calls", "A list of calls") for name in names]
    assert sorted(fields) == sorted(FIELDS)
    columns = {name for names, _ in words_in("calls", "What is found without a list") for name in names}
    assert len(columns) > 15
    assert columns <= set(COLUMNS)


def test_the_rules_that_the_guide_tells_are_in_the_table():
    rules = reference.table("at_berth_rules_2026")
    california = rules[rules["rule"].str.startswith("california")]
    assert set(california["from_arrival_h"]) == {2}
    assert set(california["before_departure_h"]) == {1}
    assert {"2014", "2023", "2025"} <= set(california["from_date"].str[:4])
    china = rules[rules["rule"].str.startswith("china")]
    assert set(china["longer_than_h"]) == {3}
    asked = reference.value("green_flag_2026", item="transits_share")
    assert f"beside the {asked:.0%} that".replace("%", " %") in text_of("berth").replace("\n", " ")
    least = reference.value("control_parameters_2026", parameter="mrv_least_nm")
    assert f"less than {least:,.0f} nm seen" in text_of("berth")
    assert pd.notna(rules["source"]).all()
