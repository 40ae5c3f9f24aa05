"""Small TOML files that people write: read, checked against a model, and refused by key and line."""

import json
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

import pydantic

from corridor.errors import InputError


class Part(pydantic.BaseModel):
    """A table of a scenario file: unknown keys are refused, values keep their types, nothing can change."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True, strict=True)


Model = TypeVar("Model", bound=Part)


def read_checked(path: Path, model: type[Model]) -> Model:
    """Read a TOML file as a model.

    Parameters
    ----------
    path : Path
        File.
    model : type of Part
        What it must hold.

    Raises
    ------
    InputError
        If it is no TOML, or holds a key or value that is not expected; the message names key and line.
    """
    try:
        text = path.read_text(encoding="utf-8")
        content = tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(
            "bad_settings", f"{path.name}: {error}; expected a TOML file such as those that ship in data"
        ) from None
    try:
        # As JSON, lists are tuples and whole numbers are numbers, but "12" is none.
        return model.model_validate_json(json.dumps(content, default=str))
    except pydantic.ValidationError as error:
        raise _explained(path, text, error, model) from None


def _explained(
    path: Path, text: str, error: pydantic.ValidationError, model: type[pydantic.BaseModel]
) -> InputError:
    """Say the first fault in one line: where it stands, what was found, what was expected."""
    first = error.errors(include_url=False)[0]
    keys = [str(part) for part in first["loc"]]
    named = ".".join(key for key in keys if not key.isdigit())
    line = _line_of(text, keys)
    found = "no value" if first["type"] == "missing" else repr(first["input"])[:60]
    wanted = first["msg"][0].lower() + first["msg"][1:]
    if first["type"] == "extra_forbidden":
        found, wanted = f"the key '{keys[-1]}'", f"expected one of: {', '.join(_known(keys[:-1], model))}"
    return InputError(
        "bad_settings", f"{path.name}, line {line}, key '{named}': found {found}; {wanted}; correct the line"
    )


def _known(keys: Sequence[str], model: Any) -> list[str]:
    """Keys that a table may have."""
    for key in keys:
        if not key.isdigit():
            (model,) = [arg for arg in model.model_fields[key].annotation.__args__ if arg is not ...]
    return list(model.model_fields)


def _line_of(text: str, keys: Sequence[str]) -> int:
    """Line on which a key, or the table it is missing from, stands; counted from one."""
    lines = [line.strip() for line in text.splitlines()]
    first, last, place = 0, len(lines), 1
    wanted = list(keys)
    while wanted:
        key = wanted.pop(0)
        if wanted and wanted[0].isdigit():
            heads = [n for n, line in enumerate(lines) if line == f"[[{key}]]"]
            number = int(wanted.pop(0))
            if number >= len(heads):
                break
            first, place = heads[number], heads[number] + 1
            after = (n for n in range(first + 1, len(lines)) if lines[n].startswith("["))
            last = next(after, len(lines))
        else:
            named = (n for n in range(first, last) if lines[n].split("=")[0].strip() == key)
            place = next(named, place - 1) + 1
    return place
