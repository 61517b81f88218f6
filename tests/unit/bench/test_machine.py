"""What bends the figures is taken out of the environment, and nothing else."""

import os
import subprocess
import sys
from pathlib import Path

from bench.machine import unbent

SCRIPT = "import os, sys; from bench.machine import start_unbent; start_unbent(); print(sys.argv[1:], dict(os.environ))"


def test_only_what_bends_the_figures_is_left_out() -> None:
    environment = {"PATH": "/bin", "OPENBLAS_CORETYPE": "Prescott", "OPENBLAS_L2_SIZE": "1", "OMP_NUM_THREADS": "1"}
    assert unbent(environment) == {"PATH": "/bin"}


def test_the_program_starts_again_without_them_and_with_its_arguments() -> None:
    environment = {**os.environ, "OPENBLAS_CORETYPE": "Prescott"}
    command = [sys.executable, "-c", SCRIPT, "--rounds", "7"]
    root = Path(__file__).parents[3]
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.startswith("['--rounds', '7'] {")
    assert "OPENBLAS_CORETYPE" not in done.stdout
