from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from tasks.claims import Claim
from tasks.lease import Attempt, Interrupted, Reason


@pytest.fixture
def attempt() -> Attempt:
    claim = Claim(uuid4(), 1, timezone.now(), "command")
    return Attempt(claim, timedelta(minutes=1), give_up=lambda reason: None)


def test_an_interruption_before_the_handler_began_is_raised_at_once(attempt: Attempt) -> None:
    attempt.ask_to_stop(Reason.SHUTTING_DOWN)
    began = False
    with pytest.raises(Interrupted, match="shutting_down"), attempt.interruptible():
        began = True
    assert not began


def test_an_interruption_during_a_write_is_raised_after_it(attempt: Attempt) -> None:
    written = False
    with pytest.raises(Interrupted), attempt.interruptible():  # noqa: PT012
        with attempt.uninterrupted():
            attempt.ask_to_stop(Reason.CANCELED)
            attempt.on_signal()
            written = True
        raise AssertionError("it must have been raised by now")
    assert written


def test_the_first_reason_counts(attempt: Attempt) -> None:
    assert attempt.ask_to_stop(Reason.CANCELED)
    assert not attempt.ask_to_stop(Reason.TIMED_OUT)
    assert attempt.reason is Reason.CANCELED


def test_a_handler_is_interrupted_once_so_that_its_cleanup_can_finish(attempt: Attempt) -> None:
    cleaned = False
    with pytest.raises(Interrupted), attempt.interruptible():  # noqa: PT012
        attempt.ask_to_stop(Reason.CANCELED)
        try:
            attempt.on_signal()
        finally:
            attempt.on_signal()
            cleaned = True
    assert cleaned


def test_a_signal_after_the_handler_is_for_nobody(attempt: Attempt) -> None:
    with attempt.interruptible():
        attempt.note(10, "line", "info")
    attempt.ask_to_stop(Reason.CANCELED)
    attempt.on_signal()


def test_lines_that_could_not_be_written_are_not_lost(attempt: Attempt) -> None:
    attempt.note(10, "line", "info")
    with pytest.raises(OSError, match="down"), attempt.unwritten():
        raise OSError("down")
    with attempt.unwritten() as lines:
        assert [line.text for line in lines] == ["line"]
    with attempt.unwritten() as lines:
        assert lines == []


def test_a_write_that_fails_leaves_the_handler_interruptible(attempt: Attempt) -> None:
    with pytest.raises(Interrupted), attempt.interruptible():  # noqa: PT012
        with pytest.raises(OSError, match="down"), attempt.uninterrupted():
            raise OSError("down")
        attempt.ask_to_stop(Reason.CANCELED)
        attempt.on_signal()


def test_an_outcome_that_waits_for_the_database_is_not_timed_out(attempt: Attempt) -> None:
    with attempt.interruptible():
        assert not attempt.has_ended
    assert attempt.has_ended
