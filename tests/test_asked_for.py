"""What a run is asked to decide: places, prices, a test of clusters; told in run.json, written."""

from dataclasses import replace

import pytest

from corridor import runs
from corridor.errors import InputError
from corridor.outputs import decisions, grids
from corridor.outputs.publish import published

PRICES = 'currency = "USD"\nsource = "x"\n[fuel_per_t]\nvlsfo = 600\nmdo = 800\n'


@pytest.fixture(scope="module")
def asked(demo, tmp_path_factory):
    """The demo as if it had been run with all of it."""
    folder = tmp_path_factory.mktemp("asked")
    (folder / "places.csv").write_text("name,lat,lon\nSchool,33.76,-118.21\n", encoding="utf-8")
    (folder / "prices.toml").write_text(PRICES, encoding="utf-8")
    said = runs._asked_to_decide(folder / "places.csv", folder / "prices.toml", True)
    manifest = demo.study.manifest
    return replace(demo.study, manifest=manifest | {"parameters": manifest["parameters"] | said})


def test_nothing_asked_nothing_said():
    assert runs._asked_to_decide(None, None, False) == {}


def test_a_missing_extra_is_named_before_the_work(monkeypatch):
    monkeypatch.setattr(runs, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"corridor-emissions\[hotspots\]") as refusal:
        runs._asked_to_decide(None, None, True)
    assert refusal.value.code == "missing_extra"


def test_tables_and_panels_of_what_was_asked(demo, asked):
    more = set(decisions.files(asked)) - set(decisions.files(demo.study))
    assert more == {"receptors", "costs"}
    assert "gi_hot" in decisions.files(asked)["hotspots"]
    keys = {panel.key for panel in decisions.panels(asked)}
    assert {"near_people", "costs", "hotspots"} <= keys
    assert "indicators" in decisions.private_files(asked)
    assert "indicators" not in decisions.files(asked)


def test_the_grid_of_the_geopackage_has_the_clusters(demo, asked):
    columns = {
        "cell_id": grids.GRID_COLUMNS["cell_id"],
        "co2_kg_per_km2": grids.GRID_COLUMNS["co2_kg_per_km2"],
    }
    layer = grids.grid_layer(asked, columns)
    plain = grids.grid_layer(demo.study, columns)
    assert set(layer.columns) - set(plain.columns) == set(grids.CLUSTER_COLUMNS)
    assert layer.rows == plain.rows
    first = layer.table[layer.table["rank"] == 1].iloc[0]
    assert first["co2_kg_per_km2"] == layer.table["co2_kg_per_km2"].max()
    assert layer.table["gi_hot"].fillna(False).any()


def test_places_and_prices_may_be_passed_on_but_no_ship(asked):
    given = published(asked)
    found = decisions.files(given)
    assert len(found["receptors"])
    fuels = found["costs"][found["costs"]["unit"] == "t"]
    assert (fuels["cost"] > 0).all()
    assert not [name for name in found["hotspots"] if "vessel" in name]
