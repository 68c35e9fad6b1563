"""The shell's commands for a group's server: `nbruns serve`, `nbruns token`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path


def serve(chosen: argparse.Namespace) -> int:
    """Run a server for a group until it is told to stop."""
    from nbruns.server.group import Setting
    from nbruns.server.group import serve as run

    return run(
        Setting(
            home=_home(chosen.home),
            tokens=_tokens(chosen),
            host=chosen.host,
            port=chosen.port,
            policy=chosen.policy,
            certificate=chosen.certfile,
            key=chosen.keyfile,
            is_of_hub=chosen.hub,
            more=chosen.options,
        )
    )


def add_token(chosen: argparse.Namespace) -> int:
    """Make a token for a user of the group's server and show it."""
    from nbruns.server.token_file import add_token as add

    token = add(_tokens(chosen), chosen.user, chosen.label)
    print(f"A token for {chosen.user}, shown this once: MLFLOW_TRACKING_TOKEN is", file=sys.stderr)
    print(token)
    return 0


def remove_token(chosen: argparse.Namespace) -> int:
    """Take tokens away from a user: the server lets them in no longer."""
    from nbruns.server.token_file import remove_tokens

    count = remove_tokens(_tokens(chosen), chosen.user, chosen.label)
    print(f"Removed {count} token{'s' if count > 1 else ''} of {chosen.user}")
    return 0


def list_tokens(chosen: argparse.Namespace) -> int:
    """Say who has which tokens."""
    from nbruns.server.token_file import read_tokens

    for user, labels in read_tokens(_tokens(chosen)).items():
        print(f"{user}: {', '.join(labels)}")
    return 0


def fill_serve(parser: argparse.ArgumentParser) -> None:
    """The options of `nbruns serve`."""
    parser.description = (
        "Serve a store to a group, whose users sign in by tokens of their own: the tracking URI "
        "is the address it says, and MLFLOW_TRACKING_TOKEN a user's token."
    )
    parser.add_argument("--host", help="the address to listen on (default: 127.0.0.1)")
    parser.add_argument("--port", type=int, help="the port (default: 8780; 0 takes a free one)")
    parser.add_argument("--home", type=Path, help="the folder of the store (default: NBRUNS_HOME)")
    parser.add_argument("--policy", type=Path, help="the YAML file of who may do what")
    who = parser.add_mutually_exclusive_group()
    who.add_argument("--tokens", type=Path, help="the users' tokens (default: in the home)")
    who.add_argument(
        "--hub", action="store_true", help="as a JupyterHub's service: users are the hub's"
    )
    parser.add_argument("--certfile", type=Path, help="the certificate, for HTTPS")
    parser.add_argument("--keyfile", type=Path, help="its key")
    parser.add_argument(
        "options",
        nargs="*",
        metavar="-- --ServerApp.base_url=/runs/",
        help="after two dashes: settings of Jupyter Server",
    )
    parser.set_defaults(run=serve)


def fill_token(parser: argparse.ArgumentParser) -> None:
    """The commands below `nbruns token`."""
    commands = parser.add_subparsers(required=True, metavar="command")
    add = commands.add_parser("add", help="make a token for a user; it is shown once")
    remove = commands.add_parser("remove", help="take a user's tokens away, at once")
    show = commands.add_parser("list", help="say who has which tokens")
    for command, run in ((add, add_token), (remove, remove_token), (show, list_tokens)):
        command.add_argument("--home", type=Path, help="the store's folder (default: NBRUNS_HOME)")
        command.add_argument("--tokens", type=Path, help="the file (default: in the home)")
        command.set_defaults(run=run)
    add.add_argument("user")
    add.add_argument("--label", default="token", help="what to call it, where a user has several")
    remove.add_argument("user")
    remove.add_argument("--label", help="only the one called so")


def _home(home: Path | None) -> Path:
    from nbruns.identity import home_folder

    return (home or home_folder()).expanduser().absolute()


def _tokens(chosen: argparse.Namespace) -> Path:
    """The file of a group's tokens."""
    from nbruns.server.token_file import FILE_NAME

    return Path(chosen.tokens or _home(chosen.home) / FILE_NAME).expanduser().absolute()
