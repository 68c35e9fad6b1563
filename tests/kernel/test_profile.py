"""The magics are there without %load_ext, beside what a user's own profile asks for.

IPython reads the environment's config before the profile's. `extensions` is the list
users write to, so ours is `extra_extensions`: a profile that sets or appends to
`extensions`, or appends to `extra_extensions`, keeps both. A profile that *sets*
`extra_extensions` takes that list over and has to name `nbruns.magics` in it.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from notebook_kernel import NotebookKernel

LOADED = (
    "from sys import modules\n"
    "print('nbruns.magics' in modules, 'IPython.extensions.autoreload' in modules)"
)


@pytest.mark.parametrize(
    ("line", "loaded"),
    [
        ("", "True False"),
        ("c.InteractiveShellApp.extensions = ['autoreload']", "True True"),
        ("c.InteractiveShellApp.extra_extensions.append('autoreload')", "True True"),
        ("c.InteractiveShellApp.extra_extensions = ['autoreload']", "False True"),
        ("c.InteractiveShellApp.extra_extensions = ['autoreload', 'nbruns.magics']", "True True"),
    ],
)
def test_a_kernel_loads_ours_beside_the_profile_s(tmp_path: Path, line: str, loaded: str) -> None:
    profile = tmp_path / "ipython" / "profile_default"
    profile.mkdir(parents=True)
    (profile / "ipython_kernel_config.py").write_text(f"c = get_config()\n{line}\n")
    kernel = NotebookKernel(tmp_path)
    kernel.start()
    try:
        assert kernel.run(LOADED).stdout.strip() == loaded
    finally:
        kernel.stop()
