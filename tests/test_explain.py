"""The ladder of a piece: it comes to what is booked, names its sources, and refuses with reasons."""

import inspect
import json
import math
import re

import numpy as np
import pandas as pd
import pytest

from corridor import run_study
from corridor.cli import main
from corridor.commands import explain as explain_command
from corridor.commands import run as run_command
from corridor.emissions.species import CONSUMERS, SPECIES
from corridor.errors import InputError
from corridor.explain import ROUNDING_KG
from corridor.recall import FREE, check_same, read_said, settings_of


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
    monkeypatch.setattr("corridor.runs.user_cache_path", lambda _: work_dir)
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


def test_one_kilogram_by_hand(demo, pieces):
    """Speed, load, power, energy, fuel and carbon dioxide of a leg, from the numbers of the rungs alone."""
    legs = pieces[(pieces["phase"] == "cruising") & (pieces["main_kwh"] > 0)]
    row = legs.iloc[len(legs) // 2]
    found = demo.study.explain(row["vessel_id"], row["middle"].to_pydatetime())
    value = {(rung.section, rung.item): rung.value for rung in found.rungs}

    def of(section, item):
        return float(value[section, item])

    load = (
        of("load", "correction of the type") * of("load", "draught factor") * of("load", "speed ratio, cubed")
    )
    load /= of("load", "weather efficiency") * of("load", "fouling efficiency")
    main_kw = of("ship", "me_kw") * min(load, 1.0)
    assert main_kw == pytest.approx(of("power", "main engine"), rel=1e-9)
    curve = 0.455 * load**2 - 0.710 * load + 1.280
    fuel_kg = main_kw * of("way", "hours") * 175 * curve / 1000
    assert value["fuel", "fuel"] in {"vlsfo", "hfo"}
    co2_kg = fuel_kg * {"vlsfo": 3.151, "hfo": 3.114}[value["fuel", "fuel"]]
    assert co2_kg == pytest.approx(of("main", "co2"), rel=1e-9)
    others = sum(
        of("power", name) * of("way", "hours") * grams / 1000
        for name, grams in (("auxiliary engines", 195), ("boiler", 340))
    )
    assert fuel_kg + others == pytest.approx(row["fuel_kg"], rel=1e-4)


@pytest.mark.parametrize("method", ["epa2022", "icct"])
def test_the_ladder_follows_the_method_and_the_port(demo, pieces, work_dir, method):
    here = pieces[pieces["port_zone"].astype(str).str.startswith("lb_pier") & (pieces["phase"] == "at_berth")]
    vessel = str(here["vessel_id"].iloc[0])
    study = run_study(
        demo.inputs, ships=demo.ships, work_dir=work_dir, vessel=vessel, method=method, hotel_loads="polb2024"
    )
    own = pd.read_parquet(study.pieces)
    own = own[(own["vessel_id"] == vessel) & (own["hours"] > 1 / 60)]
    at_quay = own[own["port_zone"].astype(str).str.startswith("lb_pier") & (own["phase"] == "at_berth")]
    cited = set()
    for row in pd.concat([own.sample(4, random_state=1), at_quay.head(1)]).to_dict("records"):
        middle = row["start_utc"] + (row["end_utc"] - row["start_utc"]) / 2
        found = study.explain(vessel, middle.to_pydatetime())
        for name in ("hours", "main_kwh", "aux_kwh", "boiler_kwh", "fuel_kg", "co2_kg", "nox_kg", "pm10_kg"):
            assert found.computed[name] == pytest.approx(row[name], rel=1e-4, abs=1e-5), name
        cited |= {rung.source.split(":")[0] for rung in found.rungs}
    assert {"epa2022": "method_parameters_epa_2022", "icct": "method_parameters_icct_2025"}[method] in cited
    assert "hotel_loads_san_pedro_2024" in cited


def test_a_piece_of_a_written_study_is_explained_as_it_was_made(demo, pieces, capsys, monkeypatch, work_dir):
    monkeypatch.setattr("corridor.runs.user_cache_path", lambda _: work_dir)
    row = drawn(pieces, 1).iloc[0]
    inputs = [str(path) for path in demo.inputs]
    call = ["explain", *inputs, "--study", str(demo.folder), "--vessel", row["vessel_id"]]
    call += ["--at", row["middle"].isoformat(), "--json"]
    assert main([*call, "--ships", str(demo.ships)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["booked"]["co2_kg"] == pytest.approx(row["co2_kg"], rel=1e-9)
    # Without its register, or with less of its positions, it is another study.
    assert main(call) == 2
    assert "files: found {}" in capsys.readouterr().err
    fewer = [part for part in call if part != inputs[0]] if len(inputs) > 1 else call
    assert main(fewer) == 2
    assert "other_study" in capsys.readouterr().err


def test_the_folder_of_a_study_may_stand_among_its_files(demo, pieces, capsys, monkeypatch, work_dir):
    monkeypatch.setattr("corridor.runs.user_cache_path", lambda _: work_dir)
    row = drawn(pieces, 1).iloc[0]
    asked = ["--ships", str(demo.ships), "--vessel", row["vessel_id"], "--at", row["middle"].isoformat()]
    inputs, folder = [str(path) for path in demo.inputs], str(demo.folder)
    said = []
    for named in (["--study", folder, *inputs], [folder, *inputs], [*inputs, folder]):
        assert main(["explain", *named, *asked]) == 0
        said.append(capsys.readouterr().out)
    assert said[0] == said[1] == said[2]
    assert main(["explain", folder, *asked]) == 2
    assert "no_inputs" in capsys.readouterr().err


def test_two_studies_are_one_too_many(demo, tmp_path, capsys):
    (tmp_path / "run.json").write_text("{}", encoding="utf-8")
    call = ["explain", str(tmp_path), str(demo.inputs[0]), "--study", str(demo.folder)]
    assert main([*call, "--vessel", "x", "--at", "2026-03-20"]) == 2
    assert "two_studies" in capsys.readouterr().err


# Options of run that explain has not, and why: none of them changes a number of a piece.
NOT_EXPLAINED = {
    **dict.fromkeys(("out", "overwrite", "quiet", "publish", "at_least"), "it writes no folder"),
    **dict.fromkeys(("basemap", "basemap_credit", "names"), "it draws no page"),
    **dict.fromkeys(("scenarios", "targets", "prices"), "a ladder is of the baseline"),
    **dict.fromkeys(("receptors", "hotspot_test"), "of cells, not of pieces"),
    "level": "of intervals, not of central values",
    "workers": "one vessel alone is computed",
}
OWN = {"vessel", "at", "study"}


def test_explain_takes_every_option_that_changes_a_piece():
    ran, told = (
        inspect.signature(command).parameters for command in (run_command.run, explain_command.explain)
    )
    assert set(ran) - set(told) == set(NOT_EXPLAINED)
    assert set(told) - set(ran) == OWN
    for name in set(ran) & set(told) - {"inputs"}:
        assert ran[name].annotation == told[name].annotation or name == "as_json", name
        # A vessel that is asked for may be any.
        assert ran[name].default == told[name].default or name == "population", name


def test_a_study_called_back_brings_every_setting_or_asks_for_its_file(demo):
    """What run_study takes is a file to give again, a setting of run.json, or no part of a piece."""
    given = {
        *("inputs", "columns", "ships", "ships_columns", "zones", "calls", "calls_columns"),
        *("shore_power", "shore_power_columns", "measured", "measured_columns"),
    }
    here = {"vessel", "pieces", "progress", "work_dir", "workers"}
    called_back = set(settings_of(read_said(demo.folder)))
    assert called_back | given | here | set(FREE) == set(inspect.signature(run_study).parameters)
    assert not called_back & (given | here | set(FREE))


def test_settings_come_back_from_a_written_study(demo):
    said = read_said(demo.folder)
    settings = settings_of(said)
    assert (settings["method"], settings["population"], settings["cell_deg"]) == ("imo4", "ogv", 0.1)
    check_same(demo.study.manifest, said)
    for name, other in (("bbox", [0, 0, 1, 1]), ("hotel_loads", "polb2024"), ("start_utc", "2024-01-01")):
        changed = said | {"parameters": said["parameters"] | {name: other}}
        with pytest.raises(InputError, match=name):
            check_same(demo.study.manifest, changed)
    with pytest.raises(InputError, match="facts in data/"):
        check_same(demo.study.manifest, said | {"tables": said["tables"] | {"x.csv": "0"}})
    with pytest.raises(InputError, match="no readable"):
        read_said(demo.folder / "pieces")
