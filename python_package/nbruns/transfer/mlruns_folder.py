"""Reading an `mlruns` folder, which MLflow's file store has written: one small file per value."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import yaml

from nbruns.errors import InvalidValue
from nbruns.records import Experiment, MetricPoint
from nbruns.store.arrivals import Point
from nbruns.transfer import mlflow_rows as rows
from nbruns.transfer.source import Entry, FoundModel, FoundName, FoundRun, Unreadable

T = TypeVar("T")
_META = "meta.yaml"
_NOT_RUNS = {"tags", "datasets", "traces", "models"}
# The one written in C, where PyYAML was built with it: ten times as fast.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class MlrunsFolder:
    """One folder of MLflow's file store; what is deleted lies in its `.trash`."""

    def __init__(self, path: Path) -> None:
        self.place = path
        self.artifact_roots = (path, path / ".trash")
        self._experiments = {place.name: place for place in self._experiment_folders()}
        if not self._experiments and not any(path.glob(f"models/*/{_META}")):
            raise InvalidValue(f"'{path}' is not an mlruns folder: {self._hint()}")

    def close(self) -> None:
        """Nothing is kept open."""

    def count_runs(self) -> int:
        """How many runs there are."""
        return sum(len(_run_folders(place)) for place in self._experiments.values())

    def experiments(self) -> Iterator[Entry[Experiment]]:
        """All experiments."""
        for place in self._experiments.values():
            yield _entry(place, _read_experiment)

    def runs(self, experiment_id: str) -> Iterator[Entry[FoundRun]]:
        """The runs of an experiment."""
        for place in _run_folders(self._experiments[experiment_id]):
            yield _entry(place, _read_run)

    def models(self, experiment_id: str) -> Iterator[Entry[FoundModel]]:
        """The logged models of an experiment."""
        for place in _folders(self._experiments[experiment_id] / "models"):
            yield _entry(place, _read_model)

    def names(self) -> Iterator[Entry[FoundName]]:
        """The registered models."""
        for place in _folders(self.place / "models"):
            yield _entry(place, _read_name)

    def _experiment_folders(self) -> Iterator[Path]:
        for parent in (self.place, self.place / ".trash"):
            # Other folders hold artifacts of stores that keep their values elsewhere.
            yield from (place for place in _folders(parent) if (place / _META).is_file())

    def _hint(self) -> str:
        if (self.place / "mlruns").is_dir():
            return f"name '{self.place / 'mlruns'}'"
        for database in self.place.glob("*.db"):
            return f"name the database, perhaps '{database}'"
        if any(self.place.glob("*/*/artifacts")):
            return "it holds artifacts only; name the database that they belong to"
        return f"no folder in it has a {_META}"


def _entry(place: Path, read: Callable[[Path], T]) -> Entry[T]:
    return Entry(place.name, str(place), partial(_careful, read, place))


def _careful(read: Callable[[Path], T], place: Path) -> T:
    try:
        return read(place)
    except KeyError as error:
        raise Unreadable(f"{_META} says nothing of {error}") from error
    except OSError as error:
        raise Unreadable(f"{error.strerror or error}: {error.filename or place}") from error
    except (ValueError, TypeError, OverflowError, yaml.YAMLError) as error:
        raise Unreadable(" ".join(str(error).split())) from error


def _read_experiment(place: Path) -> Experiment:
    return rows.experiment({"experiment_id": place.name, **_meta(place)}, _texts(place / "tags"))


def _read_run(place: Path) -> FoundRun:
    meta = {"experiment_id": place.parent.name, **_meta(place)}
    inputs = [_meta(link) for link in _folders(place / "inputs")]
    outputs = [_meta(link) for link in _folders(place / "outputs")]
    run = rows.run(
        meta,
        _texts(place / "params"),
        _texts(place / "tags"),
        datasets=[_dataset(place, link) for link in inputs if link["source_type"] == "DATASET"],
        inputs=[(str(link["source_id"]), 0) for link in inputs if link["source_type"] == "MODEL"],
        outputs=[(str(link["destination_id"]), int(link.get("step", 0))) for link in outputs],
    )
    return FoundRun(run, rows.get(meta, "deleted_time"), partial(_histories, place / "metrics"))


