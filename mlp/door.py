"""The address that the embedded stack's API is to listen on, checked before anything is started."""

from __future__ import annotations

import errno
import ipaddress
import socket


class DoorShut(Exception):
    """The address cannot be listened on; the message says why, and what to do."""


def find_port(host: str, port: int) -> int:
    """A port on which `host` can be listened on.

    Parameters
    ----------
    host : str
    port : int
        0 takes a free one.

    Raises
    ------
    DoorShut
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except socket.gaierror as error:
        raise DoorShut(f"{host} is not an address of this machine ({error.strerror}). Try --host 127.0.0.1.") from error
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a port just left is not a port in use
        try:
            probe.bind(address)
            probe.listen()
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise DoorShut(
                    f"Port {port} is in use by another program. Try --port {port + 1 if port < 65535 else 8000}, "
                    "or --port 0 for any free one."
                ) from error
            raise DoorShut(f"Cannot listen on {host}:{port}: {error.strerror}.") from error
        return int(probe.getsockname()[1])


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches `host`."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def url_of(host: str, port: int) -> str:
    """The address for a browser on this machine."""
    shown = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
    return f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"
