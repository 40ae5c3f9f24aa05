"""EU MRV reports: the layouts of the public exports, in small invented files; a study beside them."""

import math

import pandas as pd
import pytest

import corridor
from corridor.cli import main
from corridor.emissions.mrv import read_mrv, report_near
from corridor.errors import InputError
from corridor.outputs.rule_tables import measured
from corridor.validation.check import Check, as_table
from corridor.validation.reported import Reported, compare
from corridor.validation.run import page

SHIPS = [("9811000", "INVENTED GIVER"), ("9516454", "INVENTED TALY")]
NAMES_2018 = [
    "IMO Number",
    "Name",
    "Ship type",
    "Reporting Period",
    "Technical efficiency",
    "Port of Registry",
    "Total fuel consumption [m tonnes]",
    "Fuel consumptions assigned to On laden [m tonnes]",
    "Total CO₂ emissions [m tonnes]",
    "CO₂ emissions which occurred within ports under a MS jurisdiction at berth [m tonnes]",
    "Annual Total time spent at sea [hours]",
    "Annual average Fuel consumption per distance [kg / n mile]",
    "Annual average CO₂ emissions per distance [kg CO₂ / n mile]",
]
ROWS_2018 = [
    [
        9811000, "INVENTED GIVER", "Container ship", 2018, "EEDI (8.27 gCO₂/t·nm)", "X", 28000.5, "", 87200.0,
        1200.0, 5100.0, 341.5, 1064.0,
    ],
    [
        9516454, "INVENTED TALY", "Container ship", 2018, "Not Applicable", "X", 19000.0, "", 59000.0, 700.0,
        "Division by zero!", 125655.8, "Division by zero!",
    ],
]  # fmt: skip
NAMES_2024 = [
    "IMO Number", "Name", "Ship type", "Reporting Period", "Technical efficiency",
    "Total fuel consumption [m tonnes]", "Time spent at sea [hours]",
    "Fuel consumption per distance [kg / n mile]", "CO₂ emissions per distance [kg CO₂ / n mile]",
]  # fmt: skip
ROWS_2024 = [
    [9811000, SHIPS[0][1], "Container ship", "2024", "EEXI (7.9 gCO₂/t·nm)", 25000.0, 5000.0, 320.0, 1000.0],
    [9516454, SHIPS[1][1], "Container ship", "2024", "EIV (12.45 gCO₂/t·nm)", 20000.0, 4000.0, 310.0, 970.0],
]  # fmt: skip


@pytest.fixture(scope="module")
def exports(tmp_path_factory):
    """Workbooks as the public site gives them: titles in two rows above the header."""
    folder = tmp_path_factory.mktemp("mrv")
    old, new = folder / "2018-v1 EU MRV.xlsx", folder / "2024-v1 EU MRV.xlsx"
    with pd.ExcelWriter(old) as book:
        pd.DataFrame(ROWS_2018, columns=NAMES_2018).to_excel(book, sheet_name="2018", index=False, startrow=2)
        titles = pd.DataFrame([["Ship", *[""] * 5, "Annual monitoring results"]])
        titles.to_excel(book, sheet_name="2018", index=False, header=False)
    with pd.ExcelWriter(new) as book:
        table = pd.DataFrame(ROWS_2024, columns=NAMES_2024)
        table.to_excel(book, sheet_name="2024 Full ERs", index=False, startrow=2)
        table.head(1).to_excel(book, sheet_name="2024 Partial ERs", index=False, startrow=2)
    return old, new


def test_both_layouts_are_read(exports):
    reports = read_mrv(exports)
    assert reports["imo"].tolist() == [9811000, 9516454] * 2
    assert reports["year"].tolist() == [2018, 2018, 2024, 2024]
    assert reports["fuel_kg_per_nm"].tolist() == [341.5, 125_655.8, 320.0, 310.0]
    assert reports["co2_at_berth_t"].iloc[0] == 1200.0
    assert reports["hours_at_sea"].iloc[[0, 2, 3]].tolist() == [5100.0, 5000.0, 4000.0]
    # Words in a column of numbers are no number.
    assert math.isnan(reports["hours_at_sea"].iloc[1])
    assert reports["efficiency_index"].tolist() == ["EEDI", "", "EEXI", "EIV"]
    assert reports["technical_efficiency"].iloc[[0, 2, 3]].tolist() == [8.27, 7.9, 12.45]


def test_csv_is_as_good(exports, tmp_path):
    pd.DataFrame(ROWS_2018, columns=NAMES_2018).to_csv(tmp_path / "mrv.csv", index=False)
    pd.testing.assert_frame_equal(read_mrv(tmp_path / "mrv.csv"), read_mrv(exports[0]), check_dtype=False)


def test_an_export_is_measured_fuel_by_its_rate_times_the_way_seen(demo, work_dir, tmp_path):
    """Two ships of the demo with an invented export: one with a rate, one whose rate is a fault."""
    ships = demo.study.vessels[demo.study.vessels["imo"] > 0].iloc[:2]
    rows = [row[:] for row in ROWS_2018]
    for row, imo in zip(rows, ships["imo"], strict=True):
        row[0], row[3] = int(imo), 2026
    path = tmp_path / "2026 EU MRV.csv"
    pd.DataFrame(rows, columns=NAMES_2018).to_csv(path, index=False)
    study = corridor.run_study(demo.inputs, ships=demo.ships, work_dir=work_dir, measured=path, pieces=False)
    table = measured(study).set_index("vessel_id")
    kg = study.totals(by=["vessel"]).set_index("vessel")["fuel_kg"]
    before = demo.study.totals(by=["vessel"]).set_index("vessel")["fuel_kg"]
    told, fault = (str(key) for key in ships["vessel_id"])
    assert table.loc[told, "basis"] == "mrv_per_nm"
    assert kg[told] == pytest.approx(341.5 * table.loc[told, "seen_nm"], rel=1e-9)
    assert table.loc[told, "measured_kg"] == 28_000_500
    assert table.loc[fault, "basis"] == "not_placed"
    assert (kg.drop(told) == before.drop(told)).all()


