"""The parts of serving that need no process: inputs read again, packages compared, figures."""

from __future__ import annotations

import asyncio
import json
import platform
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from nbruns.endpoints import model_files
from nbruns.endpoints.model_files import Column, ModelFiles
from nbruns.endpoints.serving import Target, name_in
from nbruns.errors import InvalidState, InvalidValue
from nbruns.server.serving.environments import Environments, packages
from nbruns.server.serving.figures import Figures
from nbruns.server.serving.fit import differences
from nbruns.server.serving.inputs import fault_in
from nbruns.server.serving.log import MOST_LINES, Log
from nbruns.server.serving.refusals import sentence_of

COLUMNS = (
    Column("age", "double"),
    Column("city", "long"),
    Column("name", "string"),
    Column("is_new", "boolean", is_required=False),
)
ROW = {"age": 1.5, "city": 2, "name": "a"}


def fault(body: Any) -> str | None:
    return fault_in(COLUMNS, json.dumps(body).encode(), "application/json")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"age": "old"}, "Column 'age' (row 1): expected double, got the text \"old\""),
        ({"age": [1]}, "Column 'age' (row 1): expected double, got [1]"),
        ({"city": None}, "Column 'city' (row 1): expected long, got null"),
        ({"name": 3}, "Column 'name' (row 1): expected a string, got 3"),
        ({"is_new": "yes"}, "Column 'is_new' (row 1): expected true or false, got \"yes\""),
        ({"age": "1.5", "city": 2.0}, None),
        ({"age": None}, None),
    ],
)
@pytest.mark.parametrize("form", ["dataframe_split", "dataframe_records", "instances", "inputs"])
def test_the_value_at_fault_is_named_in_every_form(
    form: str, change: dict[str, Any], said: str | None
) -> None:
    row = ROW | change
    bodies: dict[str, Any] = {
        "dataframe_split": {"columns": list(row), "data": [list(row.values())]},
        "dataframe_records": [row],
        "instances": [row],
        "inputs": {name: [value] for name, value in row.items()},
    }

    assert fault({form: bodies[form]}) == said


def test_missing_columns_are_named_with_those_nobody_knows() -> None:
    found = fault({"dataframe_records": [{"age": 1, "town": 2}]})

    assert found == (
        "Missing columns 'city' (long), 'name' (string). The model knows no column 'town'"
    )


def test_the_row_is_told() -> None:
    rows = [ROW, ROW, ROW | {"age": "x"}]

    assert str(fault({"dataframe_records": rows})).startswith("Column 'age' (row 3)")
    csv = b"age,city,name\n1,2,a\nx,2,a\n"
    assert str(fault_in(COLUMNS, csv, "text/csv; charset=utf-8")).startswith("Column 'age' (row 2)")


@pytest.mark.parametrize(
    "body", [{}, [], 3, {"inputs": 3}, {"instances": [[1, 2]]}, {"dataframe_split": {}}]
)
def test_what_has_no_columns_is_left_to_mlflow(body: Any) -> None:
    assert fault(body) is None


def test_mlflow_s_words_are_cut_to_what_is_wrong() -> None:
    schema = "Failed to enforce schema of data 'x' with schema 'y'. Error: Model is missing"
    said = {"message": f"Failed to predict data ' \n 1'. \nError: {schema} inputs ['a']."}
    assert sentence_of(json.dumps(said).encode()) == "Model is missing inputs ['a']."

    trace = 'Traceback:\n  File "x"\n    y\nValueError: no\nmore of it\n'
    raised = {"message": "Encountered an unexpected error", "stack_trace": trace}
    assert sentence_of(json.dumps(raised).encode()) == "The model raised ValueError: no more of it"
    assert sentence_of(b"plain") == "plain"


def files(*requirements: str, python: str = "") -> ModelFiles:
    return ModelFiles(Path(), requirements=requirements, python_version=python)


def test_packages_that_fit_are_no_difference() -> None:
    here = platform.python_version()

    assert differences(files("pandas", "numpy>=1", "mlflow<4", "-r more.txt", python=here)) == []
    assert differences(files("nothing; python_version < '3'")) == []


def test_packages_that_differ_are_told_with_both_versions() -> None:
    found = differences(files("numpy==1.0", "no-such==2", "PANDAS<1", python="2.7.18"))

    assert [(one.package, one.wanted) for one in found] == [
        ("Python", "2.7.18"),
        ("numpy", "==1.0"),
        ("no-such", "==2"),
        ("PANDAS", "<1"),
    ]
    assert str(found[2]) == "no-such ==2 (missing here)"


def test_an_mlflow_that_is_newer_loads_what_an_older_one_wrote() -> None:
    assert differences(files("mlflow==3.0.0")) == []
    assert [one.package for one in differences(files("mlflow==2.20.0"))] == ["mlflow"]


def test_serving_needs_more_than_a_model_asks_for() -> None:
    assert packages(files("mlflow==3.7.0", "pandas")) == ["mlflow==3.7.0", "pandas", "numpy"]
    assert "uvicorn" in packages(files("scikit-learn"))


@pytest.mark.parametrize(
    ("target", "served_id"),
    [
        (Target("a.b.c", alias="champion"), "a.b.c@champion"),
        (Target("a@b", version=3), "a@b/3"),
        (Target("a@b", alias="c"), "a@b@c"),
        (Target("a b", stage="Production"), "a b/Production"),
    ],
)
def test_an_id_names_its_model(target: Target, served_id: str) -> None:
    assert target.text == served_id
    assert name_in(served_id) == target.name


