"""The shell's way in: `nbruns import`."""

from __future__ import annotations

import argparse
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
        return import_from(chosen)
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


def _parser() -> argparse.ArgumentParser:
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
    return parser


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
