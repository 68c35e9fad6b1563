"""What every call needs under a policy, one row each.

READ for what is read, EDIT for what is written, MANAGE for what ends, renames or cannot be
undone; moves and decisions by the rules of their targets. `SIGNED_IN` needs nothing more
than the login, and `IN_SIGHT` itself leaves out what the acting user may not read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from nbruns.endpoints import (
    activity,
    artifacts,
    comparisons,
    experiments,
    metrics,
    model_list,
    models,
    notebook_runs,
    notebooks,
    overview,
    registry,
    requests,
    revisions,
    rights,
    run_list,
    runs,
    scoring,
    serving,
    traces,
    transition_requests,
)
from nbruns.endpoints import needs_of_calls as of_call
from nbruns.endpoints.asking import (
    Body,
    Question,
    experiment_named,
    held,
    location,
    model,
    notebook_at,
    of,
    reading,
    renamed,
    together,
    writing,
)
from nbruns.endpoints.needs import AnyNeed
from nbruns.protocol.fields import required
from nbruns.store import Store


def SIGNED_IN(store: Store, body: Body) -> Iterable[AnyNeed]:  # noqa: N802
    """Nothing."""
    return ()


IN_SIGHT = SIGNED_IN


TRACKING: dict[Any, Question] = {
    experiments.create: together(experiment_named("EDIT", "name"), location),
    experiments.get: of_call.experiment("READ"),
    experiments.get_by_name: experiment_named("READ", "experiment_name"),
    experiments.search: IN_SIGHT,
    experiments.rename: together(
        of_call.experiment("MANAGE"), experiment_named("MANAGE", "new_name")
    ),
    experiments.delete: of_call.experiment("MANAGE"),
    experiments.restore: of_call.experiment("MANAGE"),
    experiments.set_tag: of_call.experiment("EDIT"),
    experiments.delete_tag: of_call.experiment("EDIT"),
    runs.create: of_call.new_run,
    notebook_runs.create_in: of_call.new_run_of_kernel,
    runs.get: of_call.run("READ"),
    runs.update: of_call.run("EDIT"),
    runs.delete: of_call.run("EDIT"),
    runs.restore: of_call.run("EDIT"),
    runs.search: IN_SIGHT,
    runs.log_metric: of_call.metric,
    runs.log_param: of_call.run("EDIT"),
    runs.set_tag: of_call.run("EDIT"),
    runs.delete_tag: of_call.run("EDIT"),
    runs.log_batch: together(of_call.run("EDIT"), of_call.models_in("EDIT", "metrics")),
    runs.log_inputs: together(of_call.run("EDIT"), of_call.models_in("READ", "models")),
    runs.log_outputs: together(of_call.run("EDIT"), of_call.models_in("EDIT", "models")),
    runs.log_model: of_call.run("EDIT"),
    runs.unsupported: SIGNED_IN,
    metrics.history: of_call.run("READ"),
    metrics.histories: of_call.runs_in("READ", "run_id"),
    metrics.sampled: of_call.runs_in("READ"),
    traces.start: of_call.trace,
    models.create: of_call.experiment("EDIT"),
    models.search: IN_SIGHT,
    models.get: of_call.logged_model("READ"),
    models.finalize: of_call.logged_model("EDIT"),
    models.delete: of_call.logged_model("EDIT"),
    models.log_params: of_call.logged_model("EDIT"),
    models.set_tags: of_call.logged_model("EDIT"),
    models.delete_tag: of_call.logged_model("EDIT"),
    artifacts.list_of_run: of_call.run("READ"),
    artifacts.list_of_model: of_call.logged_model("READ"),
    artifacts.list_folder: of_call.folder,
    artifacts.read_file: reading("path"),
    artifacts.write_file: writing("path"),
    artifacts.delete: writing("path"),
}

REGISTRY: dict[Any, Question] = {
    registry.create_model: model("EDIT"),
    registry.get_model: model("READ"),
    registry.update_model: model("EDIT"),
    registry.rename_model: together(model("MANAGE"), held(), renamed),
    registry.delete_model: together(model("MANAGE"), held()),
    registry.search_models: IN_SIGHT,
    registry.latest_versions: model("READ"),
    registry.set_model_tag: model("EDIT"),
    registry.delete_model_tag: model("EDIT"),
    registry.set_alias: of_call.moved_alias,
    registry.delete_alias: of_call.removed_alias,
    registry.version_by_alias: model("READ"),
    registry.create_version: of_call.new_version,
    registry.get_version: model("READ"),
    registry.update_version: model("EDIT"),
    registry.delete_version: together(model("MANAGE"), held(version=of_call.version_read)),
    registry.search_versions: IN_SIGHT,
    registry.download_uri: model("READ"),
    registry.set_version_tag: model("EDIT"),
    registry.delete_version_tag: model("EDIT"),
    registry.move_stage: of_call.moved_stage,
    transition_requests.create: model("READ"),
    transition_requests.list_open: model("READ"),
    transition_requests.approve: of_call.transition("approve"),
    transition_requests.reject: of_call.transition("reject"),
    transition_requests.delete: of_call.transition("cancel"),
    transition_requests.transition_stage: of_call.moved_stage,
    transition_requests.get_model: model("READ"),
    requests.create: model("READ"),
    requests.get: of_call.request_made,
    requests.search: IN_SIGHT,
    requests.count: IN_SIGHT,
    requests.approve: of_call.request_decided,
    requests.reject: of_call.request_decided,
    requests.cancel: of_call.request_cancelled,
    activity.search: IN_SIGHT,
    activity.holder: model("READ"),
    rights.rights: model("READ"),
}

OURS: dict[Any, Question] = {
    comparisons.environment: of_call.environment_of,
    comparisons.changes: of_call.changes_of,
    comparisons.compare_runs: of_call.runs_in("READ"),
    notebooks.resolve: notebook_at("EDIT"),
    notebooks.get: notebook_at("READ"),
    notebooks.all_notebooks: IN_SIGHT,
    notebooks.capture: of_call.captured,
    notebooks.get_revision: of_call.revision("READ"),
    notebooks.revision_of_run: of("run", "READ", lambda body: [required(body, "run_id")]),
    notebooks.executed: of_call.executed_cells,
    model_list.overview: IN_SIGHT,
    model_list.versions: model("READ"),
    overview.overview: IN_SIGHT,
    revisions.search: notebook_at("READ"),
    revisions.compare: together(
        of_call.revision("READ"), of_call.revision("READ", "other_revision_id")
    ),
    revisions.compare_content: of_call.revision("READ"),
    revisions.prepare: together(of_call.revision("READ"), notebook_at("EDIT")),
    revisions.note_restored: of_call.revision("READ"),
    revisions.snapshot: notebook_at("EDIT"),
    revisions.purge: of_call.revision("MANAGE"),
    run_list.rows: of_call.experiment("READ"),
    run_list.place: of_call.experiment("READ"),
    run_list.keys: of_call.experiment("READ"),
    run_list.values: of_call.experiment("READ"),
    run_list.sparks: of_call.runs_in("READ"),
    run_list.logging: of_call.logging_run,
    run_list.delete: of_call.runs_in("EDIT"),
    run_list.restore: of_call.runs_in("EDIT"),
    run_list.purge: of_call.runs_in("MANAGE"),
    scoring.prepare: of_call.scoring,
    scoring.inputs: model("READ"),
    scoring.runs_with: model("READ"),
    run_list.move: together(of_call.runs_in("EDIT"), of_call.experiment("EDIT")),
}

# To serve a model is to run its code on the server, in the name of whoever starts it.
SERVING: dict[Any, Question] = {
    serving.start: model("EDIT"),
    serving.control: model("EDIT"),
    serving.query: model("READ"),
    serving.listed: IN_SIGHT,
}

NEEDS: dict[Any, Question] = TRACKING | REGISTRY | OURS | SERVING


# What is known only once it was done; it is undone where the answer is no.
AFTER: dict[Any, Callable[[Store], Callable[[Body], Iterable[AnyNeed]]]] = {
    notebooks.resolve: of_call.resolved,
    revisions.prepare: of_call.resolved,
    revisions.snapshot: of_call.resolved,
}
# What is decided by what stands where at the moment, which must not change before it is done.
IN_ONE_TRANSACTION = {
    registry.rename_model,
    registry.delete_model,
    registry.delete_version,
    registry.move_stage,
    requests.approve,
    requests.reject,
    requests.cancel,
    transition_requests.approve,
    transition_requests.reject,
    transition_requests.delete,
    transition_requests.transition_stage,
}
