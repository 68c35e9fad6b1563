"""From a hand's move to the changed pixel, and what crossed the websockets meanwhile."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from playwright.sync_api import Page, WebSocket

# The frame after the one in which it can be seen has the pixels of that one on the screen.
_TIMED = """async () => {
    const frame = () => new Promise(requestAnimationFrame);
    const all = query => [...document.querySelectorAll(query)];
    const began = performance.now();
    %s;
    while (!(%s)) {
        if (performance.now() - began > 20000) throw new Error('nothing to be seen');
        await frame();
    }
    await frame();
    return performance.now() - began;
}"""


def time_to_see(page: Page, act: str, seen: str) -> float:
    """Milliseconds from an act until what shall be seen is on the screen; both are JavaScript."""
    return float(page.evaluate(_TIMED % (act, seen)))


@dataclass
class Traffic:
    """Frames and bytes between the page and kernels, by the kernel's id."""

    sent: dict[str, list[int]] = field(default_factory=dict)
    received: dict[str, list[int]] = field(default_factory=dict)

    def bytes_received(self, kernel_id: str) -> int:
        return sum(self.received.get(kernel_id, ()))

    def frames(self, kernel_id: str) -> int:
        """Both ways."""
        return len(self.sent.get(kernel_id, ())) + len(self.received.get(kernel_id, ()))


class Tap:
    """Listens to the websockets of a page; made before the page opens them."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self._counting: list[Traffic] = []
        page.on("websocket", self._follow)

    @contextmanager
    def counting(self) -> Iterator[Traffic]:
        """What crosses from now on, until the block ends."""
        traffic = Traffic()
        self._counting.append(traffic)
        yield traffic
        # Frames are told one at a time: those before the last call are in after it.
        self.page.evaluate("1")
        self._counting.remove(traffic)

    def _follow(self, socket: WebSocket) -> None:
        found = re.search(r"/api/kernels/([^/]+)/channels", socket.url)
        if found:
            kernel_id = found[1]
            socket.on("framesent", lambda data: self._note("sent", kernel_id, data))
            socket.on("framereceived", lambda data: self._note("received", kernel_id, data))

    def _note(self, way: str, kernel_id: str, data: str | bytes) -> None:
        size = len(data if isinstance(data, bytes) else data.encode())
        for traffic in self._counting:
            getattr(traffic, way).setdefault(kernel_id, []).append(size)
