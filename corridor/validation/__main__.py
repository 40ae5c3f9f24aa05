"""``python -m corridor.validation docs/method.md``: renew the generated parts of a document."""

import sys
from pathlib import Path

from corridor.validation.document import blocks, renewed
from corridor.validation.run import validate


def main(paths: list[str]) -> None:
    """Renew the generated parts of some documents."""
    parts = blocks(validate())
    for path in map(Path, paths):
        path.write_text(renewed(path.read_text(encoding="utf-8"), parts), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
