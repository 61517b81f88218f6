"""A worker whose processes die where a plan says so: ``python -m tests.support.failing_worker``."""

from __future__ import annotations

from store.settings import Settings
from worker import main

if __name__ == "__main__":
    main._bound_blas_threads()  # the failpoints import NumPy, which must not be before this
    from tests.support.failpoints import FOLDER, Failpoints

    Failpoints(Settings().data_dir / FOLDER).install()
    main.main()
