"""Work of minutes: one piece at a time, ended in a moment, never a fault that takes the server with it."""

import threading

import pytest

from dashboard import tasks
from dashboard.runner import LimitError
from dashboard.tasks import Line
from scenarios.errors import TrinnError


@pytest.fixture
def line():
    return Line()


def until_let(gate, began=None):
    """Work that says how far it has come until it is let go."""

    def work(said):
        if began is not None:
            began.set()
        number = 0
        while not gate.wait(0.01):
            number += 1
            said("waiting", number, 0)
        return "done"

    return work


def test_a_piece_of_work_gives_its_result_and_is_not_done_twice(line):
    task = line.ask("a", "me", lambda said: said("part", 3, 4) or "found")
    task.wait(20)
    assert (task.result, task.part, task.done, task.wanted, task.finished) == ("found", "part", 3, 4, True)
    assert line.ask("a", "another", lambda said: pytest.fail("done twice")) is task
    assert line.known("a") is task


def test_one_at_a_time_and_in_turn(line):
    gate, began = threading.Event(), threading.Event()
    first = line.ask("a", "one", until_let(gate, began))
    assert began.wait(20)
    second = line.ask("b", "two", lambda said: "second")
    third = line.ask("c", "three", lambda said: "third")
    assert (line.before(first), line.before(second), line.before(third)) == (0, 1, 2)
    assert not second.finished
    gate.set()
    third.wait(20)
    assert (first.result, second.result, third.result) == ("done", "second", "third")


def test_stopping_ends_it_the_next_time_it_says_how_far_it_is(line):
    began = threading.Event()
    task = line.ask("a", "me", until_let(threading.Event(), began))
    assert began.wait(20)
    task.cancel()
    task.wait(20)
    assert (task.finished, task.result, task.error, task.fault) == (True, None, None, "")
    again = line.ask("a", "me", lambda said: "now")
    again.wait(20)
    assert again.result == "now"


def test_a_sessions_new_question_ends_its_last_and_leaving_ends_all(line):
    began = threading.Event()
    first = line.ask("a", "me", until_let(threading.Event(), began))
    assert began.wait(20)
    second = line.ask("b", "me", until_let(threading.Event()))
    assert first.cancelled
    line.cancel_all("me")
    second.wait(20)
    assert second.cancelled
    assert second.finished


def test_what_a_user_can_put_right_is_said_and_a_fault_of_ours_has_a_code(line):
    def refused(said):
        raise TrinnError("not so")

    def broken(said):
        raise ZeroDivisionError

    wrong, fault = line.ask("a", "one", refused), line.ask("b", "two", broken)
    fault.wait(20)
    assert str(wrong.error) == "not so"
    assert len(fault.fault) == 4
    after = line.ask("c", "three", lambda said: 1)
    after.wait(20)
    assert after.result == 1


def test_limits_are_said_in_words(line, monkeypatch):
    gate, began = threading.Event(), threading.Event()
    line.ask("first", "first", until_let(gate, began))
    assert began.wait(20)
    for number in range(tasks.MOST_IN_LINE - 1):
        line.ask(number, f"session {number}", lambda said: None)
    with pytest.raises(LimitError, match="limit_queue"):
        line.ask("more", "more", lambda said: None)
    gate.set()
    monkeypatch.setattr(tasks, "LEAST_MEMORY", 1e18)
    fresh = Line()
    with pytest.raises(LimitError, match="limit_memory"):
        fresh.ask("x", "x", lambda said: None)


def test_only_the_last_answers_are_kept(line):
    for number in range(tasks.KEPT + 3):
        line.ask(number, str(number), lambda said: 1).wait(20)
    assert line.known(0) is None
    assert line.known(tasks.KEPT + 2) is not None