def _dataset(run: Path, link: Mapping[str, Any]) -> rows.DatasetLink:
    described = _meta(run.parent / "datasets" / str(link["source_id"]))
    return described, _plain_texts(link.get("tags"))


def _read_model(place: Path) -> FoundModel:
    meta = _meta(place)
    points = tuple(
        point
        for path, key in _files(place / "metrics")
        for point in _model_points(path, key, place.name)
    )
    return rows.model(meta, _texts(place / "params"), _texts(place / "tags"), points)


def _read_name(place: Path) -> FoundName:
    versions = [_meta(version) for version in place.glob("version-*")]
    tags = {int(v["version"]): _texts(place / f"version-{v['version']}/tags") for v in versions}
    aliases = {alias: int(number) for alias, number in _texts(place / "aliases").items()}
    versions.sort(key=lambda version: int(version["version"]))
    return rows.name(_meta(place), _texts(place / "tags"), aliases, versions, tags)


def _histories(folder: Path) -> Iterator[tuple[str, Sequence[Point]]]:
    for path, key in _files(folder):
        yield key, _careful(_points, path)


def _points(path: Path) -> list[Point]:
    """The points of a run: time, value, step, and the dataset they were measured on."""
    found: list[Point] = []
    for line, words in _lines(path):
        # The step came with MLflow 1.0.
        if len(words) < 2:
            raise Unreadable(f"line {line} of {path} is not a point of a metric")
        found.append((int(words[2]) if len(words) > 2 else 0, int(words[0]), float(words[1])))
    # Logging a model writes the points it is linked with once more.
    return list(dict.fromkeys(found))


def _model_points(path: Path, key: str, model_id: str) -> Iterator[MetricPoint]:
    """The points of a logged model, which name their run as well."""
    for line, words in _lines(path):
        if len(words) < 4:
            raise Unreadable(f"line {line} of {path} is not a point of a metric")
        at_ms, value, step, run_id, *dataset = words
        # The name of a dataset may have spaces in it, its digest has none.
        name, digest = (" ".join(dataset[:-1]), dataset[-1]) if dataset else (None, None)
        yield MetricPoint(key, float(value), int(step), int(at_ms), model_id, name, digest, run_id)


def _lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, start=1):
            if line.strip():
                yield number, line.split()


def _meta(place: Path) -> dict[str, Any]:
    """What the YAML file of a folder says."""
    path = place / _META
    said = yaml.load(path.read_bytes(), Loader=_Loader)
    if not isinstance(said, dict):
        raise Unreadable(f"{path} is empty or cut short")
    return said


def _texts(folder: Path) -> dict[str, str]:
    """File names and contents; a key with slashes is a path of folders."""
    # Exactly as they were written: `read_text` would turn each \r\n into \n.
    return {key: path.read_bytes().decode("utf-8") for path, key in _files(folder)}


def _plain_texts(said: Any) -> dict[str, str]:
    return {str(key): str(value) for key, value in (said or {}).items()}


def _files(folder: Path) -> list[tuple[Path, str]]:
    if not folder.is_dir():
        return []
    found = (path for path in folder.rglob("*") if path.is_file())
    return sorted((path, path.relative_to(folder).as_posix()) for path in found)


def _folders(parent: Path) -> list[Path]:
    if not parent.is_dir():
        return []
    return sorted(
        place for place in parent.iterdir() if place.is_dir() and not place.name.startswith(".")
    )


def _run_folders(experiment: Path) -> list[Path]:
    return [place for place in _folders(experiment) if place.name not in _NOT_RUNS]
