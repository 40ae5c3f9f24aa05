"""Scenario and target files: what is wrong is named by key and line; what ships is sound."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corridor.accounts.scenarios import Scenario, read_scenario, read_scenarios, shipped_scenarios
from corridor.accounts.targets import read_target, shipped_targets
from corridor.errors import InputError
from corridor.tracker import verdict


@pytest.fixture
def written(tmp_path):
    def put(text, name="mine.toml"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return put


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            'name = "x"\n[[speed_cap]]\nmax_kn = "a"\nsource = "s"\n',
            "line 3, key 'speed_cap.max_kn': found 'a'",
        ),
        ('name = "x"\nfoo = 1\n', "line 2, key 'foo': found the key 'foo'; expected one of: name, name_zh"),
        (
            'name = "x"\n\n[[fuel]]\nfuel = "lng"\nsource = "a"\n[[fuel]]\nsource = "b"\n',
            "line 6, key 'fuel.fuel': found no value",
        ),
        (
            'name = "x"\n' + '[[fuel]]\nfuel = "lng"\nsource = "a"\n' * 2 + "share = 2\n",
            "line 8, key 'fuel.share': found 2",
        ),
        ('name = "x"\n[[fuel]]\nfuel = "lng"\n', "key 'fuel.source': found no value"),
        ('name = "x"\n[[growth]]\ncargo_percent = "12"\nsource = "s"\n', "found '12'"),
        ("x = \n", "expected a TOML file"),
        ('name = ""\n', "line 1, key 'name'"),
        ('name = "x"\nincludes = ["nowhere"]\n', "found no scenario 'nowhere'"),
    ],
)
def test_a_fault_is_named_by_key_and_line(written, text, said):
    with pytest.raises(InputError, match=r"mine\.toml|nowhere") as fault:
        read_scenario(written(text))
    assert said in fault.value.message
    assert "\n" not in fault.value.message


def test_a_scenario_that_includes_itself_is_refused(written):
    path = written('name = "x"\nincludes = ["mine.toml"]\n')
    with pytest.raises(InputError, match="includes itself"):
        read_scenario(path)


def test_includes_come_first_and_from_beside(written):
    written('name = "base"\n[[growth]]\ncargo_percent = 10\nsource = "s"\n', "base.toml")
    path = written('name = "x"\nincludes = ["base"]\n[[growth]]\ncargo_percent = 5\nsource = "s"\n')
    assert [lever.cargo_percent for lever in read_scenario(path).growth] == [10.0, 5.0]
    assert read_scenario(path).growth_factor == pytest.approx(1.1 * 1.05)


def test_two_scenarios_of_one_name_are_refused():
    with pytest.raises(InputError, match="twice"):
        read_scenarios(["just_in_time", "just_in_time"])
    with pytest.raises(InputError, match="'baseline' twice"):
        read_scenarios([Scenario(name="Baseline")])


@given(st.text(min_size=1))
def test_a_key_is_always_a_plain_word(name):
    key = Scenario(name=name).key
    assert key
    assert all(c.isascii() and (c.isalnum() or c == "_") for c in key)


def test_all_that_ships_reads_and_names_itself():
    assert len(shipped_scenarios()) >= 12
    for name in shipped_scenarios():
        assert read_scenario(name).name_zh
    for name in shipped_targets():
        assert read_target(name).name_zh


def test_a_target_of_a_terminal_is_not_one_of_ships(written):
    text = 'name = "t"\nboundary = "terminal_scopes_1_2"\nreduction_percent = 30\n'
    text += 'target_year = 2030\nsource = "s"\n'
    with pytest.raises(InputError, match="boundary terminal_scopes_1_2"):
        read_target(written(text))
    with pytest.raises(InputError, match="found no target 'moon'"):
        read_target("moon")
    with pytest.raises(InputError, match="line 3, key 'reduction_percent'"):
        read_target(written(text.replace("= 30", "= 300")))


@given(st.floats(-60, 20), st.floats(0, 15), st.floats(0, 15), st.floats(-50, -5))
def test_a_verdict_is_certain_only_where_the_interval_is_on_one_side(percent, below, above, goal):
    low, high = percent - below, percent + above
    found = verdict(low, high, goal)
    assert (found == "reached") == (high <= goal)
    assert (found == "not reached") == (low > goal)


@pytest.mark.parametrize("name", shipped_scenarios())
def test_every_shipped_scenario_speaks_both_languages(name):
    one = read_scenario(name)
    assert one.name
    assert one.description
    for chinese in (one.name_zh, one.description_zh):
        assert any("\u4e00" <= sign <= "\u9fff" for sign in chinese)
