"""A port that cannot be had is said so before anything starts."""

from __future__ import annotations

import socket

import pytest

from mlp.door import DoorShut, find_port, is_loopback, url_of


def test_port_0_takes_a_free_one() -> None:
    port = find_port("127.0.0.1", 0)
    assert port > 0
    assert find_port("127.0.0.1", port) == port


def test_a_port_in_use_is_refused_with_a_way_out() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(DoorShut, match=rf"Port {port} is in use .* --port 0"):
            find_port("127.0.0.1", port)


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid"])
def test_an_address_that_is_not_this_machine_s_is_refused(host: str) -> None:
    with pytest.raises(DoorShut, match=host):
        find_port(host, 0)


def test_the_address_shown_can_be_opened() -> None:
    assert url_of("127.0.0.1", 80) == "http://127.0.0.1:80"
    assert url_of("0.0.0.0", 80) == "http://127.0.0.1:80"
    assert url_of("::", 80) == "http://[::1]:80"


@pytest.mark.parametrize(
    ("host", "loopback"), [("127.0.0.2", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("a.b", False)]
)
def test_loopback_is_known(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback
