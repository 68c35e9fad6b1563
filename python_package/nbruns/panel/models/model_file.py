"""What a model's MLmodel file says of it beside its signature: flavors, Python, size, example.

Read without a YAML reader, as none is loaded in the panel's kernel: MLflow writes plain
blocks, one key a line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from nbruns.panel.signature import Signature, read_signature

PYFUNC = "python_function"
_KEY = re.compile(r"^( *)([\w.\-]+):(?: (.*))?$")
_PICKLES = {".pkl", ".pickle", ".joblib", ".pt", ".pth", ".dill"}
_PICKLING = {"pickle", "cloudpickle", "joblib", "dill"}

Flavor = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A model as its maker's MLflow described it; what it did not say is empty."""

    signature: Signature = field(default_factory=Signature)
    flavors: Mapping[str, Flavor] = field(default_factory=dict)
    size_bytes: int | None = None
    mlflow: str = ""
    example: str = ""

    @property
    def python(self) -> str:
        """The version of Python the model was saved with."""
        return str(self.flavors.get(PYFUNC, {}).get("python_version", ""))

    @property
    def named_flavors(self) -> list[tuple[str, str]]:
        """The libraries that can load the model by themselves, each with its version if told."""
        return [
            (name, _version_in(said))
            for name, said in sorted(self.flavors.items())
            if name != PYFUNC
        ]

    @property
    def runs_code(self) -> tuple[str, ...]:
        """The files that are programs: pickles and code of the model's own. Empty for none known.

        Unpickling calls whatever the pickle names, so loading such a model is running it.
        """
        return tuple(dict.fromkeys(_programs(self.flavors)))


def read_model_file(text: str) -> ModelFile:
    """Read the text of an MLmodel file, as far as it goes."""
    said = _blocks(text)
    flavors = {k: v for k, v in _block(said, "flavors").items() if isinstance(v, dict)}
    size = said.get("model_size_bytes")
    return ModelFile(
        read_signature(text),
        flavors,
        int(size) if isinstance(size, str) and size.isdecimal() else None,
        str(said.get("mlflow_version") or ""),
        str(_block(said, "saved_input_example_info").get("artifact_path") or ""),
    )


def _block(said: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = said.get(name)
    return found if isinstance(found, dict) else {}


def _blocks(text: str) -> dict[str, Any]:
    """Keys and their texts, nested as they are indented; lists and long texts are left out."""
    whole: dict[str, Any] = {}
    above: list[tuple[int, dict[str, Any] | None]] = [(-1, whole)]
    for line in text.splitlines():
        match = _KEY.match(line)
        if match is None:
            continue
        depth, key, value = len(match[1]), match[2], _plain(match[3] or "")
        while above[-1][0] >= depth:
            above.pop()
        into = above[-1][1]
        # What looks like a key under a text is a further line of that text.
        if into is None:
            continue
        inner: dict[str, Any] | None = None if match[3] else {}
        into[key] = value if inner is None else inner
        above.append((depth, inner))
    return whole


def _plain(value: str) -> str:
    text = value.strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        return text[1:-1].replace("''", "'")
    return "" if text in ("null", "~") else text


def _version_in(flavor: Flavor) -> str:
    """`sklearn_version`, `xgb_version`…: each flavor has a name of its own for it."""
    found = (str(said) for key, said in flavor.items() if key.endswith("_version"))
    return next(found, "")


def _programs(flavors: Mapping[str, Flavor]) -> Iterator[str]:
    for name, flavor in sorted(flavors.items()):
        texts = {key: said for key, said in flavor.items() if isinstance(said, str) and said}
        files = [said for said in texts.values() if _suffix(said) in _PICKLES]
        yield from files
        if texts.get("serialization_format") in _PICKLING and not files:
            yield texts.get("pickled_model") or texts["serialization_format"]
        for key in ("code", "model_code_path"):
            if key in texts:
                yield PurePosixPath(texts[key]).name
        if name == "pytorch":
            # Its weights lie in a folder that the file names as a whole.
            yield f"{texts.get('model_data', 'data')}/model.pth"


def _suffix(text: str) -> str:
    return PurePosixPath(text).suffix.lower() if "\n" not in text else ""
