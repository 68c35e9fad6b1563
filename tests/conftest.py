"""What tests of every room start from: a home folder, its store, a run in it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from nbruns.records import Run
from nbruns.store import Store


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home folder that is not there yet."""
    return tmp_path / "home"


@pytest.fixture
def store(home: Path) -> Iterator[Store]:
    """A store as a notebook's kernel opens it."""
    store = Store.open(home)
    yield store
    store.close()


@pytest.fixture
def run(store: Store) -> Run:
    """A run of the default experiment."""
    return store.runs.create("0", name="first", user="ada", started_ms=1_000)
