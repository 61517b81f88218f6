"""The composition root of the API: settings from the environment, the application from the factory."""

from __future__ import annotations

from multiprocessing.util import Finalize

from service.app import create_app, fast_door
from service.logs import configure_logging
from service.parts import EXTENSION
from service.tether import tether_to_parent
from store.settings import Settings

tether_to_parent()
settings = Settings()
configure_logging(settings)
application = create_app(settings)
app = fast_door(application)
log = application.extensions[EXTENSION].log
Finalize(None, log.flush, exitpriority=1)  # a process of the server's ends without what `atexit` is told