def test_an_id_without_a_target_is_refused() -> None:
    with pytest.raises(InvalidValue, match="'churn'"):
        name_in("churn")


class TestFiles:
    def write(self, folder: Path, described: str) -> Path:
        (folder / "MLmodel").write_text(described)
        return folder

    def test_a_folder_without_a_model(self, tmp_path: Path) -> None:
        with pytest.raises(InvalidState, match="the shown are not in this store"):
            model_files.read(tmp_path, "the shown")

    @pytest.mark.parametrize(
        "text",
        [
            *("", "flavors: 3", "flavors: {sklearn: {}}", "a: [", "- 1"),
            # Deep, and long.
            *("[" * 5_000, "flavors: {python_function: {}}\n" + "#" * 5_000_000),
        ],
        ids=lambda text: text[:30],
    )
    def test_what_cannot_be_loaded_as_a_function(self, tmp_path: Path, text: str) -> None:
        with pytest.raises(InvalidState, match="python_function"):
            model_files.read(self.write(tmp_path, text), "it")

    def test_a_strange_signature_or_example_is_none(self, tmp_path: Path) -> None:
        text = """
            flavors: {python_function: {python_version: 3.11.1}}
            signature: {inputs: '[{"type": "tensor"}, 3]'}
            saved_input_example_info: {serving_input_path: ../MLmodel}
        """
        found = model_files.read(self.write(tmp_path, text), "it")

        assert (found.columns, found.example, found.python_version) == ((), None, "3.11.1")


def test_figures_count_and_tell_percentiles() -> None:
    figures = Figures()
    for took_ms in range(1, 101):
        figures.add(200, took_ms / 1000)
    figures.add(400, 9.0)
    figures.add(503, 9.0)

    told = figures.to_wire()
    assert (told["requests"], told["refused"], told["failed"]) == (102, 1, 1)
    assert (told["p50_ms"], told["p99_ms"]) == (51.0, 100.0)


def test_a_log_keeps_the_last_lines() -> None:
    log = Log(clock=lambda: 0.0)
    log.add("\x1b[33myellow\x1b[0m", "7")
    assert log.tail(1).endswith("7 | yellow")
    for number in range(MOST_LINES + 5):
        log.add(f"line {number}\n\n", "7")

    assert log.tail(2).splitlines()[-1].endswith(f" 7 | line {MOST_LINES + 4}")
    assert len(log.tail(10**6).splitlines()) == MOST_LINES


class TestAnEnvironment:
    """Made with pip, of a package that lies beside the model."""

    @pytest.fixture(autouse=True)
    def no_index(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PIP_NO_INDEX", "1")
        monkeypatch.setenv("PATH", "/usr/bin:/bin")
        monkeypatch.setattr("nbruns.server.serving.environments.SCORING", ())

    def wheel(self, folder: Path) -> str:
        name = folder / "tiny_of_ours-1.0-py3-none-any.whl"
        about = "tiny_of_ours-1.0.dist-info"
        with zipfile.ZipFile(name, "w") as archive:
            archive.writestr("tiny_of_ours.py", "ANSWER = 42\n")
            archive.writestr(
                f"{about}/METADATA", "Metadata-Version: 2.1\nName: tiny-of-ours\nVersion: 1.0\n"
            )
            archive.writestr(
                f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
            )
            archive.writestr(f"{about}/RECORD", "")
        return f"./{name.name}"

    def python_for(self, folder: Path, wanted: ModelFiles) -> tuple[str, Log, list[str]]:
        log, doing = Log(), list[str]()
        found = asyncio.run(Environments(folder / "kept").python_for(wanted, log, doing.append))
        return found, log, doing

    def test_it_is_made_once_and_has_the_packages(self, tmp_path: Path) -> None:
        wanted = ModelFiles(tmp_path, requirements=(self.wheel(tmp_path),))

        python, log, doing = self.python_for(tmp_path, wanted)
        again, _, nothing = self.python_for(tmp_path, wanted)

        assert doing == ["Installing 1 package into an environment of its own"]
        assert "tiny" in log.tail(100)
        assert (again, nothing) == (python, [])
        assert python != sys.executable
        import subprocess

        said = subprocess.run(
            [python, "-c", "import tiny_of_ours; print(tiny_of_ours.ANSWER)"],
            capture_output=True,
            text=True,
            check=True,
        )
        assert said.stdout == "42\n"

    def test_who_installs_is_given_no_way_in(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        tool = tmp_path / "bin" / "uv"
        tool.parent.mkdir()
        lines = ("#!/bin/sh", f"env >> {tmp_path}/told", "[ $1 = pip ] && exit")
        tool.write_text("\n".join([*lines, "for new; do :; done", "mkdir -p $new", ""]))
        tool.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tool.parent}:/usr/bin:/bin")
        monkeypatch.setenv("JUPYTER_TOKEN", "a-way-in")

        self.python_for(tmp_path, ModelFiles(tmp_path, requirements=("a",)))

        assert "a-way-in" not in (tmp_path / "told").read_text()

    def test_one_that_cannot_be_made_is_none(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("PIP_NO_INDEX")
        monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
        monkeypatch.setenv("PIP_RETRIES", "1")
        wanted = ModelFiles(tmp_path, requirements=("no-such-package-of-ours==9",))

        with pytest.raises(InvalidState, match="no-such-package-of-ours==9") as raised:
            self.python_for(tmp_path, wanted)

        assert "package index, which this machine does not reach" in str(raised.value)
