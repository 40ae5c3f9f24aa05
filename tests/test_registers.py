"""A user's own register: headers in two languages, any table file, stated units; unknown words are errors."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corridor import reference
from corridor.emissions.headers import fields, read_register_mapping
from corridor.emissions.register import NUMBER_COLUMNS, known_words, read_register
from corridor.emissions.sheets import plain
from corridor.emissions.ships import resolve_ships
from corridor.errors import InputError

FLEET = {
    "IMO编号": ["9811000", "9516454"],
    "船名": ["长赐", "中远意大利"],
    "船舶类型": ["集装箱船", "集装箱船"],
    "额定载箱量(TEU)": ["20124", "13386"],
    "载重吨": ["199,629", "156610"],
    "主机功率（千瓦）": ["59300", "-"],
    "服务航速(节)": ["22.8", ""],
    "设计吃水(米)": ["14.5", "16"],
    "建成日期": ["2018-09-25", "2014"],
    "燃料类型": ["低硫油", "液化天然气"],
    "主机类型": ["低速柴油机", "ME-GI"],
    "脱硫塔": ["有", "无"],
    "岸电": ["是", "否"],
    "船公司": ["长荣海运", "中远海运"],
    "NOx tier": ["Tier II", "2"],
}


def tables():
    """The same fleet in every kind of file."""
    frame = pd.DataFrame(FLEET)
    return {
        "fleet.csv": lambda path: path.write_bytes(frame.to_csv(index=False).encode("gb18030")),
        "fleet16.csv": lambda path: path.write_bytes(frame.to_csv(index=False, sep="\t").encode("utf-16")),
        "semicolons.csv": lambda path: path.write_text(
            frame.to_csv(index=False, sep=";"), encoding="utf-8-sig"
        ),
        "fleet.xlsx": lambda path: frame.to_excel(path, index=False, startrow=3, sheet_name="Ships"),
        "fleet.parquet": frame.to_parquet,
    }


@pytest.mark.parametrize("name", tables())
def test_a_chinese_fleet_in_any_file(name, tmp_path):
    tables()[name](tmp_path / name)
    facts = read_register(tmp_path / name)
    assert facts["imo"].tolist() == [9811000, 9516454]
    assert facts["name"].tolist() == FLEET["船名"]
    assert facts["ship_type"].tolist() == ["container"] * 2
    assert facts["dwt"].tolist() == [199_629, 156_610]
    assert facts["me_kw"].iloc[0] == 59_300
    assert math.isnan(facts["me_kw"].iloc[1])
    assert facts["speed_meaning"].iloc[0] == "service"
    assert facts["build_year"].tolist() == [2018, 2014]
    assert facts["fuel"].tolist() == ["oil", "lng"]
    assert facts["engine_type"].tolist() == ["ssd", "lng_diesel"]
    assert facts["scrubber"].tolist() == ["fitted", "none"]
    assert facts["shore_power"].tolist() == ["yes", "no"]
    assert facts["tier"].tolist() == [2, 2]


def test_a_ship_takes_what_the_register_says_and_invents_nothing(tmp_path):
    tables()["fleet.csv"](tmp_path / "fleet.csv")
    vessels = pd.DataFrame(
        {"vessel_id": ["A", "B"], "imo": [9811000, 9337614], "mmsi": [353136000, 353274000]}
    )
    known, unknown = resolve_ships(vessels, read_register(tmp_path / "fleet.csv"))
    assert (known.fuel, known.scrubber, known.has_scrubber, known.shore_power) == (
        "oil",
        "fitted",
        True,
        "yes",
    )
    assert (known.operator, known.teu, known.dwt_t, known.tier) == ("长荣海运", 20124, 199_629, 2)
    assert known.provenance["fuel"] == known.provenance["dwt_t"] == "register"
    assert (unknown.fuel, unknown.scrubber, unknown.has_scrubber) == ("oil", "unknown", False)
    assert (unknown.shore_power, unknown.operator, unknown.service) == ("unknown", "", "")
    assert unknown.provenance["fuel"] == "default"
    assert not {"scrubber", "shore_power", "operator", "gt"} & set(unknown.provenance)
    # Both flags are by the first three digits of the number; none is in the register.
    assert (known.flag, unknown.flag) == ("PA", "PA")
    assert known.provenance["flag"] == "inferred"


def test_a_gas_engine_without_a_fuel_burns_gas():
    facts = pd.DataFrame({"vessel_id": ["X"], "engine_type": ["lng_diesel"]})
    (ship,) = resolve_ships(pd.DataFrame({"vessel_id": ["X"]}), facts)
    assert (ship.fuel, ship.provenance["fuel"], ship.is_diesel) == ("lng", "inferred", False)


MAPPING = """speed_meaning = "service"
[columns]
imo = "LRNO"
ship_type = "Kind"
me_kw = "BHP"
v_ref_kn = "Spd"
length_m = "Len"
[units]
me_kw = "hp"
v_ref_kn = "km/h"
length_m = "ft"
[words.ship_type]
"Boxship" = "container"
"""
THEIRS = "LRNO,Kind,BHP,Spd,Len,Owner\n9811000,Boxship,79523,42.2256,1312.14,x\n"


def written(tmp_path, mapping=MAPPING, theirs=THEIRS):
    (tmp_path / "map.toml").write_text(mapping, encoding="utf-8")
    (tmp_path / "theirs.csv").write_text(theirs, encoding="utf-8")
    return read_register(tmp_path / "theirs.csv", tmp_path / "map.toml")


def test_a_mapping_names_columns_units_and_words_and_leaves_out_the_rest(tmp_path):
    (row,) = written(tmp_path).to_dict("records")
    assert row["ship_type"] == "container"
    assert row["me_kw"] == pytest.approx(59_300, rel=1e-4)
    assert row["v_ref_kn"] == pytest.approx(22.8)
    assert row["speed_meaning"] == "service"
    assert row["length_m"] == pytest.approx(399.94, abs=0.01)
    assert "Owner" not in row


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        (("LRNO", "LRNR"), "missing_column", "LRNO|imo"),
        (('"hp"', '"ps"'), "unknown_unit", "hp"),
        (("v_ref_kn = ", "speed = "), "bad_mapping", "v_ref_kn"),
        (('= "container"', '= "boxes"'), "bad_mapping", "container"),
        (('"Boxship"', '"Box"'), "unknown_ship_type", "line 2.*container"),
        (("[columns]", "[columns"), "bad_mapping", "TOML"),
        (("speed_meaning", "speedmeaning"), "bad_mapping", "speedmeaning"),
        (('imo = "LRNO"', 'name = "LRNO"'), "bad_mapping", "vessel_id"),
    ],
)
def test_a_faulty_mapping_says_what_is_known(tmp_path, change, code, words):
    with pytest.raises(InputError, match=words) as caught:
        written(tmp_path, MAPPING.replace(*change))
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("imo,fuel\n9811000,coal\n", "unknown_fuel", r"oil, lng, methanol, ammonia.*register_words"),
        ("imo,scrubber\n9811000,perhaps\n", "unknown_scrubber", "hybrid.*register_words"),
        ("imo,engine_type\n9811000,rocket\n", "unknown_engine_type", "lng_otto_ss.*register_words"),
        ("imo,tier\n9811000,IV\n", "unknown_tier", "0, 1, 2, 3"),
        ("imo,Main engine hp\n9811000,999999\n", "bad_value", "times 0.7457"),
        ("imo,build_year\n9811000,new\n", "bad_value", "new"),
        ("imo,Service speed (kn),Max speed (kn)\n9811000,20,24\n", "double_column", "keep one"),
        ("imo,name\n9811000,a,b\n", "unreadable_table", "line 2"),
        ("imo,Funnel colour\n9811000,red\n", "unknown_column", "--ships-columns"),
    ],
)
def test_nothing_falls_back_silently(tmp_path, text, code, words):
    (tmp_path / "ships.csv").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=words) as caught:
        read_register(tmp_path / "ships.csv")
    assert caught.value.code == code


def test_one_sheet_of_a_workbook(tmp_path):
    path = tmp_path / "book.xlsx"
    with pd.ExcelWriter(path) as book:
        pd.DataFrame({"note": ["our fleet"]}).to_excel(book, sheet_name="Cover", index=False)
        pd.DataFrame({"IMO": [9811000], "DWT": [1000]}).to_excel(book, sheet_name="Old", index=False)
        pd.DataFrame({"IMO": [9811000], "DWT": [199_629]}).to_excel(book, sheet_name="New", index=False)
    assert read_register(path)["dwt"].tolist() == [1000]
    assert read_register(f"{path}#New")["dwt"].tolist() == [199_629]
    with pytest.raises(InputError, match="Cover, Old, New"):
        read_register(f"{path}#Newer")
    (tmp_path / "broken.xlsx").write_bytes(b"PK no workbook")
    with pytest.raises(InputError, match="save it as CSV"):
        read_register(tmp_path / "broken.xlsx")


def test_every_known_header_and_word_is_one_thing():
    headers = reference.table("register_names_2026")
    meant = headers.assign(key=headers["header"].map(plain)).groupby("key")["field"].nunique()
    assert meant.max() == 1
    for (_, word), rows in reference.table("register_words_2026").groupby(
        ["field", reference.table("register_words_2026")["word"].map(plain)]
    ):
        assert len(set(rows["meaning"])) == 1, word
    for field in ("ship_type", "engine_type", "fuel", "scrubber", "shore_power"):
        said = reference.rows("register_words_2026", field=field)["meaning"]
        assert set(said) <= set(known_words(field))
    assert set(known_words("engine_type")) >= set(reference.table("engine_fuels_2026")["engine_type"])


@given(st.dictionaries(st.sampled_from(sorted(NUMBER_COLUMNS)), st.floats(0, 1), min_size=1))
def test_numbers_come_back_as_written(tmp_path_factory, shares):
    path = tmp_path_factory.mktemp("register") / "ships.csv"
    given_values = {}
    for name, share in shares.items():
        least, most = NUMBER_COLUMNS[name]
        whole = name in {"tier", "build_year", "keel_year"}
        value = least + share * (most - least)
        given_values[name] = round(value) if whole else value
    pd.DataFrame([{"imo": 9811000, **given_values}]).to_csv(path, index=False)
    (row,) = read_register(path).to_dict("records")
    for name, value in given_values.items():
        assert row[name] == pytest.approx(value, rel=1e-12)


def test_a_mapping_may_name_every_field(tmp_path):
    lines = "\n".join(f'{field} = "c{n}"' for n, field in enumerate(fields()))
    (tmp_path / "map.toml").write_text(f"[columns]\n{lines}\n", encoding="utf-8")
    assert list(read_register_mapping(tmp_path / "map.toml").columns) == list(fields())
    assert np.isin(["imo", "fuel", "scrubber", "operator"], fields()).all()
