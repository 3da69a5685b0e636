"""Server watch: starts the embedded server again whenever it died."""

from __future__ import annotations

import logging
import threading
from typing import Final

from actors.store.errors import StoreError
from actors.store.server import EmbeddedServer

WATCH_PERIOD_S: Final = 0.2
END_WITHIN_S: Final = 30.0

log = logging.getLogger(__name__)


class ServerWatch:
    """Looks at a server five times a second, in a thread, until it is stopped."""

    def __init__(self, server: EmbeddedServer) -> None:
        self._server = server
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="server-watch", daemon=True)

    def start(self) -> None:
        """Start looking."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more, so that the server may end; a start on its way is waited for."""
        self._stopping.set()
        self._thread.join(END_WITHIN_S)

    def _run(self) -> None:
        while not self._stopping.wait(WATCH_PERIOD_S):
            if self._server.alive():
                continue
            log.warning("the embedded server died; starting it again on the same folder")
            try:
                self._server.start()
            except StoreError as error:
                log.error("%s", error)
