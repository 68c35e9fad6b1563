"""The words of the wire that more than one room spells: path prefixes and tag keys.

Kept apart from what is done with them, so that a kernel can name a tag without
loading the readers of messages.
"""

from __future__ import annotations

PROTOCOL_PREFIXES = ("api/2.0/", "api/3.0/", "ajax-api/2.0/", "ajax-api/3.0/")
OWN_PREFIX = "api/1.0/"
ARTIFACTS_PATH = "api/2.0/mlflow-artifacts/artifacts"
PROXY_SCHEME = "mlflow-artifacts"

# Tags nbruns writes on runs and experiments.
NOTEBOOK_TAG = "nbruns.notebook"
REVISION_TAG = "nbruns.revision"
KERNEL_TAG = "nbruns.kernel"
CELL_TAG = "nbruns.cell"
HOST_TAG = "nbruns.host"
PID_TAG = "nbruns.pid"
PID_SEEN_TAG = "nbruns.pid_seen_ms"
LEASE_TAG = "nbruns.lease"
END_REASON_TAG = "nbruns.end_reason"
CHANGED_TAG = "nbruns.changed_after_end"
# What a kernel that ends properly says itself; the server may know better why it ended.
ENDED_OPEN = "the kernel ended with the run open"
CODE_TAG = "nbruns.code"
CODE_CHANGE_TAG = "nbruns.code_change"
HIDDEN_STATE_TAG = "nbruns.hidden_state"
ENVIRONMENT_TAG = "nbruns.environment"
PYTHON_TAG = "nbruns.python"
KERNEL_NAME_TAG = "nbruns.kernel_name"
GIT_BRANCH_TAG = "nbruns.git.branch"
GIT_DIRTY_TAG = "nbruns.git.dirty"
LIST_TAG = "nbruns.list"
# On a run that scores: what with, and what. The first says that it is one.
SCORED_WITH_TAG = "nbruns.scoring.model"
SCORED_VERSION_TAG = "nbruns.scoring.version"
SCORED_MODEL_ID_TAG = "nbruns.scoring.model_id"
SCORED_INPUT_TAG = "nbruns.scoring.input"
SCORED_DIGEST_TAG = "nbruns.scoring.digest"
SCORED_ROWS_TAG = "nbruns.scoring.rows"
# Where a scoring that no notebook has asked for is kept.
SCORING_EXPERIMENT = "scoring of {model}"
ROWS_METRIC = "rows_scored"
RATE_METRIC = "rows_per_second"
PREDICTIONS_FILE = "predictions.parquet"
PARTIAL_FILE = "predictions.partial.parquet"

# Tags MLflow gives a meaning to.
RUN_NAME_TAG = "mlflow.runName"
USER_TAG = "mlflow.user"
NOTE_TAG = "mlflow.note.content"
PARENT_RUN_TAG = "mlflow.parentRunId"
SOURCE_NAME_TAG = "mlflow.source.name"
SOURCE_TYPE_TAG = "mlflow.source.type"
GIT_COMMIT_TAG = "mlflow.source.git.commit"
GIT_BRANCH_OF_MLFLOW_TAG = "mlflow.source.git.branch"
GIT_REPOSITORY_TAG = "mlflow.source.git.repoURL"
LOGGED_MODELS_TAG = "mlflow.log-model.history"
MODEL_VERSIONS_TAG = "mlflow.modelVersions"
DATASET_CONTEXT_TAG = "mlflow.data.context"
IS_PROMPT_TAG = "mlflow.prompt.is_prompt"

# Where a run's artifacts tell of its source.
ENVIRONMENT_FILE = "nbruns/environment.json"
GIT_DIFF_FILE = "nbruns/git.diff"

# The MIME type under which a kernel asks the browser for the live notebook.
CAPTURE_MIME = "application/vnd.nbruns.capture+json"
# The type of a line about runs, whose names JupyterLab draws as links.
RUN_LINE_MIME = "application/vnd.nbruns.line+json"
