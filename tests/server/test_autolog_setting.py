"""The server's setting reaches its kernels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from notebook_kernel import code_cell
from served_notebook import ServedNotebook


def test_autologging_is_off_where_the_server_s_config_says_so(
    new_server: Callable[..., Any],
) -> None:
    server = new_server(config="c.NbrunsApp.autolog = False")
    notebook = ServedNotebook(server, "quiet.ipynb", code_cell("a", "x"))
    shown = notebook.run(
        "from sklearn.linear_model import LinearRegression\n"
        "LinearRegression().fit([[1.0], [2.0]], [1.0, 2.0])\n"
        "import sys; print('mlflow' in sys.modules)"
    )
    notebook.client.stop_channels()

    assert shown.stdout == "False\n"
