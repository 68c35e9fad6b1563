"""Rules of the JavaScript that no linter holds."""

import re
from pathlib import Path

import pytest

import nbruns.panel

FRONTEND = Path(nbruns.panel.__path__[0]) / "frontend"
SCRIPTS = sorted(FRONTEND.glob("*.js"))
STYLES = sorted(FRONTEND.glob("styles/*.css"))


@pytest.mark.parametrize("file", SCRIPTS, ids=lambda file: file.name)
def test_text_of_people_never_becomes_markup(file: Path) -> None:
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write", file.read_text()
    )


@pytest.mark.parametrize("file", SCRIPTS, ids=lambda file: file.name)
def test_nothing_comes_from_the_internet(file: Path) -> None:
    addresses = set(re.findall(r"https?://[^'\"` ]+", file.read_text()))

    assert addresses <= {"http://www.w3.org/2000/svg"}
    assert not re.search(r"^\s*import\b", file.read_text(), re.MULTILINE)


@pytest.mark.parametrize("file", STYLES, ids=lambda file: file.name)
def test_colours_are_those_of_the_theme(file: Path) -> None:
    assert set(re.findall(r"#[0-9a-fA-F]{3,8}\b", file.read_text())) <= {"#fff"}