def test_the_usable_report_nearest_in_time(exports):
    reports = read_mrv(exports)
    near = report_near(reports, 2019)
    # The one of 2018 is a fault of a hundred tonnes a mile.
    assert near["year"].to_dict() == {9811000: 2018, 9516454: 2024}
    assert report_near(reports, 2022)["year"].to_dict() == {9811000: 2024, 9516454: 2024}


def test_reports_that_cannot_be_used_say_why(exports, tmp_path):
    with pytest.raises(InputError, match="two reports of IMO 9811000 for 2018"):
        read_mrv([exports[0], exports[0]])
    for text, words in [
        ("imo,name\n9811000,A\n", "fuel per distance"),
        ("imo,year,fuel_kg_per_nm\n9811001,2018,300\n", "line 2.*9811001"),
        ("imo,year,fuel_kg_per_nm\n9811000,soon,300\n", "line 2.*year"),
    ]:
        (tmp_path / "mrv.csv").write_text(text, encoding="utf-8")
        with pytest.raises(InputError, match=words):
            read_mrv(tmp_path / "mrv.csv")
    with pytest.raises(InputError, match="--mrv"):
        read_mrv(tmp_path / "none.xlsx")


@pytest.fixture(scope="module")
def reports(demo):
    """Each ship of the demo reports what was found, one of them a third of it."""
    found = compare(demo.study, invented(demo.study, 300.0)).ships
    exact = invented(demo.study, found.set_index("imo")["ours_kg_per_nm"])
    exact.loc[exact["imo"] == found["imo"].iloc[0], "fuel_kg_per_nm"] /= 3.0
    return exact


def invented(study, fuel_kg_per_nm):
    imo = study.vessels.loc[study.vessels["imo"] > 0, "imo"].drop_duplicates()
    table = pd.DataFrame({"imo": imo, "year": 2018, "fuel_kg_per_nm": 300.0})
    if isinstance(fuel_kg_per_nm, pd.Series):
        table["fuel_kg_per_nm"] = table["imo"].map(fuel_kg_per_nm)
    return table.dropna()


def test_the_demo_beside_invented_reports(demo, reports):
    found = compare(demo.study, reports)
    assert len(found.ships) >= 3
    assert found.ships["ratio"].iloc[:-1].to_numpy() == pytest.approx(1.0)
    assert found.ships["ratio"].iloc[-1] == pytest.approx(3.0)
    assert found.ships["within"].tolist() == [True] * (len(found.ships) - 1) + [False]
    assert found.share_within == pytest.approx(1 - 1 / len(found.ships))
    # Worked again from the pieces of one ship.
    row = found.ships.iloc[0]
    pieces = pd.read_parquet(demo.study.pieces)
    own = pieces[(pieces["vessel_id"] == row["vessel_id"]) & (pieces["origin"] == "simulated")]
    own = own[own["speed_kn"].between(16, 20)]
    assert row["ours_kg_per_nm"] == pytest.approx(own["fuel_kg"].sum() / own["distance_nm"].sum())
    assert row["hours"] == pytest.approx(own["hours"].sum())


def test_the_page_lists_who_lies_outside_and_says_what_a_report_is(demo, reports):
    found = compare(demo.study, reports)
    outside = found.ships.loc[~found.ships["within"], "name"].item()
    text = page(as_table([Check("group", "case", "quantity", "kg", 1.0, 1.0, 1.0, "source")]), found)
    for words in ("mean of a whole year", f"{outside} (3.00)", "fuel in port"):
        assert words in text, words


def test_no_ship_to_compare_is_no_success(demo):
    nobody = pd.DataFrame({"imo": [9811000], "year": [2018], "fuel_kg_per_nm": [300.0]})
    found = compare(demo.study, nobody)
    assert isinstance(found, Reported)
    assert math.isnan(found.share_within)
    assert not found.holds
    assert "nothing compared" in str(found)


def test_one_option_asks_for_the_other(tmp_path, capsys):
    assert main(["validate", "--ais", "day.csv", "--out", str(tmp_path / "v")]) == 2
    assert "--mrv" in capsys.readouterr().err


def test_real_ships_beside_their_own_reports(shared_ais, work_dir):
    """Goal: four of five ships with a report and an hour at 16 to 20 kn within 0.6 to 1.45 of it."""
    study = corridor.run_study(
        [shared_ais / "sbarc_20180601-02_cargo150m_marinecadastre-columns.csv"], work_dir=work_dir
    )
    found = compare(study, read_mrv(shared_ais / "eu_mrv_container_ships_2018-2020.csv"))
    assert len(found.ships) >= 10
    assert found.share_within >= 0.8, str(found)
    assert found.holds
    assert 0.8 < found.ships["ratio"].median() < 1.2
