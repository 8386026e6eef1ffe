"""Caddy with deploy/proxy/Caddyfile, and nginx with the documentation's configuration, on free ports."""

import base64
import datetime
import functools
import hashlib
import os
import re
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.support.embedded_server import until
from tests.support.ports import free_ports
from tests.support.repository import ROOT

CADDYFILE = ROOT / "deploy/proxy/Caddyfile"
PAGE = ROOT / "docs/how-to/behind-a-proxy.md"
PASSWORD = "correct horse battery staple"  # noqa: S105
# Debian's Caddy is of 2022; from which version on a name is known, and what stands for it before.
OLDER_NAMES = {
    r"\bbasic_auth\b": ((2, 8), "basicauth"),
    r"\brequest_buffers \S+": ((2, 8), "buffer_requests"),
    re.escape("{http.request.uri_escaped}"): ((2, 11), "{uri}"),
}


@dataclass(frozen=True)
class Proxy:
    """A proxy's address and certificate, for requests with or without a sign-in."""

    kind: str
    http_port: int
    https_port: int
    ca: Path

    @property
    def url(self) -> str:
        return f"https://localhost:{self.https_port}"

    def ask(self, method: str, path: str, user: tuple[str, str] | None = ("team", PASSWORD), **kwargs):
        options = {"allow_redirects": False, "verify": str(self.ca)} | kwargs
        return requests.request(method, self.url + path, auth=user, timeout=120, **options)

    def connection(self) -> ssl.SSLSocket:
        context = ssl.create_default_context(cafile=str(self.ca))
        plain = socket.create_connection(("localhost", self.https_port), timeout=20)
        return context.wrap_socket(plain, server_hostname="localhost")


def program(name: str) -> str:
    path = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")
    if path is None:
        pytest.skip(f"{name} is not installed")
    return path


def caddyfile_for(caddy: str) -> str:
    """The Caddyfile with the directives that the installed Caddy knows."""
    text = CADDYFILE.read_text(encoding="utf-8")
    version = subprocess.run([caddy, "version"], check=True, capture_output=True, text=True).stdout
    here = tuple(map(int, re.search(r"(\d+)\.(\d+)", version).groups()))
    for name, (since, old) in OLDER_NAMES.items():
        assert re.search(name, text)
        text = text if here >= since else re.sub(name, old, text)
    return text


def caddy_environment(folder: Path, **settings: object) -> dict[str, str]:
    """Caddy's environment; everything that Caddy writes goes to a folder."""
    own = {"HOME": folder, "XDG_DATA_HOME": folder / "data", "XDG_CONFIG_HOME": folder / "config"}
    own |= {f"PROXY_{name.upper()}": value for name, value in settings.items()}
    return {name: value for name, value in os.environ.items() if not name.startswith("PROXY_")} | {
        name: str(value) for name, value in own.items()
    }


@functools.cache
def hashed(caddy: str, password: str) -> str:
    command = [caddy, "hash-password", "--plaintext", password]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@contextmanager
def running_caddy(folder: Path, dashboard: str, model_server: str, **settings: object) -> Iterator[Proxy]:
    """Caddy with the Caddyfile in front of two addresses."""
    caddy = program("caddy")
    http_port, https_port = free_ports(2)
    file = folder / "Caddyfile"
    file.write_text(caddyfile_for(caddy), encoding="utf-8")
    own = {
        "admin": "off",
        "certificate": "internal",
        "http_port": http_port,
        "https_port": https_port,
        "dashboard": urlsplit(dashboard).netloc,
        "model_server": urlsplit(model_server).netloc,
        "password_hash": hashed(caddy, PASSWORD),
    }
    environment = caddy_environment(folder, **own | settings)
    command = [caddy, "run", "--adapter", "caddyfile", "--config", str(file)]
    proxy = Proxy("caddy", http_port, https_port, folder / "data/caddy/pki/authorities/local/root.crt")
    with running(proxy, command, folder / "log", env=environment):
        yield proxy


@contextmanager
def running_nginx(folder: Path, dashboard: str, model_server: str) -> Iterator[Proxy]:
    """nginx with the block of the documentation in front of two addresses."""
    nginx = program("nginx")
    http_port, https_port = free_ports(2)
    proxy = Proxy("nginx", http_port, https_port, folder / "ca.pem")
    key, certificate = write_certificate(proxy.ca, folder)
    users = folder / "users"
    # nginx computes the hash for each request, so use a fast one.
    salted = hashlib.sha1(PASSWORD.encode() + b"salt").digest() + b"salt"  # noqa: S324
    users.write_text(f"team:{{SSHA}}{base64.b64encode(salted).decode()}\n", encoding="utf-8")
    (block,) = re.findall(r"^```nginx\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    for said, here in {
        "listen 80;": f"listen 127.0.0.1:{http_port};",
        "listen 443 ssl": f"listen 127.0.0.1:{https_port} ssl",
        "cars.example.org;": "localhost;",
        "/etc/letsencrypt/live/cars.example.org/fullchain.pem": str(certificate),
        "/etc/letsencrypt/live/cars.example.org/privkey.pem": str(key),
        "/etc/nginx/cars.htpasswd": str(users),
        "http://127.0.0.1:8050": dashboard,
        "http://127.0.0.1:8501": model_server,
    }.items():
        assert said in block
        block = block.replace(said, here)
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    paths = "\n".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
    user = "user root;" if os.getuid() == 0 else ""
    file = folder / "nginx.conf"
    file.write_text(
        f"daemon off; {user} pid {folder}/pid; error_log stderr;\n"
        f"events {{}}\nhttp {{\naccess_log off;\n{paths}\n{block}\n}}\n",
        encoding="utf-8",
    )
    with running(proxy, [nginx, "-e", "stderr", "-c", str(file), "-p", str(folder)], folder / "log"):
        yield proxy


@contextmanager
def running(proxy: Proxy, command: list[str], log: Path, **options) -> Iterator[None]:
    with (
        log.open("w", encoding="utf-8") as file,
        subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT, **options) as process,
    ):

        def listens() -> bool:
            assert process.poll() is None, log.read_text(encoding="utf-8")
            try:
                proxy.connection().close()
            except (OSError, ssl.SSLError):
                return False
            return True

        try:
            until(listens, seconds=30)
            yield
        finally:
            process.terminate()
            process.wait(timeout=300)


def write_certificate(ca: Path, folder: Path) -> tuple[Path, Path]:
    """Makes a CA, and with it a key and a certificate for `localhost`."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "the tests' own CA")])
    root, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())

    def signed(subject: x509.Name, of: ec.EllipticCurvePrivateKey, *extensions: x509.ExtensionType) -> x509.Certificate:
        now = datetime.datetime.now(datetime.UTC)
        builder = x509.CertificateBuilder(name, subject, of.public_key(), x509.random_serial_number())
        builder = builder.not_valid_before(now - datetime.timedelta(hours=1))
        builder = builder.not_valid_after(now + datetime.timedelta(days=1))
        for extension in extensions:
            builder = builder.add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
        return builder.sign(root, hashes.SHA256())

    def write(path: Path, certificate: x509.Certificate) -> Path:
        path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        return path

    write(ca, signed(name, root, x509.BasicConstraints(ca=True, path_length=0)))
    alternative = x509.SubjectAlternativeName([x509.DNSName("localhost")])
    certificate = write(folder / "localhost.pem", signed(x509.Name([]), key, alternative))
    (folder / "localhost.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder / "localhost.key", certificate
