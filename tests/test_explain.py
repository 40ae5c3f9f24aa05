"""The ladder of a piece: it comes to what is booked, names its sources, and refuses with reasons."""

import json
import math
import re

import numpy as np
import pandas as pd
import pytest

from corridor import run_study
from corridor.cli import main
from corridor.emissions.species import CONSUMERS, SPECIES
from corridor.errors import InputError
from corridor.explain import ROUNDING_KG


@pytest.fixture(scope="module")
def pieces(demo):
    table = pd.read_parquet(demo.study.pieces)
    return table.assign(middle=table["start_utc"] + (table["end_utc"] - table["start_utc"]) / 2)


def drawn(pieces, number=4, seed=7):
    """A few pieces of every phase and fuel, longer than a minute."""
    lasting = pieces[pieces["hours"] > 1 / 60]
    kinds = lasting.groupby(["phase", "fuel"], observed=True)
    return pd.concat([rows.sample(min(number, len(rows)), random_state=seed) for _, rows in kinds])


def test_the_ladder_comes_to_the_pieces_as_written(demo, pieces):
    chosen = drawn(pieces)
    assert chosen["phase"].nunique() >= 5
    for row in chosen.to_dict("records"):
        found = demo.study.explain(row["vessel_id"], row["middle"].to_pydatetime())
        for name in ("fuel_kg", *(f"{species}_kg" for species in SPECIES)):
            assert found.booked[name] == pytest.approx(row[name], rel=1e-9), name
            assert found.computed[name] == pytest.approx(row[name], rel=1e-4, abs=ROUNDING_KG), name
        assert found.computed["hours"] == pytest.approx(row["hours"], rel=1e-4)
        assert found.computed["distance_nm"] == pytest.approx(row["distance_nm"], rel=1e-4, abs=1e-6)
        for consumer in CONSUMERS:
            assert found.computed[f"{consumer}_kwh"] == pytest.approx(
                row[f"{consumer}_kwh"], rel=1e-4, abs=1e-5
            )


