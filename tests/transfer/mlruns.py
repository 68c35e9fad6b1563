"""Writes folders as MLflow's file store does, by hand: quick, and as old or broken as wanted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml


@dataclass
class Mlruns:
    """An mlruns folder that is being written."""

    root: Path

    def add_experiment(self, experiment_id: str, name: str, **said: object) -> Path:
        """An experiment made at the time 1000."""
        place = self.root / experiment_id
        meta = {
            "experiment_id": experiment_id,
            "name": name,
            "artifact_location": place.as_uri(),
            "lifecycle_stage": "active",
            "creation_time": 1000,
            "last_update_time": 1000,
            **said,
        }
        write(place / "meta.yaml", yaml.safe_dump(meta))
        return place

    def add_run(
        self,
        experiment_id: str,
        run_id: str,
        *,
        metrics: Mapping[str, str] | None = None,
        files: Mapping[str, str] | None = None,
        **said: object,
    ) -> Path:
        """A finished run; metrics by key, as lines of time, value and step."""
        place = self.root / experiment_id / run_id
        meta = {
            "run_id": run_id,
            "run_uuid": run_id,
            "experiment_id": experiment_id,
            "run_name": f"run {run_id[:4]}",
            "user_id": "ada",
            "status": 3,
            "start_time": 2000,
            "end_time": 3000,
            "lifecycle_stage": "active",
            "artifact_uri": (place / "artifacts").as_uri(),
            **said,
        }
        for key, lines in (metrics or {}).items():
            write(place / "metrics" / key, lines)
        for path, text in (files or {}).items():
            write(place / "artifacts" / path, text)
        write(place / "meta.yaml", yaml.safe_dump(meta))
        return place

    def add_name(self, name: str, made: int, sources: Mapping[int, str]) -> None:
        """A registered model whose versions were made a moment after it."""
        place = self.root / "models" / name
        times = {"creation_timestamp": made, "last_updated_timestamp": made}
        write(place / "meta.yaml", yaml.safe_dump({"name": name, **times}))
        for number, source in sources.items():
            meta = {
                "name": name,
                "version": number,
                "creation_timestamp": made + number,
                "last_updated_timestamp": made + number,
                "current_stage": "None",
                "source": source,
                "run_id": "",
                "status": "READY",
            }
            write(place / f"version-{number}" / "meta.yaml", yaml.safe_dump(meta))


def write(path: Path, text: str) -> None:
    """A file with the folders it needs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


def run_id(number: int) -> str:
    """The id of the n-th run."""
    return f"{number:032x}"
