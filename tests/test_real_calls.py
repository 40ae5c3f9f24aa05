"""Calls in two real days of June 2018 off Southern California."""

import pytest

from corridor.runs import run_study
from corridor.tracks.calls import HOURS

OAKLAND = "IMO9385013"


@pytest.fixture(scope="module")
def calls(shared_ais, work_dir):
    file = shared_ais / "sbarc_20180601-02_cargo150m_marinecadastre-columns.csv"
    return run_study(file, work_dir=work_dir, pieces=False).calls


def test_a_ship_that_lay_at_pier_t_has_one_call_of_44_hours(calls):
    call = calls.set_index("vessel_id").loc[OAKLAND]
    assert (call["port"], call["berth_zone"]) == ("LB", "lb_pier_t")
    assert call["hours_at_berth"] == pytest.approx(44.5, abs=0.1)
    assert call["hours"] == call["hours_at_berth"]


def test_ten_ships_called_and_their_hours_add_up(calls):
    assert len(calls) == 10
    assert calls["port"].value_counts().to_dict() == {"LB": 8, "LA": 1, "USNTD": 1}
    assert (calls["hours"] - calls[list(HOURS)].sum(axis=1)).abs().max() < 1e-5
    assert calls["observed_share"].between(0, 1).all()
    # A ship heard 40 nm off has crossed that ring before the inner one.
    heard = calls.dropna(subset=["arrive_40nm_utc", "arrive_20nm_utc"])
    assert len(heard) >= 4
    assert (heard["arrive_40nm_utc"] < heard["arrive_20nm_utc"]).all()


def test_speeds_near_point_fermin_are_those_of_ships(calls):
    bay = calls.dropna(subset=["in_20nm_mean_kn"])
    assert bay["in_20nm_mean_kn"].between(4, 16).all()
    assert (bay["in_20nm_max_kn"] <= 25).all()
    assert bay["in_20nm_slow_share"].between(0, 1).all()
