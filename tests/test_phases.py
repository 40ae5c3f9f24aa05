"""What a ship was doing."""

import numpy as np
import pytest

from corridor.emissions.phases import AT_BERTH, DRIFTING, PHASES, phase_of, phase_rules
from corridor.emissions.places import places
from corridor.errors import InputError, ReferenceDataError
from corridor.reference import zones

RULES = phase_rules()

# zone             at rest      0.5 kn       2 kn           4 kn           12 kn, 30 %    20 kn, 80 %
DRAWN = """
  berth            at_berth     at_berth     manoeuvring    manoeuvring    manoeuvring    manoeuvring
  port_area        at_berth     manoeuvring  manoeuvring    manoeuvring    manoeuvring    manoeuvring
  anchorage        at_anchor    at_anchor    at_anchor      manoeuvring    slow_transit   cruising
  precautionary    at_anchor    drifting     drifting       manoeuvring    slow_transit   cruising
  approach         at_anchor    drifting     drifting       by_coast       slow_transit   cruising
  remainder        at_anchor    drifting     drifting       by_coast       slow_transit   cruising
  open_sea         at_anchor    drifting     drifting       by_coast       slow_transit   cruising
"""
MOTIONS = ((0.0, 0.0), (0.5, 0.0), (2.0, 0.01), (4.0, 0.03), (12.0, 0.3), (20.0, 0.8))
CASES = [
    (kind, speed, load, phase)
    for kind, *row in (line.split() for line in DRAWN.strip().splitlines())
    for (speed, load), phase in zip(MOTIONS, row, strict=True)
]


def phase(kind, speed, load, *, stays=False, near_coast=False):
    """Phase of a ship that, where no polygon says, would lie at anchor, and in a harbour at berth."""
    bands = RULES.table[RULES.kind_index([kind])[0]]
    band = 0 if stays else int(np.searchsorted(RULES.band_limits_kn, speed))
    rest = PHASES.index("at_anchor") if stays else DRIFTING
    harbour = AT_BERTH if stays else PHASES.index("manoeuvring")
    return PHASES[phase_of(bands, band, rest, harbour, near_coast, load, RULES.cruising_above, RULES.below)]


@pytest.mark.parametrize(("kind", "speed", "load", "expected"), CASES)
def test_phase(kind, speed, load, expected):
    for near_coast, by_coast in ((True, "manoeuvring"), (False, "slow_transit")):
        found = phase(kind, speed, load, stays=speed == 0, near_coast=near_coast)
        assert found == (by_coast if expected == "by_coast" else expected)


@pytest.mark.parametrize("kind", RULES.kinds)
def test_a_stay_is_stopped_whatever_its_speed_field_says(kind):
    assert phase(kind, 15.0, 0.5, stays=True) == phase(kind, 0.0, 0.0, stays=True)


def test_limits_belong_to_the_slower_band():
    assert phase("berth", 1.0, 0.0) == "at_berth"
    assert phase("anchorage", 3.0, 0.0) == "at_anchor"
    assert phase("anchorage", 5.0, 0.05) == "manoeuvring"
    assert phase("remainder", 20.0, 0.65) == "slow_transit"


def test_main_engine_rests_at_berth_and_at_anchor():
    assert dict(zip(PHASES, RULES.main_on.tolist(), strict=True)) == {
        "at_berth": False,
        "at_anchor": False,
        "drifting": True,
        "manoeuvring": True,
        "slow_transit": True,
        "cruising": True,
    }


def test_unknown_kind_and_method_name_what_is_known():
    with pytest.raises(ReferenceDataError, match=r"'lagoon'.*known: berth, port_area"):
        RULES.kind_index(["berth", "lagoon"])
    with pytest.raises(ReferenceDataError, match="unknown"):
        phase_rules("guess")


def test_places_read_both_systems():
    systems = [zones("waters"), zones("sulphur"), zones("port")]
    found = places(systems, lambda codes: np.stack([codes * 0, codes, codes], axis=1), RULES)
    kinds, sulphur = found.look_up(np.array([0, 1]))
    assert [RULES.kinds[kind] for kind in kinds] == ["remainder", systems[2].zones["kind"].iloc[0]]
    assert sulphur.tolist() == [0, 1]


def test_places_need_both_systems():
    with pytest.raises(InputError, match="'sulphur' is needed; found: port"):
        places([zones("port")], lambda codes: codes, RULES)
