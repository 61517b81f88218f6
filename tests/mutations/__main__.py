"""Take each guard out in a copy of the tree, and see that a test fails: ``make test-mutations``."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.mutations.fault_mutations import FAULT_MUTATIONS
from tests.mutations.mutations import MUTATIONS, Mutation
from tests.mutations.prediction_mutations import PREDICTION_MUTATIONS
from tests.mutations.registry_mutations import REGISTRY_MUTATIONS
from tests.mutations.search_mutations import SEARCH_MUTATIONS

ROOT = Path(__file__).resolve().parents[2]
IGNORED = shutil.ignore_patterns(
    ".git", ".venv*", "var", "build", "dist", "*.egg-info", "__pycache__", ".*_cache", ".hypothesis"
)
TIMEOUT_SECONDS = 300
ALL = MUTATIONS + SEARCH_MUTATIONS + PREDICTION_MUTATIONS + REGISTRY_MUTATIONS + FAULT_MUTATIONS


def survives(tree: Path, mutation: Mutation) -> bool:
    """Whether the tests pass although the guard is out."""
    path = tree / mutation.file
    text = path.read_text()
    path.write_text(text.replace(mutation.before, mutation.after))
    try:
        command = [sys.executable, "-m", "pytest", "-x", "-q", "--no-header", *mutation.tests.split()]
        done = subprocess.run(command, cwd=tree, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False)
    finally:
        path.write_text(text)
    if done.returncode not in (0, 1):
        raise RuntimeError(f"{mutation.name}: pytest ended with {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done.returncode == 0


def main() -> int:
    """Run every mutation, or those whose name begins with an argument; 1 where one was not noticed."""
    chosen = [mutation for mutation in ALL if mutation.name.startswith(tuple(sys.argv[1:]) or "")]
    survivors = 0
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        shutil.copytree(ROOT, tree, ignore=IGNORED)
        for number, mutation in enumerate(chosen, start=1):
            lives = survives(tree, mutation)
            survivors += lives
            print(f"{number:>2}/{len(chosen)} {'NOT NOTICED' if lives else 'noticed':<11} {mutation.name}", flush=True)
    print(f"{len(chosen) - survivors} passed, {survivors} failed")
    return int(survivors > 0)


if __name__ == "__main__":
    sys.exit(main())
