"""A port's own auxiliary and boiler loads: in its zones only, and the method's where it has no row."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corridor import reference, run_study
from corridor.emissions.fleet import hotel_kw
from corridor.emissions.hotel import (
    check_hotel_loads,
    hotel_loads_known,
    local_hotel_kw,
    port_of_loads,
    size_of,
    with_hotel_remarks,
)
from corridor.emissions.phases import AT_ANCHOR, AT_BERTH, CRUISING, MANOEUVRING, phase_rules
from corridor.emissions.places import places
from corridor.emissions.ships import resolve_ships
from corridor.errors import InputError


def ship(**facts):
    register = pd.DataFrame({"vessel_id": ["X"], **{name: [value] for name, value in facts.items()}})
    return resolve_ships(pd.DataFrame({"vessel_id": ["X"]}), register)[0]


#    class                 size        auxiliary at berth, anchored   boiler at berth, anchored
ROWS = """
     container       teu   13386       1154  1165                     580   594
     container       teu   8500        1387  1484                     558   554
     oil_tanker      dwt   110000      986   463                      4976  390
     oil_tanker      dwt   300000      1061  599                      8390  490
     vehicle_carrier gt    60000       1120  628                      323   314
     bulk_carrier    dwt   80000       501   271                      156   156
"""


@pytest.mark.parametrize("row", ROWS.strip().splitlines())
def test_loads_as_printed(row):
    ship_type, unit, size, *expected = row.split()
    one = ship(ship_type=ship_type, **{unit: float(size)})
    base = hotel_kw(one, phase_rules())
    found = local_hotel_kw(one, phase_rules(), "polb2024", base)
    assert found[:, [AT_BERTH, AT_ANCHOR]].ravel().tolist() == [float(number) for number in expected]
    # Under way the method's own loads hold.
    assert found[:, [MANOEUVRING, CRUISING]].tolist() == base[:, [MANOEUVRING, CRUISING]].tolist()


@pytest.mark.parametrize(
    "facts", [("container", "teu", 17_500), ("container", "teu", 500), ("cruise", "gt", 9e4)]
)
def test_no_row_keeps_the_method_and_says_so(facts):
    ship_type, unit, size = facts
    one = ship(ship_type=ship_type, **{unit: size})
    base = hotel_kw(one, phase_rules())
    assert local_hotel_kw(one, phase_rules(), "polb2024", base).tolist() == base.tolist()
    (told,) = with_hotel_remarks([one], "polb2024")
    assert any("no row in polb2024" in remark for remark in told.remarks)
    assert with_hotel_remarks([one], None) == [one]


@given(st.sampled_from(["container", "oil_tanker", "bulk_carrier"]), st.floats(1, 30_000))
def test_any_size_has_a_load_and_never_one_of_another_size(ship_type, size):
    unit = {"container": "teu"}.get(ship_type, "dwt")
    one = ship(ship_type=ship_type, **{unit: size})
    base = hotel_kw(one, phase_rules())
    found = local_hotel_kw(one, phase_rules(), "polb2024", base)
    rows = reference.rows("hotel_loads_san_pedro_2024", loads="polb2024", ship_type=ship_type)
    fits = rows[(rows["size_min"] <= size) & ~(rows["size_below"] <= size) & (rows["load_column"] == "berth")]
    expected = (
        fits.set_index("consumer")["value"].reindex(["aux", "boiler"]).tolist() if len(fits) else base[:, 0]
    )
    assert found[:, AT_BERTH].tolist() == list(expected)


def test_a_ship_of_unknown_size_takes_the_row_of_her_bin():
    (guessed,) = resolve_ships(pd.DataFrame({"vessel_id": ["X"], "ais_type": [80], "length_m": [250.0]}))
    assert np.isnan(guessed.size)
    assert size_of(guessed) == 80_000


def test_unknown_loads_name_the_known():
    with pytest.raises(InputError, match=r"polb2024, pola2024 \(data/hotel_loads"):
        check_hotel_loads("polb1999")
    assert check_hotel_loads(None) is None
    ports = set(reference.zones("port").zones["port"])
    assert {port_of_loads(name) for name in hotel_loads_known()} <= ports


def test_only_zones_of_the_port_are_local():
    systems = (reference.zones("port"), reference.zones("sulphur"))
    zones = systems[0].zones

    def decode(codes):
        return np.stack([codes, np.zeros_like(codes)], axis=1)

    codes = np.arange(len(zones) + 1)
    here = places(systems, decode, phase_rules(), local_port="LB").local(codes)
    assert here[0] == 0
    assert here[1:].tolist() == zones["port"].eq("LB").astype(int).tolist()
    assert places(systems, decode, phase_rules()).local(codes).sum() == 0


def test_the_option_moves_long_beach_and_nothing_else(demo, work_dir):
    local = run_study(demo.inputs, ships=demo.ships, work_dir=work_dir, hotel_loads="polb2024", pieces=False)
    zones = reference.zones("port").table().set_index("zone_id")["port"]
    tables = [
        study.totals(by=["port", "phase"]).set_index(["port", "phase"]) for study in (demo.study, local)
    ]
    change = (tables[1]["fuel_kg"] - tables[0]["fuel_kg"]).rename_axis(["zone", "phase"]).reset_index()
    here = change["zone"].map(zones).eq("LB") & change["phase"].isin(["at_berth", "at_anchor", "drifting"])
    # Elsewhere only what rounding carries from one piece to the next.
    assert change.loc[~here, "fuel_kg"].abs().max() < 1e-3
    assert change.loc[here, "fuel_kg"].abs().max() > 10
    assert local.manifest["parameters"]["hotel_loads"] == "polb2024"
    assert (tables[1]["hours"] == tables[0]["hours"]).all()
