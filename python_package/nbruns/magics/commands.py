"""All commands, which neither a kernel's start nor most cells need together."""

from __future__ import annotations

from nbruns.magics.model_commands import ModelMagics
from nbruns.magics.notebook_commands import NotebookMagics
from nbruns.magics.run_commands import RunMagics

MAGICS = (RunMagics, NotebookMagics, ModelMagics)
