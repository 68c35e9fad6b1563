"""The files of a version's model, as the run card shows files."""

from __future__ import annotations

from typing import Any

from nbruns.errors import NbrunsError
from nbruns.panel.artifact_client import ArtifactClient
from nbruns.panel.artifact_view import ArtifactView, Folder
from nbruns.panel.models.version_feed import Known
from nbruns.panel.models.version_part import VersionPart


class VersionFiles(VersionPart, ArtifactView):
    """A folded tree of files, listed once it is opened."""

    def __init__(self, *place: Any, **how: Any) -> None:
        connection = place[1]
        self.files = ArtifactClient(connection)
        super().__init__(
            *place,
            **how,
            plotly_base=connection.address.url,
            on_list=lambda folder: self.do(self._list(folder)),
        )
        self.turned = ["artifacts"]

    def show(self, known: Known) -> None:  # type: ignore[override]
        """Show the files of the version in front, where they can be had."""
        if known.files is None:
            self.clear()
        elif self.run_id != known.place.text or self._roots.get("") != known.files:
            self.chosen = ""
            self.show_root(known.place.text, known.files)

    async def _list(self, folder: Folder) -> None:
        try:
            page = await self.files.files(folder.root, folder.path, folder.token)
        except NbrunsError as error:
            self.refuse(folder, str(error))
        else:
            self.fill(folder, page)
