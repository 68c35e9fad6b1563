"""The notebook's commands, and what a kernel starts of ours.

The environment's IPython config loads this at the start of every kernel: nothing here
or below may import mlflow, the store or pandas before a command or a run needs them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbruns.kernel.faults import harmless
from nbruns.magics.startup import start

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Called by IPython at the start of a kernel; a fault here costs one line."""
    with harmless("start in this kernel"):
        start(shell)
