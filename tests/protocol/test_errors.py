"""One table turns errors into MLflow's codes."""

import logging

import pytest

from nbruns import errors
from nbruns.protocol.errors import CODES, NoSuchEndpoint, RefusedState, code_of, wire_error


def test_every_error_of_ours_has_a_code() -> None:
    ours = [cls for cls in vars(errors).values() if isinstance(cls, type)]

    assert set(ours) - set(CODES) == {errors.NbrunsError}


@pytest.mark.parametrize(
    ("error", "code", "status"),
    [
        (errors.NotFound("x"), "RESOURCE_DOES_NOT_EXIST", 404),
        (errors.AlreadyExists("x"), "RESOURCE_ALREADY_EXISTS", 400),
        (errors.InvalidValue("x"), "INVALID_PARAMETER_VALUE", 400),
        (errors.InvalidState("x"), "INVALID_PARAMETER_VALUE", 400),
        (RefusedState("x"), "INVALID_STATE", 409),
        (errors.Unsupported("x"), "NOT_IMPLEMENTED", 501),
        (NoSuchEndpoint("x"), "ENDPOINT_NOT_FOUND", 404),
    ],
)
def test_an_error_has_the_code_mlflow_gives_it(
    error: errors.NbrunsError, code: str, status: int
) -> None:
    assert code_of(error) == (code, status)


def test_the_sentence_goes_over_the_wire() -> None:
    status, body = wire_error(errors.NotFound("No run with id 'x'"))

    assert (status, body["message"]) == (404, "No run with id 'x'")


def test_an_unforeseen_error_is_logged_and_kept_from_the_client(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.ERROR, "nbruns"):
        status, body = wire_error(KeyError("secret"))

    assert (status, body["error_code"]) == (500, "INTERNAL_ERROR")
    assert "secret" not in body["message"]
    assert "secret" in caplog.text
