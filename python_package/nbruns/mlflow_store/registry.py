"""The model registry of an `nbruns:` address."""

from __future__ import annotations

from typing import Any

from mlflow.store.model_registry.rest_store import RestStore

from nbruns.mlflow_store.homes import answer, no_network, store_at, told
from nbruns.store import Store


class NbrunsRegistryStore(RestStore):
    """MLflow's registry client, answered in process."""

    supports_workspaces = False

    def __init__(self, store_uri: str | None = None) -> None:
        super().__init__(no_network)
        try:
            self.shelves: Store = store_at(store_uri)
        except Exception as error:
            raise told(error) from error

    def _call_endpoint(self, api: Any, json_body: str | None, *args: Any, **kwargs: Any) -> Any:
        path, method = self._get_endpoint_from_method(api)
        return answer(self.shelves, method, path, json_body, self._get_response_from_method(api))
