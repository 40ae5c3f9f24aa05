import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corridor import identity


@pytest.mark.parametrize(
    ("mmsi", "code"),
    [
        (477999101, identity.SHIP),
        (201000000, identity.SHIP),
        (775999999, identity.SHIP),
        (416000000, identity.SHIP),
        (0, identity.INVALID),
        (-1, identity.INVALID),
        (200999999, identity.INVALID),
        (800123456, identity.INVALID),
        (1193046, identity.INVALID),
        (123456789, identity.INVALID),
        (222222222, identity.INVALID),
        (4779991010, identity.INVALID),
        (3669999, identity.NOT_A_SHIP),
        (36699999, identity.NOT_A_SHIP),
        (111366999, identity.NOT_A_SHIP),
        (836699999, identity.NOT_A_SHIP),
        (970999123, identity.NOT_A_SHIP),
        (972123456, identity.NOT_A_SHIP),
        (974123456, identity.NOT_A_SHIP),
        (983669999, identity.NOT_A_SHIP),
        (993669999, identity.NOT_A_SHIP),
    ],
)
def test_number_ranges(mmsi, code):
    assert identity.classify_mmsi([mmsi])[0] == code


# Printed on the ships: UBC SAVANNAH, EVER GIVEN, EMMA MAERSK.
@pytest.mark.parametrize("imo", [9220976, 9811000, 9321483])
def test_numbers_of_real_ships_are_valid(imo):
    assert identity.valid_imo([imo])[0]
    assert identity.parse_imo(f"IMO {imo}") == imo


@given(st.integers(100_000, 999_999))
def test_one_check_digit_of_ten_fits(six):
    ten = six * 10 + np.arange(10)
    found = identity.valid_imo(ten)
    assert found.sum() == (
        0 if six in (123456, 999999) or (len(set(str(six))) == 1 and found.sum() == 0) else 1
    )


@pytest.mark.parametrize(
    "text", ["", "0", "IMO0000000", "1234567", "IMO999901", "IMO1111111", "X", "９２２０９７６"]
)
def test_habits_are_no_numbers(text):
    assert identity.parse_imo(text) == -1
