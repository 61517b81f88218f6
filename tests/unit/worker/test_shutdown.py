"""The wish to stop reaches every training process."""

from __future__ import annotations

import os
import signal

from worker.shutdown import ShutdownFlag


def test_a_flag_raised_in_the_parent_is_seen_by_a_child_that_was_forked_before() -> None:
    flag = ShutdownFlag()
    told, tell = os.pipe()
    child = os.fork()
    if child == 0:
        os.read(told, 1)
        os._exit(7 if flag.raised and not flag.raised_here else 1)
    assert not flag.raised
    flag.raise_for_all()
    os.write(tell, b"x")
    _, status = os.waitpid(child, 0)
    os.close(told)
    os.close(tell)
    assert os.waitstatus_to_exitcode(status) == 7


def test_sigterm_raises_the_flag_of_this_process_alone() -> None:
    flag, other = ShutdownFlag(), ShutdownFlag()
    before = signal.getsignal(signal.SIGTERM)
    with flag.on_sigterm():
        signal.raise_signal(signal.SIGTERM)
    assert flag.raised
    assert flag.raised_here
    assert not other.raised
    assert signal.getsignal(signal.SIGTERM) is before
