"""Who sees a view, by a clock that the tests turn."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from ipywidgets import Widget

from nbruns.panel.run_list import RunList
from nbruns.panel.selection import Selection
from nbruns.panel.sight import BELIEVED_S, Sight

Say = Callable[..., None]
BEAT_S = 60.0


@dataclass
class Call:
    """What is to be called at a moment."""

    at_s: float
    call: Callable[[], None]
    drop: Callable[["Call"], None]

    def cancel(self) -> None:
        self.drop(self)


@dataclass
class Clock:
    """Time that passes when told to."""

    now_s: float = 0.0
    to_come: list[Call] = field(default_factory=list)

    def later(self, seconds: float, call: Callable[[], None]) -> Call:
        made = Call(self.now_s + seconds, call, self.to_come.remove)
        self.to_come.append(made)
        return made

    def pass_by(self, seconds: float) -> None:
        self.now_s += seconds
        for due in [one for one in self.to_come if one.at_s <= self.now_s]:
            self.to_come.remove(due)
            due.call()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def turns() -> list[bool]:
    return []


@pytest.fixture
def sight(clock: Clock, turns: list[bool]) -> Sight:
    return Sight(turns.append, later=clock.later)


def test_a_page_that_says_nothing_any_more_is_forgotten(
    sight: Sight, clock: Clock, turns: list[bool]
) -> None:
    sight.hear("a", True)
    clock.pass_by(BELIEVED_S - 1)
    assert turns == [True]

    clock.pass_by(1)
    assert turns == [True, False]


def test_a_page_that_repeats_itself_is_believed_on(
    sight: Sight, clock: Clock, turns: list[bool]
) -> None:
    for _ in range(30):
        sight.hear("a", True)
        clock.pass_by(BEAT_S)

    assert set(turns) == {True}


def test_one_repeat_may_get_lost(sight: Sight, clock: Clock, turns: list[bool]) -> None:
    sight.hear("a", True)
    clock.pass_by(2 * BEAT_S)
    sight.hear("a", True)

    assert turns == [True, True]


def test_of_two_pages_one_that_looks_is_enough(sight: Sight, turns: list[bool]) -> None:
    sight.hear("a", True)
    sight.hear("b", True)
    sight.hear("a", False)
    assert turns[-1] is True

    sight.hear("b", False)
    assert turns[-1] is False


def test_a_forgotten_page_that_speaks_again_sees(
    sight: Sight, clock: Clock, turns: list[bool]
) -> None:
    sight.hear("a", True)
    clock.pass_by(BELIEVED_S)
    sight.hear("a", True)

    assert turns == [True, False, True]


@pytest.mark.parametrize("hidden", [True, False])
def test_unseen_it_waits_for_nothing(sight: Sight, clock: Clock, hidden: bool) -> None:
    sight.hear("a", True)
    assert len(clock.to_come) == 1
    if hidden:
        sight.hear("a", False)
    else:
        clock.pass_by(BELIEVED_S)

    assert clock.to_come == []


def test_a_view_no_page_ever_spoke_for_is_unseen_in_time(
    sight: Sight, clock: Clock, turns: list[bool]
) -> None:
    clock.pass_by(BELIEVED_S)

    assert turns == [False]
    assert clock.to_come == []


def test_the_first_word_is_the_one_that_counts(sight: Sight, turns: list[bool]) -> None:
    sight.hear("a", False)

    assert turns == [False]


def test_the_list_follows_what_its_pages_say(clock: Clock, say: Say) -> None:
    runs = a_list(clock)
    assert runs.seen

    say(runs, type="seen", view="a", seen=False)
    assert not runs.seen
    say(runs, type="seen", view="a", seen=True)
    assert runs.seen
    clock.pass_by(BELIEVED_S)
    assert not runs.seen


def test_a_closed_list_waits_for_nothing(clock: Clock) -> None:
    runs: Widget = a_list(clock)
    runs.close()

    assert clock.to_come == []


def a_list(clock: Clock) -> RunList:
    return RunList(
        Selection(),
        on_act=lambda *_: None,
        on_look=lambda: None,
        later=clock.later,
    )
