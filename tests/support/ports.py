"""Ports for servers of the tests."""

import socket
from contextlib import ExitStack


def free_ports(count: int) -> list[int]:
    """Different ports of this machine on which no server listens."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for server in sockets:
            server.bind(("127.0.0.1", 0))
        return [server.getsockname()[1] for server in sockets]
