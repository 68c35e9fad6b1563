"""MLflow's own REST stores with the network taken out: `nbruns:` inside the process.

Calls go to the endpoint functions as they would over HTTP; the few that are made in
loops go straight to the store's shelves, without JSON. The only room that imports
mlflow while it loads.
"""

from __future__ import annotations

from nbruns.mlflow_store.registry import NbrunsRegistryStore
from nbruns.mlflow_store.tracking import NbrunsTrackingStore

__all__ = ["NbrunsRegistryStore", "NbrunsTrackingStore"]
