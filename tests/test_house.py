"""The house: imports go down only, facts have a unit and a source, files are short and know no machine."""

import ast
import csv
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TOP = {
    *("corridor", "layers", "maps", "tests", "data", "docs", "requirements"),
    *("pyproject.toml", "README.md", "CHANGELOG.md", "CITATION.cff", "LICENSE", "Makefile", "Containerfile"),
}
# Inside `corridor` a file imports only what stands before it here.
ORDER = (
    *("errors", "stopwatch", "words", "schema", "joining", "identity", "checked", "reference", "geography"),
    *("tracks", "emissions", "accounts", "pieces"),
    *("regroup", "berths", "measures", "bookings", "callbook", "levers", "plan", "engine"),
    *("rungs", "loadrungs", "massrungs", "ladder", "explain"),
    *("userzones", "ground", "inspection", "conversion", "holes", "manifest", "sums", "worlds", "study"),
    *("kept", "comparison"),
    *(
        "why",
        "intensity",
        "tracker",
        "efficiency",
        "costs",
        "receptors",
        "recall",
        "runs",
        "planning",
        "schedule",
        "outputs",
        "contrast",
    ),
    *("simulation", "simulate", "validation"),
    *("commands", "cli"),
)
# What a study hands itself to: outputs, which know studies; a page; an explanation. Opened when used.
DOORS = {"corridor/study.py": {"corridor.outputs", "corridor.explain", "maps.page"}}
# Programs that begin at once and import what a command needs when it runs.
PROGRAMS = {
    "corridor/cli.py",
    *(f"corridor/commands/{path.name}" for path in (ROOT / "corridor" / "commands").glob("*.py")),
}
# Packages that are slow to import, and the ones that only some callers need.
SLOW = {
    "movingpandas",
    "networkx",
    "folium",
    "fsspec",
    "rich",
    "geopandas",
    "pyogrio",
    "pyproj",
    "shapely",
    "pyais",
    "python_calamine",
    "netCDF4",
    "esda",
    "libpysal",
    "rasterio",
    "typst",
    "xlsxwriter",
}


def files():
    """Every file that is ours: tracked, or new and not ignored."""
    command = ["git", "-C", str(ROOT), "ls-files", "-co", "--exclude-standard", "-z"]
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode == 0:
        return [ROOT / name for name in done.stdout.decode().split("\0") if name and (ROOT / name).is_file()]
    # No repository: an unpacked archive, in which everything under our names is ours.
    found = [path for name in sorted(TOP) for path in (ROOT / name, *sorted((ROOT / name).rglob("*")))]
    return [path for path in found if path.is_file() and "__pycache__" not in path.parts]


FILES = files()
SOURCES = [path for path in FILES if path.suffix == ".py" and path.parts[len(ROOT.parts)] in TOP]
PACKAGES = [path for path in SOURCES if path.relative_to(ROOT).parts[0] in {"corridor", "layers", "maps"}]


def name_of(path):
    return path.relative_to(ROOT).as_posix()


def imports(path):
    """Module names a file imports, each with whether inside a function; not those for types only."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    typing_only = {
        id(node)
        for test in ast.walk(tree)
        if isinstance(test, ast.If) and "TYPE_CHECKING" in ast.unparse(test.test)
        for node in ast.walk(test)
    }
    inside = {
        id(node)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
    }
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, id(node) in inside
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name_of(path)}: relative import"
            for alias in node.names:
                module = f"{node.module}.{alias.name}"
                is_module = (ROOT / module.replace(".", "/")).with_suffix(".py").exists()
                is_package = (ROOT / module.replace(".", "/")).is_dir()
                yield (module if is_module or is_package else node.module), id(node) in inside


def floor_of(module):
    """Place of a module of `corridor` in the order; the façade (its version) comes before all."""
    parts = module.split(".")
    return -1 if len(parts) == 1 else ORDER.index(parts[1])


def test_the_top_level_holds_exactly_the_agreed_names():
    found = {path.relative_to(ROOT).parts[0] for path in FILES}
    assert {name for name in found if not name.startswith(".")} == TOP


@pytest.mark.parametrize(
    ("package", "below"), [("layers", set()), ("maps", {"layers"}), ("corridor", {"layers", "maps"})]
)
def test_floors_import_only_what_lies_below(package, below):
    seen = set()
    for path in PACKAGES:
        if name_of(path).split("/")[0] == package:
            tops = {module.split(".")[0] for module, _ in imports(path)}
            ours = tops & {"layers", "maps", "corridor", "tests"}
            assert ours <= below | {package}, (name_of(path), ours)
            seen |= ours
    assert package in seen


def test_maps_are_drawn_only_where_results_are_written():
    allowed = ("corridor/outputs/", "corridor/study.py", "corridor/commands/", "corridor/cli.py")
    for path in PACKAGES:
        if name_of(path).startswith("corridor/") and not name_of(path).startswith(allowed):
            assert not [module for module, _ in imports(path) if module.split(".")[0] == "maps"], name_of(
                path
            )


def test_every_file_of_the_domain_has_its_place():
    names = {
        path.relative_to(ROOT / "corridor").parts[0].removesuffix(".py")
        for path in PACKAGES
        if name_of(path).startswith("corridor/")
    }
    assert names - {"__init__"} <= set(ORDER)


def test_inside_the_domain_imports_go_up_the_list_only():
    for path in PACKAGES:
        name = name_of(path)
        if not name.startswith("corridor/") or name == "corridor/__init__.py":
            continue
        own = floor_of(name.removesuffix(".py").replace("/", "."))
        for module, lazily in imports(path):
            if not module.startswith("corridor"):
                continue
            door = lazily and any(module.startswith(known) for known in DOORS.get(name, ()))
            assert floor_of(module) <= own or door, f"{name} imports {module}"


def test_imports_inside_functions_are_doors_or_slow_packages():
    for path in PACKAGES:
        name = name_of(path)
        if name in PROGRAMS:
            continue
        for module, lazily in imports(path):
            known = any(module.startswith(door) for door in DOORS.get(name, ()))
            if lazily:
                assert known or module.split(".")[0] in SLOW, f"{name} imports {module} inside a function"


def test_modules_form_no_circle():
    graph = {
        name_of(path).removesuffix(".py").removesuffix("/__init__").replace("/", "."): {
            module for module, lazily in imports(path) if not lazily
        }
        for path in PACKAGES
    }
    done, open_now = set(), []

    def visit(module):
        assert module not in open_now, " → ".join([*open_now, module])
        if module in done or module not in graph:
            return
        open_now.append(module)
        for other in sorted(graph[module]):
            visit(other)
        open_now.pop()
        done.add(module)

    for module in sorted(graph):
        visit(module)
    assert done == set(graph)


def test_wings_keep_to_their_question():
    """Tracks know no fuel, emissions no file of positions, accounts no position."""
    foreign = {
        "tracks": ("corridor.emissions", "corridor.accounts"),
        "emissions": ("corridor.tracks.ingest", "corridor.tracks.buckets", "corridor.accounts", "pyarrow"),
        "accounts": ("corridor.tracks", "layers.geodesy", "layers.walk", "pyarrow"),
    }
    for wing, others in foreign.items():
        for path in (ROOT / "corridor" / wing).glob("*.py"):
            for module, _ in imports(path):
                assert not module.startswith(others), f"{name_of(path)} imports {module}"


def test_only_the_reference_reads_the_facts():
    """Others ask it. Geography draws zones into the folder; the demo's positions are inputs, not facts."""
    may = {"corridor/reference.py"}
    for path in PACKAGES:
        name = name_of(path)
        if name in may or name.startswith("corridor/geography/"):
            continue
        text = path.read_text(encoding="utf-8")
        assert text.count("data_path(") == text.count('data_path() / "demo"'), name
        opened = re.findall(r"""(?:open|read_\w+|Path)\(\s*["']data/""", text)
        assert not opened, name


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_a_file_is_short_and_one_thing(path):
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= 500
    title = ast.get_docstring(ast.parse(text)) or ""
    if path in PACKAGES and text.strip():
        assert title, "no docstring"
        assert " and " not in path.stem.replace("_", " ")


