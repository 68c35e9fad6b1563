"""The tracking store: MLflow's REST client answered in process, hot paths without JSON."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, Any

from mlflow.entities import Metric, Param, Run, RunInfo, RunTag
from mlflow.protos.service_pb2 import MlflowService
from mlflow.store.entities.paged_list import PagedList
from mlflow.store.tracking import GET_METRIC_HISTORY_MAX_RESULTS
from mlflow.store.tracking.rest_store import RestStore
from mlflow.utils.rest_utils import extract_api_info_for_service

from nbruns import records
from nbruns.endpoints.experiments import MOST_PER_PAGE, checked_id
from nbruns.errors import InvalidValue, NotFound
from nbruns.kernel.endings import follow_script, present
from nbruns.kernel.endings import told as why
from nbruns.kernel.faults import complain
from nbruns.kernel.session import current, process_tags
from nbruns.kernel.sources import run_created
from nbruns.mlflow_store.backlog import Backlog
from nbruns.mlflow_store.entities import collector_paused, history_of, point_of, run_info_of, run_of
from nbruns.mlflow_store.homes import answer, home_of, no_network, store_at, told
from nbruns.mlflow_store.planned_run import PlannedRun
from nbruns.protocol import pages
from nbruns.protocol.fields import any_text
from nbruns.protocol.filters import parse_search
from nbruns.protocol.grammar import RUNS
from nbruns.protocol.messages import STATUSES, VIEWS
from nbruns.protocol.names import LEASE_TAG
from nbruns.records import RunStatus
from nbruns.rules import check_batch
from nbruns.store import Store

_log = logging.getLogger("nbruns")

_CALLS = extract_api_info_for_service(MlflowService, "/api/2.0")
_ENDED = ("FINISHED", "FAILED", "KILLED")

if TYPE_CHECKING:
    Calls = RestStore
else:
    # MLflow takes any RestStore for a server with a web page: at the end of each run it
    # fetches the run once more and prints a link to it. So this is RestStore under another
    # name: the same methods, not an instance of it.
    Calls = type(
        "Calls",
        RestStore.__bases__,
        {k: v for k, v in vars(RestStore).items() if k not in ("__dict__", "__weakref__")},
    )


class NbrunsTrackingStore(Calls):
    """Experiments, runs, metrics and logged models of an `nbruns:` address."""

    supports_workspaces = False

    def __init__(self, store_uri: str | None = None) -> None:
        super(RestStore, self).__init__() if TYPE_CHECKING else super(Calls, self).__init__()
        self.get_host_creds = no_network
        self.store_uri = store_uri
        in_kernel = current() is not None
        self.backlog = Backlog(forgives=in_kernel)
        try:
            self.shelves: Store = store_at(store_uri)
        except Exception as error:
            # A cell goes on without a store, which is then opened by the first call that can.
            if not in_kernel:
                raise told(error) from error
            complain("open the store", error)

    def __getattr__(self, name: str) -> Any:
        if name != "shelves":
            raise AttributeError(name)
        self.shelves = store_at(self.store_uri)
        return self.shelves

    def _call_endpoint(
        self,
        api: Any,
        json_body: str | None = None,
        endpoint: str | None = None,
        retry_timeout_seconds: float | None = None,
        response_proto: Any = None,
    ) -> Any:
        path, method = _CALLS[api]
        reply = api.Response() if response_proto is None else response_proto
        return answer(self.shelves, method, endpoint or path, json_body, reply)

    def log_metric(self, run_id: str, metric: Metric) -> None:
        if self.backlog.calls:
            self.backlog.record(lambda: self._log_metric(run_id, metric), _nothing)
            return
        try:
            self._log_metric(run_id, metric)
        except Exception as error:
            self.backlog.forgive(error, lambda: self._log_metric(run_id, metric))

    def _log_metric(self, run_id: str, metric: Metric) -> None:
        metrics, value = self.shelves.metrics, metric.value
        if metric.model_id is None and value.__class__ is float:
            metrics.log(run_id, metric.key, value, metric.step, metric.timestamp)
        else:
            metrics.append(run_id, (point_of(metric),))

    def log_param(self, run_id: str, param: Param) -> None:
        def log() -> None:
            self.shelves.runs.log_params(run_id, {param.key: _text("value", param.value)})

        self.backlog.record(log, _nothing)

    def set_tag(self, run_id: str, tag: RunTag) -> None:
        def put() -> None:
            self.shelves.runs.set_tags(run_id, {tag.key: _text("value", tag.value)})

        self.backlog.record(put, _nothing)

    def log_batch(
        self, run_id: str, metrics: list[Metric], params: list[Param], tags: list[RunTag]
    ) -> None:
        def log() -> None:
            check_batch(metrics, params, tags)
            self.shelves.runs.log_batch(
                run_id,
                metrics=[point_of(metric) for metric in metrics],
                params=_unique(params),
                tags={tag.key: _text("value", tag.value) for tag in tags},
            )

        self.backlog.record(log, _nothing)

    def log_inputs(self, run_id: str, *args: Any, **kwargs: Any) -> None:
        log = super().log_inputs
        self.backlog.record(lambda: log(run_id, *args, **kwargs), _nothing)

    def log_outputs(self, run_id: str, *args: Any, **kwargs: Any) -> None:
        log = super().log_outputs
        self.backlog.record(lambda: log(run_id, *args, **kwargs), _nothing)

    def create_run(
        self,
        experiment_id: str,
        user_id: str,
        start_time: int | None,
        tags: list[RunTag] | None,
        run_name: str | None,
    ) -> Run:
        follow_script()
        planned = PlannedRun(
            experiment_id=str(experiment_id),
            name=run_name or None,
            user=user_id or "",
            started_ms=start_time,
            tags={tag.key: tag.value for tag in tags or ()},
        )

        def create() -> Run:
            self.shelves = store_at(self.store_uri)
            run = planned.create(self.shelves)
            self._tell_kernel("run_started", run.run_id)
            run_created(self.shelves.home, run)
            return run_of(run)

        def promise() -> Run:
            promised = planned.promise(home_of(self.store_uri))
            self.backlog.promised.add(promised.run_id)
            return run_of(promised)

        return self.backlog.record(create, promise)

    def update_run_info(
        self,
        run_id: str,
        run_status: int | str | None,
        end_time: int | None,
        run_name: str | None,
    ) -> RunInfo:
        ending = present()

        def update() -> RunInfo:
            status = _status(run_status)
            is_resumed = status == "RUNNING" and self._is_left(self.shelves.runs.get(run_id))
            run = self.shelves.runs.update(
                run_id, status=status, ended_ms=end_time, name=run_name or None
            )
            if status in _ENDED:
                with why(ending):
                    self._tell_kernel("run_ended", run_id)
            elif is_resumed:
                # It is no longer the run of the process that began it.
                self.shelves.runs.set_tags(run_id, process_tags(self.shelves))
            return run_info_of(run)

        def promise() -> RunInfo:
            return RunInfo(run_id, "", "", _status(run_status) or "RUNNING", 0, end_time, "active")

        return self.backlog.record(update, promise)

    def get_run(self, run_id: str) -> Run:
        try:
            return run_of(self.shelves.runs.get(run_id))
        except Exception as error:
            raise told(error) from error

    def _search_runs(  # noqa: PLR0917
        self,
        experiment_ids: list[str],
        filter_string: str | None,
        run_view_type: int,
        max_results: int | None,
        order_by: list[str] | None,
        page_token: str | None,
    ) -> tuple[list[Run], str | None]:
        try:
            ids = [checked_id(str(found)) for found in experiment_ids]
            orders = list(order_by or ())
            shown = VIEWS[str(run_view_type)]
            mark = pages.mark("runs", ids, filter_string, orders, shown)
            page = self.shelves.runs.search(
                ids,
                parse_search(filter_string, orders, RUNS),
                view=shown,
                limit=_page_size(max_results),
                token=pages.unseal(page_token, mark),
            )
        except Exception as error:
            raise told(error) from error
        return [run_of(run) for run in page.items], pages.seal(page.next_token, mark)

    def get_metric_history(
        self,
        run_id: str,
        metric_key: str,
        max_results: int | None = None,
        page_token: str | None = None,
    ) -> PagedList[Metric]:
        if max_results == GET_METRIC_HISTORY_MAX_RESULTS:
            # The client's own page size, which keeps its messages small: here are none.
            max_results = None
        try:
            mark = pages.mark("history", run_id, metric_key)
            with collector_paused():
                rows, token = self.shelves.metrics.history_rows(
                    run_id, metric_key, limit=max_results, token=pages.unseal(page_token, mark)
                )
                found = history_of(metric_key, rows)
        except NotFound:
            return PagedList([], None)  # as MLflow: no run, no history
        except Exception as error:
            raise told(error) from error
        return PagedList(found, pages.seal(token, mark))

    def log_spans(self, location: str, spans: list[Any], *args: Any, **kwargs: Any) -> list[Any]:
        # MLflow's exporter takes this error as "no spans here" and goes on in silence.
        raise NotImplementedError("nbruns keeps no traces")

    def _is_left(self, run: records.Run) -> bool:
        """Whether no process has the run in hand: to rename a running one takes it from nobody."""
        lease = run.tags.get(LEASE_TAG)
        return run.status in _ENDED or (
            lease is not None and not self.shelves.leases.is_held(lease)
        )

    def _tell_kernel(self, event: str, run_id: str) -> None:
        """Let the notebook's kernel capture its document; a fault of ours costs one line."""
        try:
            from nbruns.kernel import capture

            getattr(capture, event)(self.shelves, run_id)
        except Exception as error:
            _log.debug("The notebook could not be captured", exc_info=True)
            print(
                f"nbruns: run '{run_id}' has no revision of the notebook "
                f"({type(error).__name__}: {error})",
                file=sys.stderr,
            )


def _nothing() -> None:
    return None


def _text(name: str, value: Any) -> str:
    return value if type(value) is str and value.isascii() else any_text(name, value)


def _unique(params: list[Param]) -> dict[str, str]:
    found = {param.key: _text("value", param.value) for param in params}
    if len(found) != len(params):
        keys = [param.key for param in params]
        twice = sorted({key for key in keys if keys.count(key) > 1})
        raise InvalidValue(f"params names the keys {twice} more than once")
    return found


def _status(run_status: int | str | None) -> RunStatus | None:
    if run_status is None:
        return None
    for number, name in STATUSES.items():
        if run_status in (number, name):
            return name
    raise InvalidValue(f"Invalid run status '{run_status}'")


def _page_size(max_results: int | None) -> int:
    if max_results is None:
        return 2**31
    if not 1 <= max_results <= MOST_PER_PAGE:
        raise InvalidValue(
            f"Invalid value '{max_results}' for parameter 'max_results' supplied: "
            f"it must be at least 1 and at most {MOST_PER_PAGE}"
        )
    return max_results
