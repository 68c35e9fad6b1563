"""Choosing an experiment: fetches the list, and does what its lines are asked to do."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from nbruns.errors import NbrunsError
from nbruns.panel.experiment_client import ExperimentClient
from nbruns.panel.experiment_list import ExperimentList
from nbruns.panel.heard import Heard
from nbruns.records import ExperimentAtAGlance

PAGE = 100
Do = Callable[[Coroutine[Any, Any, None]], None]
Choose = Callable[[str | None], None]


class Choosing:
    """Keeps the list of experiments; `on_choose` is told the one chosen, None to go back."""

    def __init__(
        self, client: ExperimentClient, *, do: Do, on_choose: Choose | None = None
    ) -> None:
        self.client = client
        self.view = ExperimentList(self._ask)
        self.text = ""
        self.trash = False
        self.current: str | None = None
        self.way_back = True
        self._moved: str | None = None
        self._heard = Heard()
        self._found: list[ExperimentAtAGlance] = []
        self._do, self.on_choose = do, on_choose or (lambda _: None)

    def begin_move(self, run_id: str, name: str) -> None:
        """Ask where a run is to go, in place of which runs to show."""
        self._moved = run_id
        self.view.tell(title=f"Move {name} to")

    def end_move(self) -> str | None:
        """The run that was to be moved; the list is for looking again."""
        moved, self._moved = self._moved, None
        self.view.tell(title="")
        return moved

    async def renew(self) -> None:
        """Fetch as many lines as are shown anew."""
        asked, count = (self.text, self.trash), max(PAGE, len(self._found))
        heard = self._heard.to_browser()
        page = await self.client.page(self.text, count=count, deleted=self.trash)
        if asked != (self.text, self.trash):
            return
        self._found = page.items
        self.view.show(
            page.items,
            text=self.text,
            heard=heard,
            trash=self.trash,
            more=page.next_token is not None,
            current=self.current or "",
            way_back=self.way_back,
        )

    async def extend(self) -> None:
        """Fetch the lines after the last one."""
        asked, first = (self.text, self.trash), len(self._found)
        page = await self.client.page(self.text, first=first, count=PAGE, deleted=self.trash)
        if asked != (self.text, self.trash):
            return
        known = {one.experiment_id for one in self._found}
        self._found += [one for one in page.items if one.experiment_id not in known]
        self.view.show(self._found, more=page.next_token is not None)

    def _ask(self, what: str, said: dict[str, Any]) -> None:
        self._heard.note(said)
        if what == "choose":
            self.on_choose(str(said["id"]))
        elif what == "back":
            self.on_choose(None)
        elif what == "more":
            self._do(self.extend())
        elif what in ("search", "trash"):
            self.text = str(said.get("text", self.text))
            self.trash = bool(said.get("on", self.trash))
            self._found = []
            self._do(self.renew())
        else:
            self._do(self._change(what, str(said["id"]), str(said.get("value", ""))))

    async def _change(self, what: str, experiment_id: str, value: str) -> None:
        """Rename, describe, delete or restore one; what the server refuses is said in the list."""
        client = self.client
        try:
            if what == "rename":
                await client.rename(experiment_id, value)
            elif what == "describe":
                await client.describe(experiment_id, value)
            elif what == "delete":
                await client.delete(experiment_id)
            else:
                await client.restore(experiment_id)
        except NbrunsError as error:
            self.view.tell(said=str(error))
            return
        self.view.tell(said="")
        await self.renew()
