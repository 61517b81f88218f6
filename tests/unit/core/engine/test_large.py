"""The large form's threads: a failure in one is the training's, and leaves no thread behind."""

import threading

import numpy as np
import pytest

from core.engine.large import LargeProgram


@pytest.mark.parametrize("thread", [0, 1])
@pytest.mark.parametrize("form", ["large"], indirect=True)
def test_a_thread_that_fails_fails_the_training(trainer_of, form, thread, monkeypatch):
    trainer = trainer_of(**form, epochs=1)
    program = trainer._engine._program(8)

    def fail() -> None:
        raise MemoryError

    program._parts[thread]._calls[1].insert(4, fail)
    before = threading.active_count()
    with pytest.raises(MemoryError):
        list(trainer.run())
    assert threading.active_count() == before


def test_as_many_threads_are_used_as_the_name_says(trainer_of, monkeypatch):
    used = []
    run = LargeProgram._run

    def counting(self, *arguments):
        used.append(self.threads)
        run(self, *arguments)

    monkeypatch.setattr(LargeProgram, "_run", counting)
    trainer = trainer_of(hidden=(512, 512), batch_size=128, rows=300, epochs=1, threads=2)
    list(trainer.run())
    assert trainer.engine == "large, 2 threads, 3 batches a block"
    assert set(used) == {2}


@pytest.mark.parametrize("form", ["large"], indirect=True)
@pytest.mark.parametrize("threads", [1, 2, 3])
def test_the_number_of_threads_does_not_change_the_function(trainer_of, form, threads):
    one, more = (trainer_of(engine="large", threads=t, dropout=0.2, dtype=np.float64) for t in (1, threads))
    list(one.run()), list(more.run())
    np.testing.assert_allclose(more.state.parameters, one.state.parameters, rtol=1e-10, atol=1e-13)
