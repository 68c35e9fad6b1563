"""The places of the Models view, as an address carries them."""

import pytest

from nbruns.panel.models.place import Place

PLACES = {
    "models": Place("models"),
    "models/churn": Place("model", "churn"),
    "models/prod.sales.churn/12": Place("version", "prod.sales.churn", 12),
    "requests": Place("requests"),
    "endpoints": Place("endpoints"),
    "activity": Place("activity"),
}


@pytest.mark.parametrize("text", PLACES)
def test_a_place_is_read_and_written(text: str) -> None:
    assert Place.read(text) == PLACES[text]
    assert PLACES[text].text == text


@pytest.mark.parametrize("text", ["", "nowhere", "models/", "models//3"])
def test_what_names_no_place_is_the_list(text: str) -> None:
    assert Place.read(text) == Place("models")


def test_a_version_that_is_none_leads_to_its_model() -> None:
    assert Place.read("models/churn/latest") == Place("model", "churn")
