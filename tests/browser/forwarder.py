"""A reverse proxy as groups put before their servers: another port, every request passed on.

`python forwarder.py PORT TARGET_PORT` answers on loopback until it is stopped.
"""

from __future__ import annotations

import asyncio
import sys

from tornado import httputil, web, websocket
from tornado.httpclient import AsyncHTTPClient, HTTPRequest

# Of one connection, not of the message: each side has its own.
_OF_THE_CONNECTION = {"connection", "transfer-encoding", "content-length"}


class Passing(websocket.WebSocketHandler):
    """Passes one request, or one websocket, on to the server behind."""

    behind: websocket.WebSocketClientConnection | None = None

    @property
    def target(self) -> str:
        return f"127.0.0.1:{self.settings['target']}{self.request.uri}"

    async def get(self, *args: object, **kwargs: object) -> None:
        if self.request.headers.get("Upgrade", "").lower() == "websocket":
            await super().get(*args, **kwargs)
        else:
            await self.pass_on()

    async def pass_on(self) -> None:
        method = self.request.method or "GET"
        begun = asyncio.Event()

        def header(line: str) -> None:
            if line.startswith("HTTP/"):
                self.set_status(int(line.split()[1]))
            elif ":" in line:
                name, _, value = line.partition(":")
                if name.lower() not in _OF_THE_CONNECTION:
                    self.add_header(name, value.strip())
            begun.set()

        def chunk(data: bytes) -> None:
            self.write(data)
            self.flush()

        self.clear_header("Content-Type")
        await AsyncHTTPClient().fetch(
            HTTPRequest(
                f"http://{self.target}",
                method=method,
                headers=self.request.headers,
                body=self.request.body or None,
                allow_nonstandard_methods=True,
                follow_redirects=False,
                decompress_response=False,
                header_callback=header,
                streaming_callback=chunk,
                request_timeout=0,
            ),
            raise_error=False,
        )

    post = put = patch = delete = head = options = pass_on  # type: ignore[assignment]

    def check_origin(self, origin: str) -> bool:
        return True

    def select_subprotocol(self, subprotocols: list[str]) -> str | None:
        return subprotocols[0] if subprotocols else None

    async def open(self, *args: str, **kwargs: str) -> None:
        kept = {
            name: value
            for name, value in self.request.headers.items()
            if not name.lower().startswith(("sec-websocket", "upgrade", "connection"))
        }
        self.behind = await websocket.websocket_connect(
            HTTPRequest(f"ws://{self.target}", headers=httputil.HTTPHeaders(kept)),
            subprotocols=[self.selected_subprotocol] if self.selected_subprotocol else None,
            on_message_callback=self._heard,
            max_message_size=2**28,
        )

    def _heard(self, message: str | bytes | None) -> None:
        if message is None:
            self.close()
        elif self.ws_connection is not None:
            self.write_message(message, binary=isinstance(message, bytes))

    async def on_message(self, message: str | bytes) -> None:
        while self.behind is None:
            await asyncio.sleep(0.01)
        await self.behind.write_message(message, binary=isinstance(message, bytes))

    def on_close(self) -> None:
        if self.behind is not None:
            self.behind.close()


async def main(port: int, target: int) -> None:
    app = web.Application([(r".*", Passing)], target=target)
    app.listen(port, "127.0.0.1", max_body_size=2**30)
    await asyncio.Event().wait()


if __name__ == "__main__":
    AsyncHTTPClient.configure(None, max_clients=200)
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
