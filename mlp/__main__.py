"""Makes ``python -m mlp`` the same as ``mlp``."""

from __future__ import annotations

from mlp.main import main

if __name__ == "__main__":
    main()
