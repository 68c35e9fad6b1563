"""What the page of a version says, as plain values for the browser."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

from nbruns.panel.card_content import columns, cut, own_tags, pairs_of
from nbruns.panel.datasets import describe
from nbruns.panel.models.model_file import ModelFile
from nbruns.panel.models.place import Place
from nbruns.panel.models.snippets import snippets
from nbruns.panel.models.version_feed import Known
from nbruns.protocol.names import GIT_COMMIT_TAG, REVISION_TAG, SOURCE_NAME_TAG
from nbruns.records import ModelVersion, Run

Json = dict[str, Any]

_EDITORS = ("EDIT", "MANAGE")
_LONGEST_TEXT = 100_000
_STATUS = {
    "PENDING_REGISTRATION": "Being registered: its files are not there yet.",
    "FAILED_REGISTRATION": "Its registration failed",
}


def card_of(known: Known) -> Json:
    """Name, standing, times, description; what may be done with it."""
    version, place = known.version, known.place
    told: Json = {"id": place.text, "name": place.name, "version": place.version, "gone": ""}
    if version is None:
        return told | {"gone": gone_words(known)} if known.is_whole else {}
    return told | {
        "address": address_of(version),
        "stage": "" if version.stage == "None" else version.stage,
        "aliases": list(version.aliases),
        "status": status_words(version),
        "user": version.user,
        "created_ms": version.created_ms,
        "updated_ms": version.updated_ms,
        "note": version.description[:_LONGEST_TEXT],
        "may_edit": known.level in _EDITORS,
        "may_delete": known.level == "MANAGE",
        "copied_from": _copied_from(version),
    }


def gone_words(known: Known) -> str:
    """Why there is no such version, as far as one can tell."""
    name, number = known.place.name, known.place.version
    if not known.others:
        return f"There is no model {name}, or you may not see it."
    newest = max(one.version for one in known.others)
    if number < newest:
        return f"Version {number} of {name} was deleted."
    return f"There is no version {number} of {name}."


def address_of(version: ModelVersion) -> str:
    """How MLflow loads this version."""
    return f"models:/{version.name}/{version.version}"


def status_words(version: ModelVersion) -> str:
    """Why a version cannot be used; empty where it can."""
    words = _STATUS.get(version.status, "" if version.status == "READY" else version.status)
    told = f"{words.rstrip('.')}: {version.status_message}" if version.status_message else words
    return told if words else ""


def _copied_from(version: ModelVersion) -> Json | None:
    """The version this one was made from, where it was copied from another."""
    named = version.source.removeprefix("models:/")
    name, slash, number = named.partition("/")
    if named == version.source or not slash or not number.isdecimal():
        return None
    return {"words": f"{name} version {number}", "to": Place.of_version(name, int(number)).text}


# -- where it came from


def lineage_of(known: Known, *, in_lab: bool) -> list[Json]:
    """Data, code, run and version: each with what a click on it leads to."""
    if known.version is None or not known.is_whole:
        return []
    run = known.run
    steps = [*_data(run), _code(run, in_lab=in_lab), _source(known)]
    words = f"version {known.version.version}"
    return [*steps, {"kind": "version", "title": "Version", "text": words, "does": ""}]


def _data(run: Run | None) -> list[Json]:
    if run is None:
        return [_step("data", "Data", "not known", is_absent=True)]
    if not run.dataset_inputs:
        return [_step("data", "Data", "none was logged", is_absent=True)]
    return [_dataset(describe(found)) for found in run.dataset_inputs[:6]]


def _dataset(said: Json) -> Json:
    facts = " · ".join(filter(None, [said["context"], said["size"], said["digest"]]))
    step = _step("data", "Data", said["name"], "runs-on", detail=facts)
    return step | {"hint": "Show the runs on this data", "digest": said["digest"]}


def _code(run: Run | None, *, in_lab: bool) -> Json:
    if run is None:
        return _step("code", "Code", "not known", is_absent=True)
    tags = run.tags
    source = PurePosixPath(tags.get(SOURCE_NAME_TAG, "")).name
    revision, commit = tags.get(REVISION_TAG, ""), tags.get(GIT_COMMIT_TAG, "")
    detail = f"revision {revision[:10]}" if revision else commit and f"commit {commit[:10]}"
    if not (source or detail):
        return _step("code", "Code", "none was recorded", is_absent=True)
    step = _step("code", "Code", source or detail, detail=detail if source else "")
    if revision and in_lab:
        return step | {"does": "open", "hint": "Open the notebook as it was when the run started"}
    return step


def _source(known: Known) -> Json:
    run = known.run
    if run is None:
        has_run = known.version is not None and known.version.run_id
        words = f"run {known.version.run_id[:8]}" if known.version and has_run else "none"
        return _step("run", "Run", words, detail=known.run_trouble, is_absent=True)
    where = "in the trash" if run.stage == "deleted" else ""
    step = _step("run", "Run", run.name or run.run_id[:8], "run", detail=where)
    return step | {"status": run.status, "started_ms": run.started_ms, "hint": "Show this run"}


def _step(
    kind: str, title: str, text: str, does: str = "", *, detail: str = "", is_absent: bool = False
) -> Json:
    return {
        "kind": kind,
        "title": title,
        "text": cut(text, 200),
        "detail": cut(detail, 300),
        "does": does,
        "is_absent": is_absent,
    }


# -- what it is made of


def detail_of(known: Known, *, in_lab: bool) -> Json:
    """Signature, flavors, what loading it means, tags, and the code that uses it."""
    version = known.version
    if version is None or not known.is_whole:
        return {}
    file = known.file
    return {
        "id": known.place.text,
        "version": version.version,
        "in_lab": in_lab,
        "may_edit": known.level in _EDITORS,
        "tags": pairs_of(own_tags(version)),
        "trouble": known.file_trouble,
        "source": version.source,
        "model": _model(known, file) if file is not None else None,
        "snippets": [_snippets(address, file) for address in _addresses(version)],
    }


def _addresses(version: ModelVersion) -> list[str]:
    return [address_of(version), *(f"models:/{version.name}@{a}" for a in version.aliases)]


def _snippets(address: str, file: ModelFile | None) -> Json:
    found = [{"title": one.title, "code": one.code} for one in snippets(address, file)]
    return {"address": address, "pieces": found}


def _model(known: Known, file: ModelFile) -> Json:
    signature = file.signature
    flavors = [" ".join(filter(None, flavor)) for flavor in file.named_flavors]
    facts = [
        ("Flavor" if len(flavors) == 1 else "Flavors", ", ".join(flavors) or "pyfunc"),
        ("Python", file.python),
        ("MLflow", file.mlflow),
        ("Size", _size(file.size_bytes)),
        ("Logged as", known.model.name if known.model is not None else ""),
        ("Model id", known.version.model_id if known.version is not None else ""),
        ("Files", known.files.uri if known.files is not None else ""),
    ]
    return {
        "inputs": columns(signature.inputs),
        "outputs": columns(signature.outputs),
        "input_count": len(signature.inputs),
        "output_count": len(signature.outputs),
        "facts": [{"name": n, "text": cut(t, 400), "full": t} for n, t in facts if t],
        "has_example": bool(file.example),
        "programs": [cut(name, 80) for name in file.runs_code[:4]],
    }


def _size(size_bytes: int | None) -> str:
    """A size as the list of files writes it."""
    if size_bytes is None:
        return ""
    size, unit = float(size_bytes), "B"
    for larger in ("KB", "MB", "GB"):
        if size < 1024:
            break
        size, unit = size / 1024, larger
    return f"{size:.1f} {unit}" if unit != "B" and size < 10 else f"{round(size)} {unit}"
