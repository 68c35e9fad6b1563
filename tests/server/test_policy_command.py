"""`nbruns policy`: a file is checked, and who may do what is told with the rule."""

from __future__ import annotations

from pathlib import Path

import pytest
from team import POLICY

from nbruns.cli import main


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.delenv("NBRUNS_POLICY", raising=False)
    path = tmp_path / "policy.yaml"
    path.write_text(POLICY)
    return str(path)


@pytest.mark.parametrize(
    ("asked", "code", "said"),
    [
        ("ada move prod.m/production", 1, "ada (of scientists) may not move prod.m/production: "),
        ("ada move prod.m/production", 1, "target Production. managers may"),
        ("katherine approve prod.m@champion", 0, "katherine (of managers) may approve"),
        ("ada edit prod.m", 0, "policy.yaml line 13, models 'prod.*'"),
        ("ada edit model:prod.m", 0, "ada (of scientists) may edit model:prod.m"),
        ("ada read experiment:payroll", 1, "experiments 'payroll*'. managers may"),
        ("mallory request prod.m", 1, "mallory may not request prod.m"),
        ("ada read other", 1, "policy.yaml (default NONE)"),
    ],
)
def test_it_says_who_may_do_what_and_why(
    file: str, capsys: pytest.CaptureFixture[str], asked: str, code: int, said: str
) -> None:
    assert main(["policy", "explain", *asked.split(), "--file", file]) == code
    assert said in capsys.readouterr().out


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("ada move prod.m", "write 'prod.m@alias' or 'prod.m/Production'"),
        ("ada move prod.m/Prodution", "Prodution"),
        ("ada read run:1", "neither a model nor 'experiment:NAME'"),
    ],
)
def test_a_question_that_makes_no_sense_is_told(
    file: str, capsys: pytest.CaptureFixture[str], asked: str, said: str
) -> None:
    assert main(["policy", "explain", *asked.split(), "--file", file]) == 1
    assert said in capsys.readouterr().err


def test_a_file_is_checked(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "check", file]) == 0
    out = capsys.readouterr().out
    assert "2 rules for experiments, 2 for models, otherwise NONE" in out
    assert "managers: katherine" in out

    Path(file).write_text("models:\n  - {match: x, read: [adda]}\n")
    assert main(["policy", "check", file]) == 0
    assert "users of no group: adda" in capsys.readouterr().out

    Path(file).write_text("models:\n  - {match: x, raed: [ada]}\n")
    assert main(["policy", "check", file]) == 1
    assert "policy.yaml line 2: 'raed'" in capsys.readouterr().err


def test_it_finds_the_policy_a_server_would_go_by(
    file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["policy", "explain", "ada", "manage", "x"]
    assert main(asked) == 0
    assert "no policy is set" in capsys.readouterr().out

    monkeypatch.setenv("NBRUNS_POLICY", file)
    assert main(asked) == 1
    assert "policy.yaml" in capsys.readouterr().out

    config = tmp_path / "config" / "jupyter_server_config.py"
    config.parent.mkdir()
    config.write_text("c.NbrunsApp.policy = {'default': 'READ'}")
    assert main(asked) == 1
    assert "c.NbrunsApp.policy (default READ)" in capsys.readouterr().out
