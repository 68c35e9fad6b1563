"""The shell's way in: `nbruns import`, `nbruns score`, `nbruns policy` and a group's commands."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nbruns.store import Store


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; returns 0, or 1 where something was refused or left out."""
    from nbruns.errors import NbrunsError

    chosen = _parser().parse_args(arguments)
    try:
        return int(chosen.run(chosen))
    except NbrunsError as error:
        print(f"nbruns: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. The same command goes on from here.", file=sys.stderr)
        return 130


def import_from(chosen: argparse.Namespace) -> int:
    """Bring another tracking store over, saying how far it is and what came of it."""
    from nbruns.transfer.importer import Importer
    from nbruns.transfer.opening import open_source
    from nbruns.transfer.tally import Progress

    source = open_source(chosen.source)
    with closing(source), _store(chosen.home, is_dry=chosen.dry_run) as store:
        progress = Progress(sys.stderr, source.count_runs())
        importer = Importer(
            store, source, progress, artifact_roots=chosen.artifacts, is_dry=chosen.dry_run
        )
        tally = importer.bring_all()
    would = "Would import" if chosen.dry_run else "Imported"
    print(
        f"{would} from {source.place} into {chosen.home or store.home}:", *tally.summary(), sep="\n"
    )
    return 1 if tally.left_out else 0


def score(chosen: argparse.Namespace) -> int:
    """Score a file with a model, in a run of its own."""
    from nbruns.kernel.tracking import track_here
    from nbruns.scoring.calling import scored

    track_here(os.environ)
    # MLflow's variables say where runs go; without one they would all be in 'Default'.
    named = any(os.environ.get(f"MLFLOW_EXPERIMENT_{what}") for what in ("NAME", "ID"))
    options = {name: getattr(chosen, name) for name in _SCORE_OPTIONS}
    print(scored(chosen.model, chosen.file, is_of_model=not named, **options))
    return 0


def check_policy(chosen: argparse.Namespace) -> int:
    """Read a policy and say what it holds."""
    from nbruns.endpoints.explaining import summary
    from nbruns.endpoints.policy import policy_from_file

    print(*summary(policy_from_file(chosen.file)), sep="\n")
    return 0


def explain_policy(chosen: argparse.Namespace) -> int:
    """Say whether a user may do something; 1 where not."""
    from nbruns.endpoints.explaining import explain
    from nbruns.endpoints.policy import policy_from_file
    from nbruns.server.policy_in_force import configured_policy

    policy = policy_from_file(chosen.file) if chosen.file else configured_policy()
    if policy is None:
        print(f"{chosen.user} may {chosen.action} {chosen.subject}: no policy is set")
        return 0
    is_allowed, sentence = explain(policy, chosen.user, chosen.action, chosen.subject)
    print(sentence)
    return 0 if is_allowed else 1


def _parser() -> argparse.ArgumentParser:
    from nbruns.group_commands import fill_serve, fill_token

    parser = argparse.ArgumentParser(
        prog="nbruns", description="Experiment tracking in JupyterLab."
    )
    commands = parser.add_subparsers(required=True, metavar="command")
    bring = commands.add_parser(
        "import",
        help="bring an MLflow SQLite file or mlruns folder over",
        description="Bring an MLflow SQLite file or mlruns folder over, ids kept. "
        "Safe to run twice: what is here already is left as it is.",
    )
    bring.add_argument("source", help="the file, the folder, or its sqlite:/// address")
    bring.add_argument("--home", type=Path, help="the folder of the store (default: NBRUNS_HOME)")
    bring.add_argument(
        "--artifacts",
        type=Path,
        action="append",
        default=[],
        help="where the artifacts lie, if they were moved or kept by a server",
    )
    bring.add_argument("--dry-run", action="store_true", help="read everything, write nothing")
    bring.set_defaults(run=import_from)
    _add_score(commands.add_parser("score", help="score a CSV or Parquet file with a model"))
    _add_policy(commands.add_parser("policy", help="check a policy, or ask who may do what"))
    fill_serve(commands.add_parser("serve", help="serve a store to a group"))
    fill_token(commands.add_parser("token", help="let users into a group's server, or out"))
    return parser


_SCORE_OPTIONS = (
    *("output", "columns", "chunk_rows", "separator", "decimal", "encoding", "experiment"),
)


def _add_score(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Score a CSV or Parquet file, or a folder of Parquet files, with a model. The "
        "predictions are an artifact of a run, 'predictions.parquet'."
    )
    parser.add_argument("model", help="models:/churn@champion, models:/churn/3, runs:/<id>/model")
    parser.add_argument("file", help="what to score")
    parser.add_argument("--output", help="a Parquet file for a copy of the predictions")
    parser.add_argument(
        "--columns",
        type=lambda text: [name for name in text.split(",") if name],
        help="which columns go along with the predictions, parted by commas (default: all)",
    )
    parser.add_argument("--chunk-rows", type=int, help="how many rows are scored at once")
    parser.add_argument("--separator", default="", help="of a CSV file (default: found out)")
    parser.add_argument("--decimal", default=".", help="what parts the decimals (default: .)")
    parser.add_argument("--encoding", default="utf-8", help="of a CSV file (default: utf-8)")
    parser.add_argument("--experiment", help="where the run is kept (default: scoring of <model>)")
    parser.set_defaults(run=score)


def _add_policy(parser: argparse.ArgumentParser) -> None:
    from nbruns.endpoints.explaining import ACTIONS

    commands = parser.add_subparsers(required=True, metavar="command")
    check = commands.add_parser("check", help="read a policy file and say what it holds")
    check.add_argument("file", type=Path, help="the YAML file")
    check.set_defaults(run=check_policy)
    ask = commands.add_parser(
        "explain",
        help="say whether a user may do something, and by which rule",
        description="Say whether a user may do something, and by which rule of the policy. "
        "Exits with 1 where not.",
    )
    ask.add_argument("user")
    ask.add_argument("action", choices=ACTIONS)
    ask.add_argument(
        "subject",
        help="a model (churn), a place of one (churn@champion, churn/Production), or an "
        "experiment (experiment:churn)",
    )
    ask.add_argument(
        "--file", type=Path, help="the YAML file (default: NBRUNS_POLICY, or Jupyter's config)"
    )
    ask.set_defaults(run=explain_policy)


@contextmanager
def _store(home: Path | None, *, is_dry: bool) -> Iterator[Store]:
    """The store of a home folder; an empty one for a rehearsal where there is none."""
    from nbruns.identity import home_folder
    from nbruns.store import Store

    home = (home or home_folder()).expanduser().absolute()
    with tempfile.TemporaryDirectory() as elsewhere:
        is_missing = not (home / "nbruns.db").exists()
        with closing(Store.open(Path(elsewhere) if is_dry and is_missing else home)) as store:
            yield store


if __name__ == "__main__":
    sys.exit(main())
