"""Answers that a study keeps: what its page, its files and its printed lines all tell is worked out once."""

from collections.abc import Callable, Hashable
from functools import wraps
from inspect import signature
from typing import Any, Concatenate, ParamSpec, TypeVar

import pandas as pd

from corridor.study import Study

Asked = ParamSpec("Asked")
Answer = TypeVar("Answer")


def kept(
    question: Callable[Concatenate[Study, Asked], Answer],
) -> Callable[Concatenate[Study, Asked], Answer]:
    """Let a question about a study be worked out once for each way to ask it.

    A study never changes, so neither does its answer. Of a table every caller is given a copy, which he may
    spoil. An answer is forgotten with its study; errors are not kept.

    Parameters
    ----------
    question : callable
        Its first argument is the study. Lists are taken as tuples; what cannot be compared otherwise, such as
        prices handed in, is worked out anew.
    """
    asked = signature(question)
    name = f"{question.__module__}.{question.__qualname__}"

    @wraps(question)
    def answer(study: Study, /, *args: Asked.args, **options: Asked.kwargs) -> Answer:
        bound = asked.bind(study, *args, **options)
        bound.apply_defaults()
        key = (name, *(_comparable(one) for one in list(bound.arguments.values())[1:]))
        try:
            hash(key)
        except TypeError:
            return question(study, *args, **options)
        if key not in study.answers:
            study.answers[key] = question(study, *args, **options)
        found: Answer = study.answers[key]
        return found.copy() if isinstance(found, pd.DataFrame) else found

    return answer


def _comparable(argument: Any) -> Hashable:
    return tuple(argument) if isinstance(argument, list) else argument
