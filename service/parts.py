"""What the routes work with: the application's parts, built once by the factory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from flask import current_app

from store.tables import DEFAULT_PROJECT

if TYPE_CHECKING:
    from service.dispatch import Dispatcher
    from service.event_feed import EventFeed
    from service.gate import Gate
    from service.inference.v2 import V2
    from service.links import Links
    from service.metrics import Metrics
    from service.prediction_log import PredictionLog
    from service.predictor import Predictor
    from service.receiving import Receiving
    from service.streams import Streams
    from store.database import Database
    from store.files import FileStore
    from store.settings import Settings

EXTENSION = "mlp"


@dataclass(frozen=True)
class Parts:
    """One application's parts."""

    settings: Settings
    database: Database
    files: FileStore
    gate: Gate
    dispatcher: Dispatcher
    predictor: Predictor
    v2: V2
    feed: EventFeed
    links: Links
    streams: Streams
    receiving: Receiving
    metrics: Metrics
    log: PredictionLog


def parts() -> Parts:
    """The parts of the application that handles this request."""
    return cast(Parts, current_app.extensions[EXTENSION])


def project() -> str:
    """The project whose names this request sees."""
    return DEFAULT_PROJECT
