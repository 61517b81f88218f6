"""A model version in memory, ready to answer, and a cache of them that is bounded in bytes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from core.encoding import Encoding
from core.network import MLP
from core.targets import TargetEncoding
from service.plain_version import PlainVersion
from store.networks import network_of
from store.registry_tables import ModelVersionRow

_FIXED_BYTES = 50_000  # of objects around the weights
_FEATURE_BYTES = 1_000

Key = tuple[str, str, int, str]


@dataclass(frozen=True)
class Feature:
    """One feature as the API knows it."""

    name: str
    type: str
    query_name: str


@dataclass(frozen=True, eq=False)
class LoadedVersion:
    """All that answering takes.

    Parameters
    ----------
    features : tuple of Feature
        In the order of `encoding`.
    passed_over : frozenset of str
        Columns of the dataset that a prediction accepts and does not use, the target among them.
    several_targets : bool
        Whether the target was asked for as a list.
    """

    network: MLP
    encoding: Encoding
    target_encoding: TargetEncoding
    features: tuple[Feature, ...]
    passed_over: frozenset[str]
    several_targets: bool

    @classmethod
    def of(cls, row: ModelVersionRow, weights: bytes) -> LoadedVersion:
        """The version of a row and its safetensors bytes."""
        target_encoding = TargetEncoding.from_dict(row.target_encoding)
        return cls(
            network=network_of(row, weights),
            encoding=Encoding.from_dict(row.encoding),
            target_encoding=target_encoding,
            features=tuple(Feature(f["name"], f["type"], f["query_name"]) for f in row.schema["features"]),
            passed_over=frozenset(row.config.get("passed_over", ())) | frozenset(target_encoding.names),
            several_targets=isinstance(row.schema["target"], list),
        )

    @cached_property
    def places(self) -> dict[str, int]:
        """Each feature's place, by name."""
        return {feature.name: index for index, feature in enumerate(self.features)}

    @cached_property
    def plain(self) -> PlainVersion:
        """Its shortest way to an answer."""
        return PlainVersion(self)

    @property
    def nbytes(self) -> int:
        """About how much memory it takes, bytes."""
        levels = sum(len(feature.categories or ()) for feature in self.encoding.features)
        around = _FIXED_BYTES + _FEATURE_BYTES * (len(self.features) + levels // 4)
        return int(self.network.parameters.nbytes) + around


class _Loading:
    """One load, and what it failed of."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.failure: Exception | None = None


class VersionCache:
    """The versions used last, together at most `max_bytes`; one larger than that is not kept."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._kept: OrderedDict[Key, LoadedVersion] = OrderedDict()
        self._loading: dict[Key, _Loading] = {}
        self._lock = threading.Lock()

    def get(self, key: Key, load: Callable[[], LoadedVersion]) -> LoadedVersion:
        """The version of that key, loaded at the first asking, once however many ask at the same time."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
            loading = self._loading.setdefault(key, _Loading())
        with loading.lock:
            if loading.failure is not None:  # while this one waited: to try in turn, each would wait for the next
                raise loading.failure
            with self._lock:
                if key in self._kept:
                    return self._kept[key]
            try:
                version = load()
                self._keep(key, version)
            except Exception as error:
                loading.failure = error
                raise
            finally:
                with self._lock:
                    self._loading.pop(key, None)
            return version

    def _keep(self, key: Key, version: LoadedVersion) -> None:
        size = version.nbytes
        if size > self._max_bytes:
            return
        with self._lock:
            if key in self._kept:
                return
            self._kept[key] = version
            self._bytes += size
            while self._bytes > self._max_bytes:
                _, oldest = self._kept.popitem(last=False)
                self._bytes -= oldest.nbytes

    @property
    def nbytes(self) -> int:
        """Bytes of what is kept."""
        return self._bytes
