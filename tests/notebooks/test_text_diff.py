"""What changed between two texts, and that both can be read off it."""

from __future__ import annotations

import time

from hypothesis import given, settings
from hypothesis import strategies as st

from nbruns.notebooks.alignment import pairs, rising
from nbruns.notebooks.text_diff import Line, lines

TEXTS = st.text(alphabet="ab =\n\u2028é", max_size=80)


def shown(found: tuple[Line, ...]) -> list[str]:
    """Lines as a reader sees them, what is marked in brackets."""
    sign = {"same": " ", "removed": "-", "added": "+"}
    return [
        sign[line.kind] + "".join(f"[{p.text}]" if p.is_marked else p.text for p in line.pieces)
        for line in found
    ]


def test_the_word_that_changed_is_marked_within_its_line() -> None:
    found = lines("a = 1\nrate = 0.1\nend", "a = 1\nrate = 0.5\nend")

    assert shown(found) == [" a = 1", "-rate = 0.[1]", "+rate = 0.[5]", " end"]
    assert [(one.old_number, one.new_number) for one in found] == [
        (1, 1),
        (2, None),
        (None, 2),
        (3, 3),
    ]


def test_lines_with_little_in_common_bear_no_marks() -> None:
    assert shown(lines("import numpy", "for x in range(3):")) == [
        "-import numpy",
        "+for x in range(3):",
    ]


def test_a_line_put_in_between_leaves_the_others_alone() -> None:
    assert shown(lines("a\nb", "a\nnew\n\nb")) == [" a", "+new", "+", " b"]


def test_a_text_that_was_not_there_is_all_added() -> None:
    assert shown(lines("", "a\nb")) == ["+a", "+b"]
    assert shown(lines("a", "")) == ["-a"]
    assert lines("", "") == ()


@given(TEXTS, TEXTS)
@settings(max_examples=200, deadline=None)
def test_both_texts_can_be_read_off_their_difference(old: str, new: str) -> None:
    found = lines(old, new)

    assert "\n".join(one.text for one in found if one.kind != "added") == old
    assert "\n".join(one.text for one in found if one.kind != "removed") == new


@given(st.lists(st.integers(0, 6), max_size=40), st.lists(st.integers(0, 6), max_size=40))
@settings(max_examples=200, deadline=None)
def test_pairs_are_equal_items_that_rise(old: list[int], new: list[int]) -> None:
    found = pairs(old, new)

    assert all(old[one] == new[other] for one, other in found)
    assert found == sorted(found)
    assert len({one for one, _ in found}) == len({other for _, other in found}) == len(found)
    if old == new:
        assert len(found) == len(old)


def test_as_many_as_can_keep_their_place() -> None:
    assert rising([4, 0, 1, 2, 3]) == {1, 2, 3, 4}
    assert rising([]) == set()


def test_a_megabyte_with_a_change_in_every_other_line_does_not_take_seconds() -> None:
    old = [f"value_{number} = compute({number}, 'text of this line')" for number in range(20_000)]
    new = [line + " # seen" if at % 2 else line for at, line in enumerate(old)]
    began = time.process_time()

    found = lines("\n".join(old), "\n".join(new))

    assert time.process_time() - began < 2
    assert sum(one.kind == "added" for one in found) == 10_000


def test_a_megabyte_in_one_line_does_not_take_seconds() -> None:
    old = ", ".join(str(number % 97) for number in range(250_000))
    began = time.process_time()

    found = lines(f"data = [{old}]", f"data = [{old[::-1]}]")

    assert time.process_time() - began < 2
    assert [one.kind for one in found] == ["removed", "added"]
