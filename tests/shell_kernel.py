"""A kernel that is not Python's to its users: it runs its cells in a shell, and knows no nbruns."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

# How a shell's user speaks to the server: POST <path> <JSON>, the reply on standard output.
POST = """
import sys, urllib.request
path, body = sys.argv[1:]
signed_in = {{'Authorization': 'token {token}'}}
request = urllib.request.Request('{url}/' + path, body.encode(), signed_in)
print(urllib.request.urlopen(request).read().decode())
"""


def install(data: Path, work: Path, url: str, token: str) -> None:
    """Make the kernel known in a Jupyter data folder, and put `post.py` into the work folder."""
    folder = data / "kernels" / "shell"
    folder.mkdir(parents=True, exist_ok=True)
    spec = {
        "argv": [sys.executable, __file__, "-f", "{connection_file}"],
        "display_name": "Shell",
        "language": "bash",
    }
    (folder / "kernel.json").write_text(json.dumps(spec))
    (work / "post.py").write_text(POST.format(url=url, token=token))


def post(path: str, **body: object) -> str:
    """The shell's command that makes a call."""
    return f"{sys.executable} post.py {path} '{json.dumps(body)}'"


if __name__ == "__main__":
    from ipykernel.kernelapp import IPKernelApp
    from ipykernel.kernelbase import Kernel

    class ShellKernel(Kernel):  # type: ignore[misc]
        implementation = "shell"
        implementation_version = "1"
        banner = "A shell"
        language_info = {"name": "bash", "mimetype": "text/x-sh", "file_extension": ".sh"}  # noqa: RUF012

        async def do_execute(self, code: str, silent: bool, *more: Any, **rest: Any) -> Any:
            done = subprocess.run(["sh", "-c", code], capture_output=True, text=True, check=False)
            for name, text in (("stdout", done.stdout), ("stderr", done.stderr)):
                if text:
                    self.send_response(self.iopub_socket, "stream", {"name": name, "text": text})
            return {"status": "ok", "execution_count": self.execution_count}

    IPKernelApp.launch_instance(kernel_class=ShellKernel)
