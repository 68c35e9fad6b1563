"""The line over the list: the search box, the order, the columns, the way to the trash."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anywidget
import traitlets as t

from nbruns.panel.browser_side import script
from nbruns.panel.columns import ATTRIBUTES, Kind, column_name, direction, read_column
from nbruns.panel.feed import Feed
from nbruns.panel.heard import Answering
from nbruns.panel.list_client import Keys
from nbruns.panel.run_filter import UnreadableFilter, as_filter
from nbruns.panel.selection import Selection
from nbruns.records import LoggedKey

_SYSTEM = ("mlflow.", "nbruns.", "system/")
_MOST_SORTED = 40
_ALWAYS = ("start_time", "duration", "run_name")


class Toolbar(Answering, anywidget.AnyWidget):
    """Writes what the reader asks for into the selection, and offers what there is to ask."""

    _esm = script(
        *("wishes", "popup", "completion", "search_box", "sort_menu", "column_menu", "toolbar")
    )

    is_shown = t.Bool(False).tag(sync=True)
    text = t.Unicode("").tag(sync=True)
    trouble = t.Dict().tag(sync=True)
    order = t.Unicode("").tag(sync=True)
    columns = t.List(t.Dict()).tag(sync=True)
    is_automatic = t.Bool(True).tag(sync=True)
    orders = t.List(t.Dict()).tag(sync=True)
    choices = t.Dict().tag(sync=True)
    values = t.Dict().tag(sync=True)
    trash = t.Dict({"deleted": 0, "open": False}).tag(sync=True)

    def __init__(
        self,
        selection: Selection,
        *,
        on_choices: Callable[[], None],
        on_values: Callable[[str, str], None],
        on_settings: Callable[[], None],
    ) -> None:
        super().__init__()
        self.add_class("nbruns-toolbarBox")
        self.selection = selection
        self._on_choices, self._on_values = on_choices, on_values
        self._on_settings = on_settings
        self.on_msg(self._hear)
        selection.observe(self._follow, ["filter_text", "order", "columns", "trash"])
        self._follow(None)

    def show(self, feed: Feed, *, is_shown: bool) -> None:
        """Offer what the newest runs can be sorted by; nothing where there are no runs."""
        self.is_shown = is_shown or bool(self.selection.filter_text) or self.selection.trash
        self.columns = [column.to_browser() for column in feed.columns]
        self.orders = [_order(kind, key) for kind, key in _orders(feed)]
        self.trash = {**self.trash, "deleted": feed.counts.deleted}

    def offer(self, keys: Keys) -> None:
        """Offer all that a column could show and a filter could name."""
        self.choices = {
            **{kind: _names(found) for kind, found in keys.items()},
            "attributes": [
                {"key": key, "label": label}
                for key, label in ATTRIBUTES.items()
                if key != "run_name"  # Every row has it.
            ],
        }

    def suggest(self, kind: str, key: str, values: list[str]) -> None:
        """Offer values for a comparison."""
        self.values = {"kind": kind, "key": key, "values": values}

    def refuse(self, error: UnreadableFilter) -> None:
        """Say what of the filter cannot be read, and where."""
        self.trouble = {"text": str(error), "at": error.at}

    def _follow(self, _: object) -> None:
        self.text, self.order = self.selection.filter_text, self.selection.order
        self.is_automatic = self.selection.columns is None
        self.trash = {**self.trash, "open": self.selection.trash}

    def _hear(self, _: object, message: dict[str, Any], __: object) -> None:
        with self.answering(message):
            self._take(message)

    def _take(self, message: dict[str, Any]) -> None:
        kind, selection = message.get("type"), self.selection
        if kind == "filter":
            self._filter(str(message["text"]), is_final=bool(message.get("final")))
        elif kind == "sort":
            sort_by(selection, str(message["column"]))
        elif kind == "choices":
            self._on_choices()
        elif kind == "values":
            self._on_values(str(message["kind"]), str(message["key"]))
        elif kind == "trash":
            selection.trash = bool(message["open"])
        elif kind in ("columns", "aggregate", "best"):
            self._set_up(message)
            self._on_settings()

    def _set_up(self, message: dict[str, Any]) -> None:
        selection, key = self.selection, str(message.get("key", ""))
        match message["type"]:
            case "columns":
                names = message["names"]
                selection.set_columns(None if names is None else map(str, names))
            case "aggregate":
                selection.aggregates = {**selection.aggregates, key: str(message["value"])}
            case "best":
                selection.directions = {**selection.directions, key: str(message["value"])}

    def _filter(self, text: str, *, is_final: bool) -> None:
        """Take what is typed once it can be read; only what is finished is found fault with."""
        try:
            as_filter(text)
        except UnreadableFilter as error:
            if is_final:
                self.refuse(error)
            return
        self.trouble = {}
        self.selection.filter_text = text


def sort_by(selection: Selection, name: str) -> None:
    """Order by a column, the best of a metric first."""
    found = read_column(name)
    if found is None:
        return
    kind, key = found
    rising = (kind == "metrics" and direction(selection, key) == "min") or (
        kind in ("params", "tags") or key in ("run_name", "user_id")
    )
    selection.sort_by(name, rising_first=rising)


def _names(keys: list[LoggedKey]) -> list[str]:
    """The keys, those of systems last."""
    return sorted((key.key for key in keys), key=lambda key: (key.startswith(_SYSTEM), key))


def _orders(feed: Feed) -> list[tuple[Kind, str]]:
    """What the list can be sorted by: its columns first."""
    shown = [(column.kind, column.key) for column in feed.columns]
    first: list[tuple[Kind, str]] = [("attributes", key) for key in _ALWAYS]
    return list(dict.fromkeys([*first, *shown]))[:_MOST_SORTED]


def _order(kind: Kind, key: str) -> dict[str, str]:
    label = ATTRIBUTES[key] if kind == "attributes" else key
    return {"id": column_name(kind, key), "kind": kind, "label": label}
