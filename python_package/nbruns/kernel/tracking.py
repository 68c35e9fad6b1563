"""Where MLflow keeps this kernel's runs, when nobody has said.

Said by the kernel itself and not by the server: kernels of other environments inherit the
server's variables, and an MLflow without nbruns fails at every call of an address it does
not know. Kernels that no server started (VS Code, papermill) get the same this way.
"""

from __future__ import annotations

from collections.abc import MutableMapping

STORE_URI = "nbruns:"


def track_here(environ: MutableMapping[str, str]) -> None:
    """Have MLflow use our store, unless a tracking server was chosen."""
    if environ.get("MLFLOW_TRACKING_URI"):
        return
    environ["MLFLOW_TRACKING_URI"] = STORE_URI
    # Without one, each call of MLflow's fluent API tries to import pyspark (60 µs).
    if not environ.get("MLFLOW_REGISTRY_URI"):
        environ["MLFLOW_REGISTRY_URI"] = STORE_URI
