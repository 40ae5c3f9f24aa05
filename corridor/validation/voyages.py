"""A simulated fleet sent through the whole programme, beside what it truly did."""

import tempfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from corridor.accounts.ledger import Ledger
from corridor.emissions.fleet import Fleet, fleet
from corridor.emissions.ships import Ship, resolve_ships
from corridor.runs import run_study
from corridor.simulate import compose
from corridor.study import Study
from corridor.sums import with_engine_kind
from corridor.validation.truth import TrueWays, true_ways
from layers.zones import decode

# Systems whose zones are judged; borders and NOx areas follow the same coasts.
SYSTEMS = ("port", "sulphur", "speed", "waters")
# A zone with less of the fleet's carbon dioxide than this is a handful of fixes, and is not judged. [1]
LEAST_SHARE = 1e-4


@dataclass(frozen=True, eq=False)
class Heard:
    """What a study made of the reports of simulated ships, and their true ways.

    Attributes
    ----------
    study : Study
        From reports with holes and faults.
    ships : list of Ship
        The study's ships, as their particulars were given to it.
    ways : TrueWays
        What they did.
    own : array (vessels)
        Whether a vessel of the study is one of the fleet, or uses the number of one; tugs and yachts do not.
    """

    study: Study
    ships: list[Ship]
    ways: TrueWays
    own: npt.NDArray[np.bool_]

    @cached_property
    def rows(self) -> pd.DataFrame:
        """Ledger rows of the study's ships, without other craft; with the kind of their engines."""
        rows = self.study.ledger_rows()
        mine: pd.DataFrame = rows[self.own[rows["vessel"].to_numpy()]].reset_index(drop=True)
        return mine

    @property
    def fleet(self) -> Fleet:
        """The ships with the particulars that the study had."""
        plan = self.study.source.plan if self.study.source else self.ways.plan
        return fleet(self.ships, plan.rulebook.supplies, plan.method)

    def true_rows(self, rows: pd.DataFrame) -> pd.DataFrame:
        """True rows with the kind of engines of the study's ships."""
        return with_engine_kind(Ledger(rows, self.study.ledger.cells), self.study.vessels)

    def groups(self, rows: pd.DataFrame) -> dict[str, npt.NDArray[np.int64]]:
        """Zone of each row in each system that is judged; 0 is the remainder. [index]"""
        systems = self.study.systems
        places = decode(rows["zone"].to_numpy(), [len(system.zone_ids) for system in systems])
        return {system.name: places[:, k] for k, system in enumerate(systems) if system.name in SYSTEMS}

    def zone_ids(self, system: str) -> tuple[str, ...]:
        """Zones of a system, the remainder first."""
        return next(one.zone_ids for one in self.study.systems if one.name == system)


def hear(
    voyages: int,
    seed: int,
    *,
    with_faults: bool = True,
    unregistered: int = 0,
    shore_power_use: str | None = None,
    work_dir: Path | None = None,
) -> Heard:
    """Simulate voyages, and send what receivers heard of them through the programme.

    Parameters
    ----------
    voyages : int
        Crossings.
    seed : int
        Seed of the simulation.
    with_faults : bool
        Put in the faults of real AIS; reception holes stay either way.
    unregistered : int
        Every so-manieth ship lacks power and speed in the register, which are then looked up by class and
        size; 0 for none.
    shore_power_use : str, optional
        As in `corridor.runs.run_study`.
    work_dir : Path, optional
        Where the zone index is kept; the user's cache by default.
    """
    tables = compose(voyages, seed, with_faults=with_faults)
    register = tables.fleet.copy()
    if unregistered:
        lacking = np.arange(len(register)) % unregistered == unregistered - 1
        register.loc[lacking, ["me_kw", "v_ref_kn"]] = np.nan
    with tempfile.TemporaryDirectory(prefix="corridor-") as folder:
        ais, ships = Path(folder) / "simulated_ais.csv", Path(folder) / "simulated_ships.csv"
        tables.ais.to_csv(ais, index=False)
        register.to_csv(ships, index=False)
        study = run_study(ais, ships=ships, shore_power_use=shore_power_use, work_dir=work_dir, pieces=False)
    if study.source is None:
        raise ValueError("a study that was just computed has lost its source")
    plan, vessels = study.source.plan, study.vessels
    ids = vessels["vessel_id"].astype(str)
    known = {f"IMO{imo}" for imo in tables.fleet["imo"]}
    seen = plan.ships.set_index("mmsi")[["ais_type", "length_m", "beam_m"]]
    said = seen[~seen.index.duplicated()].reindex(vessels["mmsi"]).reset_index(drop=True)
    return Heard(
        study=study,
        ships=resolve_ships(vessels[["vessel_id", "imo", "mmsi"]].join(said), plan.entries),
        ways=true_ways(tables, plan, ids.tolist()),
        own=ids.str.partition("/")[0].isin(known).to_numpy(),
    )
