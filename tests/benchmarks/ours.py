"""The project's own way through the rows: clean, trace, cut, account; with or without a row per piece."""

import tempfile
import time
from dataclasses import replace
from pathlib import Path

from corridor import reference
from corridor.emissions.register import read_register
from corridor.emissions.rules import calendar, rulebook
from corridor.engine import merge, process
from corridor.ground import study_lattice, study_systems
from corridor.plan import Plan
from corridor.tracks.trajectories import TraceSettings
from layers.zones import ZoneIndex
from tests.benchmarks.synthetic import Fleet, read_ships


class Ours:
    """One partition, one core; the zone index is built or loaded beforehand and the plan made."""

    def __init__(self, cache: Path, *, pieces: bool) -> None:
        self.pieces = pieces
        self.systems = study_systems()
        self.index = ZoneIndex.load_or_build(self.systems, study_lattice(), cache)
        self._plans: dict[Fleet, Plan] = {}
        self.sulphur_zones = reference.zones("sulphur").zone_ids

    def plan(self, made: Fleet, pieces_dir: Path | None) -> Plan:
        """Return what the engine needs to know besides positions."""
        ships = read_ships(made)
        span = calendar(int(ships["first_ms"].min()), int(ships["last_ms"].max()))
        return Plan(
            ships=ships,
            register=read_register(made.register),
            systems=self.systems,
            index=self.index,
            rulebook=rulebook(self.sulphur_zones, span),
            trace=TraceSettings(),
            simulated=True,
            pieces_dir=pieces_dir,
        )

    def run(self, made: Fleet) -> dict[str, float]:
        """Account every row of a fleet."""
        if made not in self._plans:
            self._plans[made] = self.plan(made, None)
        plan = self._plans[made]
        if not self.pieces:
            return self._account(made, plan)
        with tempfile.TemporaryDirectory() as folder:
            return self._account(made, replace(plan, pieces_dir=Path(folder)))

    def _account(self, made: Fleet, plan: Plan) -> dict[str, float]:
        started = time.perf_counter()
        merge([process(made.positions, plan)])
        return {"process": time.perf_counter() - started}
