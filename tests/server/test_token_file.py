"""The file of a group's tokens: what is written, what is read, what is refused with its line."""

from __future__ import annotations

import hashlib
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from nbruns.cli import main
from nbruns.errors import AlreadyExists, InvalidValue, NotFound
from nbruns.server.token_file import Keyring, add_token, read_tokens, remove_tokens

DIGEST = hashlib.sha256(b"sesame").hexdigest()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "home" / "tokens.yaml"


def user_of(file: Path, token: str) -> str | None:
    return Keyring(read_tokens(file)).user_of(token)


def test_a_token_is_known_by_its_digest_only(file: Path) -> None:
    first, second = add_token(file, "ada"), add_token(file, "erin")

    assert (user_of(file, first), user_of(file, second)) == ("ada", "erin")
    assert user_of(file, first[:-1]) is None
    assert len(first) > 40
    assert first not in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [one.name for one in file.parent.iterdir()] == ["tokens.yaml"]


def test_tokens_that_are_added_at_once_are_all_kept(file: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda n: add_token(file, f"user {n}"), range(24)))

    assert [user_of(file, token) for token in made] == [f"user {n}" for n in range(24)]
    assert [one.name for one in file.parent.iterdir()] == ["tokens.yaml"]


def test_who_was_killed_in_the_middle_is_waited_for_no_longer(file: Path) -> None:
    file.parent.mkdir()
    left = file.with_name(".tokens.yaml-changing")
    left.touch()
    os.utime(left, (1, 1))

    assert add_token(file, "ada")


@pytest.mark.parametrize("user", ["no", "1", "Ada Lovelace", "ada@example.org", "Zoë"])
def test_names_stay_what_they_are(file: Path, user: str) -> None:
    token = add_token(file, user)

    assert user_of(file, token) == user


@pytest.mark.parametrize("user", ["", " ada", "a\nb", "a:b", '"', "x" * 100])
def test_names_that_would_break_lines_are_refused(file: Path, user: str) -> None:
    with pytest.raises(InvalidValue, match="cannot be the name of a user"):
        add_token(file, user)
    assert not file.exists()


def test_a_user_may_have_several(file: Path) -> None:
    first, second = add_token(file, "ada"), add_token(file, "ada", "laptop")
    with pytest.raises(AlreadyExists, match="'laptop' already"):
        add_token(file, "ada", "laptop")

    assert remove_tokens(file, "ada", "laptop") == 1
    assert (user_of(file, first), user_of(file, second)) == ("ada", None)
    assert remove_tokens(file, "ada") == 1
    assert read_tokens(file) == {}
    with pytest.raises(NotFound, match="'ada' has no token"):
        remove_tokens(file, "ada")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ada\n", "tokens.yaml line 1: expected 'name: …' for each user"),
        (f"ada: {DIGEST}\n", "tokens.yaml line 1: expected 'name: …' for each token"),
        ("# x\nada:\n  laptop: sesame\n", "tokens.yaml line 3: expected the SHA-256"),
        (f"ada:\n  a: {DIGEST}\nada:\n  b: {DIGEST}\n", "tokens.yaml line 3: 'ada' stands on"),
        (f"ada:\n  a: {DIGEST}\nerin:\n  b: {DIGEST}\n", "'ada' and 'erin' have the same token"),
        (f"'a:b':\n  a: {DIGEST}\n", "tokens.yaml line 1: 'a:b' cannot be the name of a user"),
        ("ada: [\n", "this is not YAML"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(file: Path, text: str, said: str) -> None:
    file.parent.mkdir()
    file.write_text(text)
    file.chmod(0o600)

    with pytest.raises(InvalidValue) as raised:
        read_tokens(file)
    assert said in str(raised.value)


def test_a_file_that_others_may_write_lets_nobody_in(file: Path) -> None:
    add_token(file, "ada")
    file.chmod(0o664)
    with pytest.raises(InvalidValue, match="Others may write"):
        read_tokens(file)

    file.chmod(0o644)
    assert list(read_tokens(file)) == ["ada"]


def test_the_command_shows_a_token_once(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    where = ["--tokens", str(file)]
    assert main(["token", "add", "ada", *where]) == 0
    token = capsys.readouterr().out.strip()
    assert main(["token", "add", "ada", *where]) == 1
    assert "'ada' has a token 'token' already" in capsys.readouterr().err
    assert main(["token", "list", *where]) == 0
    assert capsys.readouterr().out == "ada: token\n"
    assert user_of(file, token) == "ada"
    assert main(["token", "remove", "ada", *where]) == 0
    assert capsys.readouterr().out == "Removed 1 token of ada\n"
    assert user_of(file, token) is None
