"""What the browser extension asks of the JupyterLab it is loaded into."""

import json
from pathlib import Path

PACKAGE = json.loads((Path(__file__).parents[2] / "package.json").read_text("utf-8"))


def test_the_build_asks_for_the_oldest_jupyterlab_we_support() -> None:
    # Left out, the build asks for the newest: older ones then warn of each in the console.
    wanted = {
        name: oldest
        for name, oldest in PACKAGE["dependencies"].items()
        if name.startswith("@jupyterlab/")
    }
    shared = PACKAGE["jupyterlab"]["sharedPackages"]

    assert {name: shared.get(name, {}).get("requiredVersion") for name in wanted} == wanted
