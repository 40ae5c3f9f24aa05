"""Draw every zone system anew: ``python -m corridor.geography``."""

import sys

from corridor import reference
from corridor.geography.systems import SYSTEMS, draw, geojson_text


def main() -> None:
    """Write ``data/zones/*.geojson``; each file is written beside, then renamed."""
    folder = reference.data_path() / "zones"
    folder.mkdir(exist_ok=True)
    for name in SYSTEMS:
        text = geojson_text(draw(name))
        beside = folder / f"{name}.geojson.part"
        beside.write_text(text, encoding="utf-8", newline="\n")
        beside.replace(folder / f"{name}.geojson")
        sys.stdout.write(f"{name}: {len(text) / 1000:.0f} kB\n")


if __name__ == "__main__":
    main()
