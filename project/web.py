"""The web process: `python -m project.web FD` serves the site on an open, listening socket.

The supervisor owns the socket, so browsers wait instead of failing while this process restarts.
"""

from __future__ import annotations

import socket
import sys

import uvicorn

from project.childside import follow_parent

# Open event streams never end by themselves; uvicorn would wait for them for ever.
GRACEFUL_SHUTDOWN_S = 3


def main(arguments: list[str]) -> None:
    """Serve until SIGTERM."""
    follow_parent()
    config = uvicorn.Config(
        "project.asgi:application",
        lifespan="off",
        access_log=False,
        log_config=None,  # Django's logging settings hold
        server_header=False,
        timeout_graceful_shutdown=GRACEFUL_SHUTDOWN_S,
    )
    listening = socket.socket(fileno=int(arguments[0]))
    uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    main(sys.argv[1:])