# Facts


FACTS = sorted(path for path in FILES if path.suffix == ".csv" and name_of(path).startswith("data/"))
# Numbers that are places in degrees, or count and order things.
PLAIN = {
    *("lon", "lat", "west", "south", "east", "north", "on_page", "corner", "point", "part", "order", "page"),
    *("phase_index", "exit_lane", "size_bin", "tier", "year", "build_year", "teu", "strokes", "table_row"),
    *("voyage", "imo", "mmsi", "sulphur_zone"),
}
UNIT = re.compile(r"(^hours|_(deg|m|km|nm|kn|kn3|kw|kwh|kg|g|h|s|percent|years|min|max))$")


def is_number(text):
    return bool(re.fullmatch(r"-?\d+(\.\d+)?(e-?\d+)?", text))


@pytest.mark.parametrize("path", FACTS, ids=name_of)
def test_facts_have_a_source_and_a_unit(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows
    assert all(None not in row and None not in row.values() for row in rows), "a row of another length"
    if "source" in rows[0]:
        assert all(row["source"].strip() for row in rows)
    else:
        # Outlines and tracks: one source for the file, in the list beside it.
        assert sourced(path), f"{name_of(path)} names no source"
    numbers = {name for name in rows[0] if any(is_number(row[name]) for row in rows)}
    bare = {name for name in numbers - PLAIN if not UNIT.search(name) and not name.startswith(("lat", "lon"))}
    if "unit" in rows[0]:
        assert all(row["unit"].strip() for row in rows)
    else:
        assert not bare, f"{name_of(path)}: {bare} without a unit"


def sourced(path):
    """Whether a list of sources beside a file names it, or it is what our own simulator made."""
    if path.parent.name == "demo":
        return path.name.startswith("simulated_")
    with (path.parent / "SOURCES.csv").open(encoding="utf-8", newline="") as file:
        return any(path.stem in row["file"] and row["source"].strip() for row in csv.DictReader(file))


# Machines


# Put together here, so that this file does not find itself.
FOREIGN = [rf"(?<![\w.:/-])/{folder}/[\w.]" for folder in ("work", "root", "Users", "tmp", "mnt", "opt")]
# A container has a home of its own.
FOREIGN += [r"(?<!WORKDIR )(?<![\w.:/-])/" + r"home/\w"]
FOREIGN += ["python" + r"hosted\.org", r"py" + r"pi\.org", "--(extra-)?index" + "-url", "trusted" + "-host"]
FOREIGN += [r"https?://(localhost|127\.0\.0\.1|10\.\d+\.\d+\.\d+|192\.168\.)"]
MACHINE = re.compile("|".join(FOREIGN))


def test_no_file_names_a_machine_or_a_package_index():
    found = []
    for path in FILES:
        raw = path.read_bytes()
        if b"\0" in raw[:4096]:
            continue
        for number, line in enumerate(raw.decode("utf-8").splitlines(), start=1):
            if MACHINE.search(line):
                found.append(f"{name_of(path)}:{number}: {line.strip()[:100]}")
    assert found == []
