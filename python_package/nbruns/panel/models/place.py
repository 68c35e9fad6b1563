"""Where in the Models view the reader is, as a word that an address can carry."""

from __future__ import annotations

from dataclasses import dataclass

MODELS, MODEL, VERSION = "models", "model", "version"
REQUESTS, ENDPOINTS, ACTIVITY = "requests", "endpoints", "activity"
KINDS = (MODELS, MODEL, VERSION, REQUESTS, ENDPOINTS, ACTIVITY)
TITLES = {
    MODELS: "Models",
    REQUESTS: "Requests",
    ENDPOINTS: "Endpoints",
    ACTIVITY: "Activity",
}


@dataclass(frozen=True, slots=True)
class Place:
    """A page of the view; `name` and `version` where the page is a model's or a version's."""

    kind: str = MODELS
    name: str = ""
    version: int = 0

    @classmethod
    def read(cls, text: str) -> Place:
        """The place a text names; the list of models where it names none."""
        page, *rest = text.split("/")
        if page == MODELS and rest and rest[0]:
            if len(rest) > 1 and rest[1].isdecimal():
                return cls(VERSION, rest[0], int(rest[1]))
            return cls(MODEL, rest[0])
        return cls(page) if page in TITLES else cls()

    @classmethod
    def of_model(cls, name: str) -> Place:
        """The page of a model."""
        return cls(MODEL, name)

    @classmethod
    def of_version(cls, name: str, version: int) -> Place:
        """The page of one version of a model."""
        return cls(VERSION, name, version)

    @property
    def title(self) -> str:
        """What a tab at this place is called."""
        if self.kind == VERSION:
            return f"{self.name} v{self.version}"
        return self.name or TITLES[self.kind]

    @property
    def text(self) -> str:
        """The place as `read` takes it: `models/churn/3`, `requests`."""
        # MLflow allows neither '/' nor ':' in the name of a model.
        if self.kind == VERSION:
            return f"{MODELS}/{self.name}/{self.version}"
        return f"{MODELS}/{self.name}" if self.kind == MODEL else self.kind
