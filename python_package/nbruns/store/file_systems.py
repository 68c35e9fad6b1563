"""Is a folder on a network file system? SQLite's locks and shared memory need a local one."""

from __future__ import annotations

import re
from pathlib import Path

_MOUNTS = Path("/proc/self/mounts")
_NETWORK = re.compile(
    r"(fuse\.)?(nfs\d?|cifs|smb\d?|smbfs|9p|afs|sshfs|ceph(fs)?|glusterfs|lustre|gpfs|beegfs|s3fs|gcsfuse)"
)
_OCTAL = re.compile(r"\\(\d{3})")


def network_file_system(folder: Path, mounts: Path = _MOUNTS) -> str | None:
    """The kind of network file system the folder is on; None when it is local or unknown."""
    try:
        lines = mounts.read_text("utf-8", "replace").splitlines()
    except OSError:
        return None
    place = folder.resolve()
    kinds = [(point, kind) for point, kind in map(_mount, lines) if place.is_relative_to(point)]
    # The deepest mount wins; of several at one point, the last.
    _, kind = max(reversed(kinds), key=lambda mount: len(mount[0].parts), default=(place, ""))
    return kind if _NETWORK.fullmatch(kind) else None


def _mount(line: str) -> tuple[Path, str]:
    _, point, kind, *_ = line.split(" ")
    return Path(_OCTAL.sub(lambda code: chr(int(code[1], 8)), point)), kind
