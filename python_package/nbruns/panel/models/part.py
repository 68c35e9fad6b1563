"""What every part of the Models view is: a widget that stands on some pages and not on others."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from typing import Any, ClassVar

import anywidget

from nbruns.panel.browser import Browser
from nbruns.panel.connection import Connection
from nbruns.panel.models.place import Place
from nbruns.panel.selection import Selection

Do = Callable[[Coroutine[Any, Any, None]], None]
Go = Callable[[str], None]
Page = Callable[[], "Browser | None"]
ShowRuns = Callable[[str, Mapping[str, Any]], None]


class Part(anywidget.AnyWidget):
    """Shows itself on the pages named in `shown_on`, and fetches only while it stands there.

    `do` runs work and shows what fails in the view, `go` moves to a place, `browser` is the
    page where it is JupyterLab's. `show_runs` leaves the view for the runs of an experiment, with
    as much chosen among them as the mapping says: `{"ticked": [run ids]}`, `{"filter_text": …}`.
    """

    shown_on: ClassVar[tuple[str, ...]]
    # Whether it has a column of its own where there is room for two.
    stands_beside: ClassVar[bool] = False

    def __init__(
        self,
        selection: Selection,
        connection: Connection,
        *,
        do: Do,
        browser: Page,
        go: Go,
        show_runs: ShowRuns,
        **of_widget: Any,
    ) -> None:
        super().__init__(**of_widget)
        self.selection, self.connection = selection, connection
        self.do, self.browser, self.go, self.show_runs = do, browser, go, show_runs
        self.on_msg(lambda _, message, __: self.hear(message))
        selection.observe(self._follow, ["registry"])
        self._follow(None)

    @property
    def place(self) -> Place:
        """Where the reader is."""
        return Place.read(self.selection.registry or "")

    @property
    def is_here(self) -> bool:
        """Whether the reader is on a page of this part."""
        return self.selection.registry is not None and self.place.kind in self.shown_on

    async def renew(self) -> None:
        """Fetch what this part shows at its place and show it; called only while it is here.

        The reader may have gone on before the answer comes: look at `place` again.
        """
        raise NotImplementedError

    def hear(self, message: dict[str, Any]) -> None:
        """The reader did something in the part's view."""

    def _follow(self, _: object) -> None:
        # Not a class: anywidget's views hear of no change of those once they are drawn.
        self.layout.display = None if self.is_here else "none"
