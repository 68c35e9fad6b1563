"""Registering a run's model: asks for a name, sends it, says what came of it."""

from __future__ import annotations

from collections.abc import Callable

from nbruns.errors import NbrunsError, NotPermitted
from nbruns.panel.feed import Feed
from nbruns.panel.register_client import MOST_NAMES, RegisterClient, Rights
from nbruns.panel.registry import RegisterForm, Request, proposed_name, source_of
from nbruns.panel.selection import Selection
from nbruns.records import ModelVersion


class Registering:
    """Leads the form through its stages; `feed` gives the feed of now."""

    def __init__(
        self,
        selection: Selection,
        client: RegisterClient,
        feed: Callable[[], Feed],
        form: RegisterForm,
    ) -> None:
        self.selection = selection
        self.client = client
        self.form = form
        self._feed = feed
        self._looked = 0

    async def ask(self, run_id: str) -> None:
        """Open the form with the run's models and the names there are."""
        feed = self._feed()
        runs = await feed.picked([run_id])
        if not runs:
            return
        models = await feed.models_of(runs[0])
        names = await self.client.names()
        if self.selection.registering == run_id:
            earlier = [version for found in feed.versions.values() for version in found]
            name = proposed_name(runs[0], names, earlier)
            self.form.ask(runs[0], models, names, name)
            await self.look(name, "")

    async def look(self, name: str, alias: str) -> None:
        """Learn what the reader may do with a name and an alias."""
        self._looked += 1
        look = self._looked
        if not name:
            return
        known = self.form.form.get("names", ())
        if len(known) >= MOST_NAMES and not self.form.knows(name):
            found = await self.client.find(name)
            if found is not None:
                self.form.learn(found)
        rights = await self.client.rights(name, alias)
        # An answer that comes late must not hide what was told of the name typed since.
        if look == self._looked:
            self.form.tell(rights)

    async def submit(self, asked: Request) -> None:
        """Make the version and its alias; what is refused stands in the form."""
        self.form.busy()
        self._looked += 1
        try:
            rights = await self.client.rights(asked.name, asked.alias)
            if asked.alias and not rights.may_move and not asked.asks:
                self.form.offer_request(rights)
                return
            version = await self._register(asked)
        except NbrunsError as error:
            is_of_name = isinstance(error, NotPermitted) or "name" in str(error).lower()
            self.form.refuse("name" if is_of_name else "form", str(error))
            return
        await self._point(asked, version, rights)

    def put_away(self) -> None:
        """Close the form."""
        self.selection.registering = None
        self.form.close_form()

    async def _register(self, asked: Request) -> ModelVersion:
        return await self.client.register(
            asked.name,
            source=source_of(asked),
            run_id=asked.run.run_id,
            model_id=asked.model.model_id,
            description=asked.description,
            tags=asked.tags,
        )

    async def _point(self, asked: Request, version: ModelVersion, rights: Rights) -> None:
        """Give the new version its alias, or ask for it, and say what came of all."""
        alias, requested, trouble = asked.alias, "", ""
        try:
            if alias and rights.may_move:
                await self.client.set_alias(version, alias)
            elif alias:
                number = await self.client.request_alias(version, alias, asked.comment)
                requested = f"@{alias} was requested (request {number}). May approve: "
                requested += rights.approvers or "nobody yet"
        except NbrunsError as error:
            trouble = f"@{alias} was refused: {error}"
        held = "" if requested or trouble else alias
        self.form.report(version, held, requested=requested, trouble=trouble)
