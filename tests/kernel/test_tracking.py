"""Where MLflow keeps a kernel's runs."""

from __future__ import annotations

import pytest

from nbruns.kernel.tracking import track_here

MINE = "https://mine.example"


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ({}, {"MLFLOW_TRACKING_URI": "nbruns:", "MLFLOW_REGISTRY_URI": "nbruns:"}),
        ({"MLFLOW_TRACKING_URI": MINE}, {"MLFLOW_TRACKING_URI": MINE}),
        (
            {"MLFLOW_REGISTRY_URI": MINE},
            {"MLFLOW_TRACKING_URI": "nbruns:", "MLFLOW_REGISTRY_URI": MINE},
        ),
    ],
)
def test_what_the_user_has_chosen_is_left_alone(
    chosen: dict[str, str], expected: dict[str, str]
) -> None:
    track_here(chosen)

    assert chosen == expected