def test_a_filled_hole_says_so(demo, pieces):
    filled = pieces[pieces["origin"] == "filled"]
    assert len(filled), "the demo has holes that are filled"
    row = filled.iloc[len(filled) // 2]
    found = demo.study.explain(row["vessel_id"], row["middle"].to_pydatetime())
    rungs = {(rung.section, rung.item): rung for rung in found.rungs}
    assert rungs["way", "origin"].value == "filled"
    assert found.computed["co2_kg"] == pytest.approx(row["co2_kg"], rel=1e-4, abs=ROUNDING_KG)


def by_hand(how):
    """What the words of a step come to, read as an auditor reads them: sums of products of numbers."""
    plain = re.sub(r" \([^+]*\)$| \((?:1\.35|0\.23) .*?\)\)", "", how)
    total = 0.0
    for term in plain.split(" + "):
        numerator, _, divisor = term.partition(" / ")
        product = 1.0
        for factor in numerator.split(" x "):
            base, _, exponent = factor.split()[0].partition("^")
            product *= float(base) ** float(exponent or 1)
        total += product / float(divisor or 1)
    return total


def test_every_mass_can_be_recomputed_from_its_words(demo, pieces):
    for row in drawn(pieces, 1).to_dict("records"):
        found = demo.study.explain(row["vessel_id"], row["middle"].to_pydatetime())
        worded = [rung for rung in found.rungs if rung.section in CONSUMERS and rung.item != "specific fuel"]
        assert len(worded) == len(CONSUMERS) * (2 + len(SPECIES))
        for rung in worded:
            assert by_hand(rung.how) == pytest.approx(rung.value, rel=2e-4, abs=2e-5), rung


def test_every_number_has_a_source_or_its_arithmetic(demo, pieces):
    row = drawn(pieces, 1).iloc[0]
    found = demo.study.explain(row["vessel_id"], row["middle"].to_pydatetime())
    for rung in found.rungs:
        assert rung.source or " x " in rung.how, rung
        assert isinstance(rung.value, str) or rung.unit or rung.section in {"ship", "fuel"}, rung
    sections = list(dict.fromkeys(rung.section for rung in found.rungs))
    assert sections == ["way", "place", "ship", "load", "power", "fuel", *CONSUMERS]
    text = str(found)
    for word in ("checked 20", "Fourth GHG Study", "MARPOL", "register", "against"):
        assert word.lower() in text.lower(), word


def test_a_study_of_one_vessel_is_that_vessel_of_the_whole(demo, work_dir):
    whole = demo.study
    vessel = str(whole.vessels["vessel_id"].iloc[0])
    alone = run_study(demo.inputs, ships=demo.ships, work_dir=work_dir, vessel=vessel, pieces=False)
    mine = whole.vessels.index[
        whole.vessels["vessel_id"].str.split("/").str[0] == vessel.split("/", maxsplit=1)[0]
    ]
    rows = whole.ledger.rows[whole.ledger.rows["vessel"].isin(mine)]
    assert alone.vessels["vessel_id"].tolist() == whole.vessels.loc[mine, "vessel_id"].tolist()
    masses = [name for name in rows if name.endswith(("_mg", "_ms", "_mm", "_mwh"))]
    assert alone.ledger.rows[masses].to_numpy().tolist() == rows[masses].to_numpy().tolist()


def test_a_bare_number_finds_the_vessel(demo, pieces):
    vessels = demo.study.vessels
    row = vessels[vessels["imo"] > 0].iloc[0]
    at = pieces.loc[pieces["vessel_id"] == row["vessel_id"], "middle"].iloc[0].to_pydatetime()
    for name in (str(row["imo"]), str(row["mmsi"]), row["vessel_id"].lower()):
        assert demo.study.explain(name, at).vessel_id == row["vessel_id"]


def test_what_cannot_be_explained_says_why(demo, pieces):
    vessel = str(demo.study.vessels["vessel_id"].iloc[0])
    with pytest.raises(InputError, match=r"no vessel 'IMO1'.*expected one of the \d+ there"):
        demo.study.explain("IMO1", "2026-03-20")
    with pytest.raises(InputError, match=r"nothing booked .* expected an instant in 2026-"):
        demo.study.explain(vessel, "1999-01-01")
    with pytest.raises(InputError, match="expected an instant such as"):
        demo.study.explain(vessel, "yesterday")
    last = pieces.loc[pieces["vessel_id"] == vessel, "end_utc"].max()
    with pytest.raises(InputError, match="nothing booked"):
        demo.study.explain(vessel, last.to_pydatetime())


def test_a_hole_that_was_not_filled_is_named(tmp_path, work_dir):
    # Two hours of reports, three weeks apart.
    hours = np.array([0.0, 0.5, 1.0, 505.0, 505.5, 506.0])
    reports = pd.DataFrame(
        {
            "MMSI": 477999100,
            "BaseDateTime": pd.to_datetime("2024-01-10") + pd.to_timedelta(hours, unit="h"),
            "LAT": 40.0,
            "LON": -160.0 + 0.4 * hours.clip(max=1.0) + 0.4 * (hours - 505.0).clip(min=0.0) + (hours > 2),
            "SOG": 18.0,
            "VesselType": 71,
            "Length": 300,
            "Width": 45,
        }
    )
    reports.to_csv(tmp_path / "ais.csv", index=False, date_format="%Y-%m-%dT%H:%M:%S")
    study = run_study(tmp_path / "ais.csv", work_dir=work_dir, pieces=False)
    assert study.explain("477999100", "2024-01-10T00:45").booked["hours"] == pytest.approx(0.5)
    with pytest.raises(InputError, match=r"a hole that was not filled: \w+"):
        study.explain("477999100", "2024-01-20")


def test_the_command_prints_the_ladder_and_json(demo, pieces, capsys, monkeypatch, work_dir):
    monkeypatch.setattr("corridor.study.user_cache_path", lambda _: work_dir)
    row = drawn(pieces, 1).iloc[-1]
    at = row["middle"].isoformat()
    inputs = [str(path) for path in demo.inputs]
    call = ["explain", *inputs, "--ships", str(demo.ships), "--vessel", row["vessel_id"], "--at", at]
    assert main(call) == 0
    text = capsys.readouterr().out
    assert text.startswith(row["vessel_id"])
    assert "computed here against booked" in text
    assert main([*call, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["booked"]["co2_kg"] == pytest.approx(row["co2_kg"])
    assert math.isclose(told["computed"]["co2_kg"], row["co2_kg"], rel_tol=1e-4)
    assert {"section", "item", "value", "unit", "how", "source"} == set(told["rungs"][0])
    assert main([*call[:-1], "never"]) == 2
    assert "bad_time" in capsys.readouterr().err
    assert np.isfinite(told["computed"]["fuel_kg"])
