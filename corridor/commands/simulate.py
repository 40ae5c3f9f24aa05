"""``corridor simulate``: AIS of invented ships, with its truth."""

from typing import Annotated

import typer

from corridor.commands.options import Json, Out, Overwrite, Quiet
from corridor.commands.report import report
from corridor.errors import writing_to
from layers import atomic

EXAMPLES = "Example: corridor simulate --voyages 8 --seed 1 --out fleet"
SIMULATION = ("simulated_ais.csv.gz", "simulated_ships.csv", "simulated_truth.csv", "simulated_faults.csv")


def simulate(
    voyages: Annotated[int, typer.Option("--voyages", min=1, metavar="N", help="Ocean crossings to sail.")],
    out: Out,
    seed: Annotated[int, typer.Option("--seed", min=0, metavar="S", help="Seed of the random numbers.")] = 0,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Write AIS of invented ships on the corridor, with the holes and faults of real AIS.

    Beside the positions: a ship register, the truth to compare with, and a count of the faults put in.
    """
    with writing_to(out):
        from corridor.simulate import simulate as sail  # noqa: PLC0415 — slow to import, see the top

        with atomic.whole_folder(out, last=SIMULATION[-1], owned=SIMULATION, overwrite=overwrite) as part:
            fleet = sail(voyages, seed, part)
    names = {
        "ais": fleet.ais_path,
        "ships": fleet.ships_path,
        "truth": fleet.truth_path,
        "faults": fleet.faults_path,
    }
    paths = {key: str(out / path.name) for key, path in names.items()}
    counts = {"rows": fleet.rows, "ships": fleet.ships, "voyages": fleet.voyages, "seed": seed}
    said = f"SIMULATED: {fleet.rows:,} positions of {fleet.ships} ships on {fleet.voyages} voyages"
    report({**counts, "simulated": True}, paths, [said], quiet=quiet, as_json=as_json)
