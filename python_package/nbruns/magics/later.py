"""Commands that a kernel knows by name from its start, and loads when one is first used.

To make a command's parser and help takes IPython half a millisecond, of a kernel's start.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

from IPython.core.magic import no_var_expand

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from nbruns.magics.model_commands import ModelMagics

MODEL_COMMANDS = (
    "model_move",
    "model_request",
    "model_approve",
    "model_reject",
    "model_cancel",
    "model_requests",
    "model_activity",
)


def register_model_commands(shell: InteractiveShell) -> None:
    """Make the commands of the model registry known."""

    @cache
    def commands() -> ModelMagics:
        from nbruns.magics.model_commands import ModelMagics

        return ModelMagics(shell)

    for name in MODEL_COMMANDS:
        # IPython's wrapper takes the shell's type for the function's.
        shell.register_magic_function(_command(name, commands), "line", name)  # type: ignore[arg-type]


def _command(name: str, commands: Callable[[], ModelMagics]) -> Callable[[str], Any]:
    def command(line: str) -> Any:
        return getattr(commands(), name)(line)

    command.__name__ = name
    # IPython asks for the help here before it reads the docstring.
    command.getdoc = lambda: getattr(commands(), name).__doc__  # type: ignore[attr-defined]
    return no_var_expand(command)
