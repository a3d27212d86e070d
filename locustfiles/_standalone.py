"""What closed.py and open.py share when they are run with plain `locust -f`: their options, and where these aim."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from _answer import build_request
from _target import Target

if TYPE_CHECKING:
    from locust.argument_parser import LocustArgumentParser
    from locust.env import Environment

HOST, PATH = "http://127.0.0.1:8000", "/sleep/def"
"""Where and what to ask without settings: a route that `bench serve` has, at the port where it listens by itself."""

_DEFAULT_PORT = 80
_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]


def add_request_options(parser: LocustArgumentParser) -> None:
    """Add the options that say which request is sent; Locust's web page shows them too."""
    group: Any = parser.add_argument_group("request")
    group.add_argument("--path", default=PATH, help=f"path (and query) to ask for (default: {PATH})")
    group.add_argument("--method", default="GET", choices=_METHODS, help="request method; no body is sent")
    group.add_argument("--expect-status", type=int, default=200, help="the status of a right answer")
    group.add_argument("--request-timeout", type=float, default=30.0, help="seconds after which a request failed")


def target_of(environment: Environment) -> Target:
    """Aim at `--host` with the request that the options describe. Raises ValueError for a host that is no http URL."""
    options: Any = environment.parsed_options
    host = environment.host or HOST
    url = urlsplit(host)
    if url.scheme != "http" or not url.hostname:
        raise ValueError(f"--host must be an http:// URL such as {HOST}, not {host!r}")
    port = url.port or _DEFAULT_PORT
    address = socket.getaddrinfo(url.hostname, port, type=socket.SOCK_STREAM)[0][4][0]
    request = build_request(method=options.method, path=url.path.rstrip("/") + options.path, authority=url.netloc)
    return Target(
        host=str(address),
        port=port,
        request=request,
        expected_status=options.expect_status,
        timeout_s=options.request_timeout,
    )
