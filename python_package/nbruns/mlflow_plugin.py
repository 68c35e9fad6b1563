"""What MLflow loads through its entry points, in the middle of `import mlflow`.

So nothing here imports anything heavy before it is called, and nothing here raises.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nbruns.mlflow_store import NbrunsRegistryStore, NbrunsTrackingStore


def tracking_store(
    store_uri: str | None = None, artifact_uri: str | None = None
) -> NbrunsTrackingStore:
    """The tracking store of an `nbruns:` address."""
    from nbruns.mlflow_store import NbrunsTrackingStore

    return NbrunsTrackingStore(store_uri)


def registry_store(store_uri: str | None = None) -> NbrunsRegistryStore:
    """The model registry of an `nbruns:` address."""
    from nbruns.mlflow_store import NbrunsRegistryStore

    return NbrunsRegistryStore(store_uri)
