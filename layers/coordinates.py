"""Places as people write them: signs or letters, degrees with minutes and seconds, longitudes to 360."""

import math
import re

from layers.geodesy import wrap_longitude

LETTERS = {"N": (0, 1), "S": (0, -1), "E": (1, 1), "W": (1, -1)}
CHINESE = {"北": "N", "南": "S", "东": "E", "西": "W", "東": "E"}
MOST = (90.0, 360.0)
NAMES = ("latitude", "longitude")
FORMS = "22.57,114.27 or 33°45.1'N 118°12.7'W or 33.75,241.79"

_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?")
_OTHER = re.compile(r"[\d\s.,;:+\-°º'’′\"”″NSEW/]*")


def looks_like_place(text: str) -> bool:
    """Whether a text can only be meant as coordinates.

    >>> [looks_like_place(text) for text in ("33.7, -118.2", "N22 34 E114 16", "Pier 300", "Long Beach")]
    [True, True, False, False]
    """
    plain = _plain(text)
    return bool(_OTHER.fullmatch(plain)) and any(character.isdigit() for character in plain)


def place_of(text: str) -> tuple[float, float]:
    r"""Return latitude and longitude in ±180 of a place in words. [degrees].

    Latitude comes first unless letters say otherwise; longitudes may run from -180 to 180 or from 0 to 360.

    Raises
    ------
    ValueError
        If it is no place on the sphere, or can be read in two ways.

    Examples
    --------
    >>> place_of("33.75, 241.79")
    (33.75, -118.21...)
    >>> place_of("118°12'36\"W 33°45'N")
    (33.75, -118.21)
    >>> place_of("-118W, 33N")
    Traceback (most recent call last):
    ValueError: found '-118W': a sign and a letter; expected one of them
    """
    found = [_one(half) for half in _halves(_plain(text))]
    axes = [axis if axis is not None else place for place, (axis, _) in enumerate(found)]
    if sorted(axes) != [0, 1]:
        raise ValueError(f"found '{text}'; expected one latitude and one longitude, such as {FORMS}")
    value = dict(zip(axes, (number for _, number in found), strict=True))
    for axis in (0, 1):
        if not abs(value[axis]) <= MOST[axis]:
            raise ValueError(f"found {NAMES[axis]} {value[axis]:g}; expected at most {MOST[axis]:g} degrees")
    return value[0], float(wrap_longitude(value[1]))


def _plain(text: str) -> str:
    for sign, letter in CHINESE.items():
        text = text.replace(sign, letter)
    return text.replace("纬", "").replace("经", "").replace("，", ",").upper().strip()


def _halves(text: str) -> tuple[str, str]:
    """The two parts of a place: at a comma, at the letters, or in the middle of the numbers."""
    parts = [part for part in re.split(r"[,;/]", text) if part.strip()]
    if len(parts) == 2:
        return parts[0], parts[1]
    letters = [match.start() for match in re.finditer("[NSEW]", text)]
    if len(parts) == 1 and len(letters) == 2:
        cut = letters[1] if text[0] in LETTERS else letters[0] + 1
        return text[:cut], text[cut:]
    numbers = list(_NUMBER.finditer(text))
    if len(parts) == 1 and not letters and len(numbers) in (2, 4, 6):
        cut = numbers[len(numbers) // 2].start()
        return text[:cut], text[cut:]
    raise ValueError(f"found '{text}'; expected a latitude and a longitude, such as {FORMS}")


def _one(text: str) -> tuple[int | None, float]:
    """Axis, where a letter says it, and degrees of one part."""
    letters = [character for character in text if character in LETTERS]
    numbers = [float(number) for number in _NUMBER.findall(text)]
    if len(letters) > 1 or not 1 <= len(numbers) <= 3:
        raise ValueError(f"found '{text.strip()}'; expected degrees, or degrees, minutes and seconds")
    degrees, *finer = numbers
    if any(not 0 <= number < 60 for number in finer) or (finer and degrees % 1):
        raise ValueError(f"found '{text.strip()}'; expected whole degrees, minutes and seconds under 60")
    if letters and set("+-") & set(text):
        raise ValueError(f"found '{text.strip()}': a sign and a letter; expected one of them")
    size = abs(degrees) + sum(number / 60.0 ** (place + 1) for place, number in enumerate(finer))
    if not letters:
        return None, math.copysign(size, -1.0 if text.strip().startswith("-") else 1.0)
    axis, sign = LETTERS[letters[0]]
    return axis, sign * size


def written(lat: float, lon: float) -> str:
    """Write a place as people say it.

    >>> written(33.7523, -118.2120)
    '33.7523 N 118.2120 W'
    """
    return f"{abs(lat):.4f} {'N' if lat >= 0 else 'S'} {abs(lon):.4f} {'E' if lon >= 0 else 'W'}"
