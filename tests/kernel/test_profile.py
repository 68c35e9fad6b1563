"""The magics are there without %load_ext, beside what a user's own profile asks for.

IPython reads the environment's config before the profile's, and a list that a profile
assigns takes the place of ours. There are two such lists, `extensions` and
`extra_extensions` (a third, `default_extensions`, cannot be configured), and a name in
both is loaded once: so ours is in both, and a profile has to assign both to lose it. It has
then said in full what is to be loaded.
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
        ("c.InteractiveShellApp.extra_extensions = ['autoreload']", "True True"),
        ("c.InteractiveShellApp.extensions.append('autoreload')", "True True"),
        ("c.InteractiveShellApp.extensions = []", "True False"),
        (
            "c.InteractiveShellApp.extensions = c.InteractiveShellApp.extra_extensions = []",
            "False False",
        ),
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
        listening = "[f.__module__ for f in get_ipython().events.callbacks['pre_run_cell']]"
        ours = kernel.run(f"print({listening}.count('nbruns.kernel.recorder'))").stdout.strip()
        assert ours == ("1" if loaded.startswith("True") else "0")
    finally:
        kernel.stop()
