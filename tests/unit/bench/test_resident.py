"""Anonymous memory is all that the kernel cannot let go of, and its greatest is found."""

import subprocess
import sys

from bench.resident import Samples, forget_peak, parse, resident

STATUS = """Name:\tpython
VmPeak:\t  900000 kB
VmHWM:\t    5000 kB
VmRSS:\t    4096 kB
RssAnon:\t    1024 kB
RssFile:\t    3000 kB
RssShmem:\t      72 kB
VmSwap:\t       8 kB
Threads:\t1
"""
GROWS = """
import sys
print("idle", flush=True); sys.stdin.readline()
block = b"x" * (64 << 20); del block
print("done", flush=True); sys.stdin.readline()
"""


def test_files_in_memory_and_what_is_swapped_out_count_as_anonymous() -> None:
    found = parse(STATUS)
    assert (found.anonymous, found.file, found.peak) == ((1024 + 72 + 8) << 10, 3000 << 10, 5000 << 10)
    assert found.all == found.anonymous + found.file


def test_what_a_process_has_had_for_a_moment_is_seen() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", GROWS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.readline()
        before = resident(process.pid)
        forget_peak(process.pid)
        with Samples(process.pid) as samples:
            process.stdin.write("\n")
            process.stdin.flush()
            process.stdout.readline()
        after = resident(process.pid)
        process.stdin.close()
    assert samples.count > 0
    assert samples.anonymous >= after.anonymous > 0
    assert after.anonymous - before.anonymous < 32 << 20  # it is gone again
    assert after.peak - before.all >= 60 << 20  # the kernel misses nothing but some pages on their way into its counter


def test_a_process_that_ends_is_looked_at_no_more() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process, Samples(process.pid):
        process.wait(30)
