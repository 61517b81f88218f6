"""The cache of loaded versions is bounded and loads each once."""

from __future__ import annotations

import threading
import time
from typing import cast

from service.loaded_version import Key, LoadedVersion, VersionCache


class _Version:
    def __init__(self, nbytes: int) -> None:
        self.nbytes = nbytes


def version(nbytes: int) -> LoadedVersion:
    return cast(LoadedVersion, _Version(nbytes))


def key(number: int) -> Key:
    return ("default", "m", number, "sha")


def test_the_least_used_versions_go_when_the_bound_is_reached() -> None:
    cache = VersionCache(100)
    kept = {number: version(40) for number in (1, 2, 3)}
    for number in (1, 2, 1, 3):
        cache.get(key(number), lambda number=number: kept[number])  # type: ignore[misc]
        assert cache.nbytes <= 100
    loaded: list[int] = []

    def load(number: int) -> LoadedVersion:
        loaded.append(number)
        return kept[number]

    for number in (1, 3, 2):
        assert cache.get(key(number), lambda number=number: load(number)) is kept[number]  # type: ignore[misc]
    assert loaded == [2]


def test_one_that_is_larger_than_the_bound_answers_and_is_not_kept() -> None:
    cache = VersionCache(10)
    large = version(11)
    assert cache.get(key(1), lambda: large) is large
    assert cache.nbytes == 0


def test_a_version_is_loaded_once_however_many_ask_at_once() -> None:
    cache = VersionCache(100)
    loads: list[int] = []
    gate = threading.Event()

    def load() -> LoadedVersion:
        gate.wait(5)
        loads.append(1)
        return version(10)

    threads = [threading.Thread(target=cache.get, args=(key(1), load)) for _ in range(8)]
    for thread in threads:
        thread.start()
    gate.set()
    for thread in threads:
        thread.join(5)
    assert loads == [1]
    assert cache.nbytes == 10


def test_who_waits_for_a_load_that_fails_does_not_try_again() -> None:
    cache, loads, failed, gate = VersionCache(100), [], [], threading.Event()

    def fail() -> LoadedVersion:
        loads.append(1)
        gate.wait(5)
        raise OSError("away")

    def get() -> None:
        try:
            cache.get(key(1), fail)
        except OSError as error:
            failed.append(error)

    threads = [threading.Thread(target=get) for _ in range(6)]
    for thread in threads:
        thread.start()
        thread.join(0.1)  # it waits
    gate.set()
    for thread in threads:
        thread.join(5)
    assert (len(loads), len(failed)) == (1, 6)


def test_after_a_failed_load_the_next_one_tries_again() -> None:
    cache = VersionCache(100)

    def fail() -> LoadedVersion:
        raise OSError("away")

    for _ in range(2):
        try:
            cache.get(key(1), fail)
        except OSError:
            continue
        raise AssertionError("the error was swallowed")
    started = time.monotonic()
    assert cache.get(key(1), lambda: version(10)).nbytes == 10
    assert time.monotonic() - started < 1
