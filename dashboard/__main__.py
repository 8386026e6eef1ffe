"""`python -m dashboard`: serves the page until Ctrl-C or SIGTERM."""

import argparse
import os
import socket
import sys
import textwrap
from typing import Any

from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]

from dashboard import Settings, SettingsError, create_app, load_settings
from dashboard.app import HOUSEKEEPING
from dashboard.settings import described_settings


class DashboardServer(BaseApplication):  # type: ignore[misc]  # gunicorn ships no types
    """gunicorn, configured by the dashboard's settings instead of its own command line.

    Args:
        settings: Set the address, the workers and the threads.
    """

    def __init__(self, settings: Settings):
        self.settings = settings
        super().__init__()

    def load_config(self) -> None:
        """Sets gunicorn's options."""
        host = f"[{self.settings.host}]" if ":" in self.settings.host else self.settings.host
        options = {
            "bind": f"{host}:{self.settings.port}",
            "worker_class": "gthread",
            "preload_app": True,  # a mistake ends the program at once, before it says that it is ready
            "workers": self.settings.workers,
            "threads": self.settings.threads,
            # Longer than the model server may take: otherwise gunicorn would end a worker that waits for a slow answer.
            "timeout": int(self.settings.read_timeout) + 30,
            # Seconds. Longer than visitors pause: otherwise a click would sometimes meet a closing connection.
            "keepalive": 75,
            # Only this header counts, and only from trusted proxies: a proxy might pass on any other header as its
            # client sent it.
            "forwarded_allow_ips": self.settings.trusted_proxies,
            "secure_scheme_headers": {"X-FORWARDED-PROTO": "https"},
            "forwarder_headers": "",
            "loglevel": "warning",
            "control_socket_disable": True,  # gunicorn would create it in the home folder, which may be read-only
            # In each worker, not before: threads do not survive the fork that makes a worker.
            "post_worker_init": lambda worker: worker.wsgi.extensions[HOUSEKEEPING].begin(),
            "when_ready": lambda _: print_address(self.settings),
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """The WSGI application."""
        return create_app(self.settings).server


def print_address(settings: Settings) -> None:
    """Prints the address to open, once the dashboard answers there."""
    listens_everywhere = settings.host in ("0.0.0.0", "::")  # noqa: S104 (only compared)
    host = "localhost" if listens_everywhere or settings.host == "127.0.0.1" else settings.host
    sys.stdout.write(f"Dashboard: http://{host}:{settings.port} (Ctrl-C ends it)\n")
    sys.stdout.flush()


def refuse_taken_port(settings: Settings) -> None:
    """Checks that the port is free. gunicorn itself would retry for seconds and then log a traceback.

    Raises:
        SettingsError: The dashboard cannot listen on this address.
    """
    try:
        address = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0]
        with socket.socket(address[0], address[1]) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address[4])
    except OSError as error:
        raise SettingsError(
            f"Cannot listen on {settings.host}:{settings.port} ({error.strerror or error}). "
            "End what uses it, or set DASHBOARD_HOST or DASHBOARD_PORT."
        ) from error


def use_utf8() -> None:
    """Reads file names as UTF-8 in any locale, and prints a question mark for what the terminal's encoding lacks."""
    if not sys.flags.utf8_mode and sys.getfilesystemencoding().lower() != "utf-8":
        os.execv(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]])  # noqa: S606 (ourselves)
    for stream in (sys.stdout, sys.stderr):
        if reconfigure := getattr(stream, "reconfigure", None):  # a test's stream has none
            reconfigure(errors="replace")


def parse_arguments() -> None:
    """Prints help if that is asked for, and refuses everything else: settings are environment variables."""
    lines = []
    for variable, default, said in described_settings():
        text = textwrap.wrap(f"{said} [{default}]" if default else said, 96)
        lines += [f"  {variable}", *(f"      {line}" for line in text)]
    argparse.ArgumentParser(
        prog="python -m dashboard",
        description="Serves the page until Ctrl-C. Its settings are environment variables.",
        epilog="settings [default]:\n" + "\n".join(lines),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    ).parse_args()


def main() -> int:
    """Runs the dashboard and returns the exit code: 2 if a setting cannot be used."""
    use_utf8()
    parse_arguments()
    try:
        settings = load_settings()
        refuse_taken_port(settings)
        DashboardServer(settings).run()
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
