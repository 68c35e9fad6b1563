"""Registering a run's model: asks for a name, sends it, says what came of it."""

from __future__ import annotations

from collections.abc import Callable

from nbruns.errors import NbrunsError
from nbruns.panel.feed import Feed
from nbruns.panel.registry import RegisterForm, Request, source_of
from nbruns.panel.selection import Selection


class Registering:
    """Leads the form through its stages; `feed` gives the feed of now."""

    def __init__(self, selection: Selection, feed: Callable[[], Feed], form: RegisterForm) -> None:
        self.selection = selection
        self.form = form
        self._feed = feed

    async def ask(self, run_id: str) -> None:
        """Open the form with the run's models and the names there are."""
        feed = self._feed()
        runs = await feed.picked([run_id])
        if not runs:
            return
        models = await feed.models_of(runs[0])
        names = await feed.client.registered_models()
        if self.selection.registering == run_id:
            self.form.ask(runs[0], models, names)

    async def submit(self, asked: Request) -> None:
        """Make the version and its alias; what is refused stands in the form."""
        self.form.busy()
        client, model = self._feed().client, asked.model
        try:
            version = await client.register(
                asked.name,
                source=source_of(asked),
                run_id=asked.run.run_id,
                model_id=model.model_id,
            )
        except NbrunsError as error:
            self.form.refuse("name" if "name" in str(error).lower() else "form", str(error))
            return
        trouble = ""
        if asked.alias:
            try:
                await client.set_alias(version, asked.alias)
            except NbrunsError as error:
                trouble = f"The alias was refused: {error}"
        self.form.report(version, "" if trouble else asked.alias, trouble)

    def put_away(self) -> None:
        """Close the form."""
        self.selection.registering = None
        self.form.close_form()
