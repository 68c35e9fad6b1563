"""Whether a tracking server is there at all.

MLflow tries a server that does not listen again and again, for minutes, while the cell waits.
"""

from __future__ import annotations

import socket
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from nbruns.magics.runs_here import tracking_uri

_PATIENCE_S = 3.0
_PORTS = {"http": 80, "https": 443}


class NoServer(Exception):
    """Nothing listens at the tracking address."""


def check_reachable(uri: str = "") -> None:
    """Raise NoServer where this address, or the runs', is a server that does not listen."""
    uri = uri or tracking_uri()
    parts = urlsplit(uri)
    host = parts.hostname
    if parts.scheme not in _PORTS or host is None:
        return
    if parts.scheme in getproxies() and not proxy_bypass(host):
        return
    try:
        address = host, parts.port or _PORTS[parts.scheme]
        socket.create_connection(address, timeout=_PATIENCE_S).close()
    except (OSError, ValueError) as error:
        raise NoServer(f"no tracking server answers at {uri} ({error})") from error
