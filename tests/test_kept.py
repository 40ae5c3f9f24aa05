"""What a study was asked already: worked out once, and nobody can spoil it for the next."""

from dataclasses import replace

import pandas as pd
import pytest

from corridor.errors import InputError
from corridor.intensity import per_teu
from corridor.kept import kept
from corridor.outputs.settling import settled


@pytest.fixture
def study(demo):
    """The demo as it was before anybody asked."""
    return replace(demo.study)


def counted():
    """A question that counts how often it is worked out."""
    asked = []

    @kept
    def question(study, factor=1.0, names=()):
        asked.append((factor, names))
        return pd.DataFrame({"hours": study.ledger.rows["hours_ms"] * factor})

    return question, asked


def test_an_answer_is_worked_out_once_for_each_way_to_ask(study):
    question, asked = counted()
    first = question(study)
    pd.testing.assert_frame_equal(question(study, 1.0), first)
    pd.testing.assert_frame_equal(question(study, names=[]), first)
    assert len(asked) == 1
    assert (question(study, 2.0)["hours"] == 2.0 * first["hours"]).all()
    assert len(asked) == 2
    question(replace(study))
    assert len(asked) == 3, "another study is asked anew"


def test_what_cannot_be_compared_is_worked_out_anew(study):
    question, asked = counted()
    first = question(study, names=({},))
    pd.testing.assert_frame_equal(question(study, names=({},)), first)
    assert len(asked) == 2


def test_who_spoils_a_table_spoils_his_own(study):
    question, _ = counted()
    whole = question(study)["hours"].sum()
    mine = question(study)
    mine["hours"] = 0.0
    assert question(study)["hours"].sum() == whole > 0


def test_an_error_is_raised_each_time(study):
    @kept
    def question(_):
        raise InputError("no_answer", "found none")

    for _ in range(2):
        with pytest.raises(InputError, match="found none"):
            question(study)
    assert study.answers == {}


def test_answers_are_those_of_a_study_that_never_kept_any(study):
    pd.testing.assert_frame_equal(per_teu(study), per_teu.__wrapped__(study))
    pd.testing.assert_frame_equal(per_teu(study, 0.5), per_teu.__wrapped__(study, level=0.5))
    assert not per_teu(study).equals(per_teu(study, 0.5))


def test_a_study_is_settled_once(study):
    assert settled(study) is settled(study)
