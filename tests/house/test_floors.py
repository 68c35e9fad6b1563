"""Imports go down only: each room imports what its row names and nothing else."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[2] / "python_package" / "nbruns"

GROUND = {
    "errors",
    "records",
    "conditions",
    "identity",
    "numbers",
    "rules",
    "name_patterns",
    "permissions",
}
# What a room may import: our rooms, and packages that are not the standard library's.
ROOMS: dict[str, tuple[set[str], set[str]]] = {
    "protocol": (set(), set()),
    "notebooks": (set(), set()),
    "charts": ({"protocol"}, {"plotly", "mlflow"}),
    "store": ({"notebooks"}, {"sqlite_utils"}),
    "comparison": ({"notebooks"}, set()),
    # Policies are YAML.
    "endpoints": ({"protocol", "notebooks", "comparison", "store"}, {"yaml"}),
    "server": (
        {"endpoints", "store", "protocol", "notebooks", "served_model"},
        # jupyter_core finds the configuration files where no server runs.
        {
            *("jupyter_server", "tornado", "traitlets", "jupyter_client", "jupyter_core"),
            # Requirements of models are pip's.
            *("jupyter_events", "psutil", "packaging"),
        },
    ),
    # What a served model's process runs, where nbruns may not be installed.
    "served_model": (set(), {"mlflow", "uvicorn"}),
    "mlflow_plugin": ({"mlflow_store", "kernel", "protocol", "store"}, {"mlflow"}),
    "mlflow_store": ({"endpoints", "store", "protocol", "kernel"}, {"mlflow"}),
    "kernel": (
        {"store", "protocol", "notebooks"},
        {"IPython", "ipykernel", "jupyter_core", "mlflow", "psutil"},
    ),
    "magics": ({"store", "kernel", "protocol", "panel"}, {"IPython", "mlflow"}),
    "panel": (
        {"protocol", "notebooks", "charts", "comparison"},
        {"ipywidgets", "traitlets", "anywidget", "plotly", "tornado", "comm", "IPython"},
    ),
    "cell_panel": ({"endpoints", "kernel", "panel", "protocol", "store"}, set()),
    "transfer": ({"store"}, {"yaml"}),
    "library": (
        {"comparison", "endpoints", "store", "protocol", "mlflow_store", "kernel"},
        {"mlflow"},
    ),
    "registry": ({"endpoints", "protocol", "mlflow_store", "store"}, {"mlflow", "pandas"}),
    # Writes by MLflow's client alone; tables are pyarrow's and pandas'.
    "scoring": ({"protocol"}, {"mlflow", "pandas", "pyarrow", "numpy", "IPython"}),
    # The form Jupyter writes notebooks in is nbformat's to know.
    "revisions": (
        {"comparison", "endpoints", "kernel", "mlflow_store", "notebooks", "store"},
        {"nbformat"},
    ),
    # What scores from the shell keeps its runs where a kernel would.
    "group_commands": ({"server"}, set()),
    "cli": (
        {
            *("endpoints", "store", "protocol", "notebooks", "server", "transfer"),
            *("scoring", "kernel", "group_commands"),
        },
        set(),
    ),
    "__init__": ({"server"}, set()),
}
ALLOWED_EVERYWHERE_ON_THE_GROUND = {"identity": {"jupyter_core"}}


def modules() -> list[Path]:
    return sorted(p for p in HOUSE.rglob("*.py") if "labextension" not in p.parts)


def imported(path: Path) -> Iterator[tuple[int, str]]:
    """Each import of a module, wherever it stands, as (line, dotted name)."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno} imports relatively"
            if node.module == "nbruns":
                yield from ((node.lineno, f"nbruns.{alias.name}") for alias in node.names)
            else:
                yield node.lineno, node.module or ""


def room_of(path: Path, house: Path = HOUSE) -> str:
    first = path.relative_to(house).parts[0]
    return first.removesuffix(".py")


def trespasses(path: Path, house: Path = HOUSE) -> Iterator[str]:
    room = room_of(path, house)
    ours, theirs = ROOMS.get(room, (set(), set()))
    if room in GROUND:
        theirs = ALLOWED_EVERYWHERE_ON_THE_GROUND.get(room, set())
    for line, name in imported(path):
        package, _, rest = name.partition(".")
        target = rest.partition(".")[0]
        if package == "nbruns":
            allowed = target in ours | {room, "", "__version__"} or (
                target in GROUND and room != "__init__"
            )
        else:
            allowed = package in sys.stdlib_module_names or package in theirs
        if not allowed:
            yield f"{path.relative_to(house)}:{line} imports {name}"


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(HOUSE)))
def test_imports_go_down_only(path: Path) -> None:
    assert list(trespasses(path)) == []


def test_every_room_is_in_the_plan() -> None:
    rooms = {room_of(path) for path in modules()}

    assert rooms <= GROUND | set(ROOMS)


def test_a_trespass_is_noticed(tmp_path: Path) -> None:
    stray = tmp_path / "protocol" / "stray.py"
    stray.parent.mkdir()
    stray.write_text("import tornado\nfrom nbruns.store import Store\nfrom nbruns import errors\n")

    assert list(trespasses(stray, tmp_path)) == [
        "protocol/stray.py:1 imports tornado",
        "protocol/stray.py:2 imports nbruns.store",
    ]


def test_only_the_mlflow_store_imports_mlflow_at_module_level() -> None:
    guilty = [
        str(path.relative_to(HOUSE))
        for path in modules()
        if room_of(path) != "mlflow_store"
        for node in ast.parse(path.read_text("utf-8")).body
        if (
            isinstance(node, ast.Import)
            and any(a.name.split(".")[0] == "mlflow" for a in node.names)
        )
        or (isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "mlflow")
    ]

    assert guilty == []
