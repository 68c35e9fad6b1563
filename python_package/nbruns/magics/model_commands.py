"""The commands of the model registry: versions are moved, asked for, and decided about.

IPython makes the help of a command from its docstring and its arguments.
"""

# IPython's decorators and parser carry no types.
# mypy: disable-error-code="untyped-decorator,no-untyped-call"

from __future__ import annotations

from typing import Any

from IPython.core.magic import Magics, line_magic, magics_class, no_var_expand
from IPython.core.magic_arguments import argument, magic_arguments

from nbruns.magics.answers import answered, say
from nbruns.magics.line import parsed

_NAME = argument("name", help="The registered model.")
_VERSION = argument("version", help="The number of its version.")
_ALIAS = argument("--alias", metavar="ALIAS", help="An alias, such as champion.")
_STAGE = argument("--stage", metavar="STAGE", help="None, Staging, Production or Archived.")
_REMOVE = argument("--remove", action="store_true", help="The version loses the alias.")
_ARCHIVE = argument("--archive", action="store_true", help="Archive who is in the stage now.")
_COMMENT = argument("--comment", metavar="TEXT", default="", help='Why, "in quotes"; it is kept.')
_REQUEST = argument("request", metavar="ID", help="The request's number; %%model_requests has it.")


@magics_class
class ModelMagics(Magics):
    """Commands around the versions of registered models."""

    @magic_arguments()
    @_NAME
    @_VERSION
    @_ALIAS
    @_STAGE
    @_REMOVE
    @_ARCHIVE
    @_COMMENT
    @no_var_expand
    @line_magic
    def model_move(self, line: str) -> None:
        """Move a version to a stage, or point an alias at it.

        Who may not is refused with the rule's words, and asks with %model_request.

        Examples::

          %model_move churn 3 --alias champion --comment "two points better"
          %model_move churn 3 --stage Production --archive
          %model_move churn 3 --alias champion --remove
        """
        given = parsed(self, "model_move", line)
        with answered("%model_move"):
            from nbruns.magics.model_moves import move

            say(*move(given))

    @magic_arguments()
    @_NAME
    @_VERSION
    @_ALIAS
    @_STAGE
    @_REMOVE
    @_ARCHIVE
    @_COMMENT
    @no_var_expand
    @line_magic
    def model_request(self, line: str) -> None:
        """Ask that a version be moved to a stage, or be given an alias.

        Examples::

          %model_request churn 3 --alias champion --comment "two points better"
          %model_request churn 3 --stage Production --archive
          %model_request churn 3 --alias champion --remove
        """
        given = parsed(self, "model_request", line)
        with answered("%model_request"):
            from nbruns.magics.model_moves import request

            say(*request(given))

    @magic_arguments()
    @_REQUEST
    @_ARCHIVE
    @_COMMENT
    @no_var_expand
    @line_magic
    def model_approve(self, line: str) -> None:
        """Grant a request: its move is made.

        Examples::

          %model_approve 7
          %model_approve 7 --comment "agreed"
        """
        self._decide("approve", line)

    @magic_arguments()
    @_REQUEST
    @_COMMENT
    @no_var_expand
    @line_magic
    def model_reject(self, line: str) -> None:
        """Say no to a request.

        Examples::

          %model_reject 7 --comment "not before the audit"
        """
        self._decide("reject", line)

    @magic_arguments()
    @_REQUEST
    @_COMMENT
    @no_var_expand
    @line_magic
    def model_cancel(self, line: str) -> None:
        """Take a request of your own back.

        Examples::

          %model_cancel 7
        """
        self._decide("cancel", line)

    @magic_arguments()
    @argument("name", nargs="?", help="The registered model; all when left out.")
    @argument("--all", action="store_true", help="Those that are decided too.")
    @no_var_expand
    @line_magic
    def model_requests(self, line: str) -> Any:
        """Show the open requests, the newest first.

        Examples::

          %model_requests
          %model_requests churn --all
        """
        given = parsed(self, "model_requests", line)
        with answered("%model_requests"):
            from nbruns.magics.model_tables import requests_table

            return requests_table(given.name, only_open=not given.all)

    @magic_arguments()
    @argument("name", nargs="?", help="The registered model, by any name it had; else all.")
    @argument("version", nargs="?", help="One version of it.")
    @no_var_expand
    @line_magic
    def model_activity(self, line: str) -> Any:
        """Show who did what to registered models, and why, the newest first.

        Examples::

          %model_activity churn
          %model_activity churn 3
        """
        given = parsed(self, "model_activity", line)
        with answered("%model_activity"):
            from nbruns.magics.model_tables import activity_table

            return activity_table(given.name, given.version)

    def _decide(self, action: str, line: str) -> None:
        command = f"model_{action}"
        given = parsed(self, command, line)
        with answered(f"%{command}"):
            from nbruns.magics.model_moves import decide

            say(*decide(action, given))
