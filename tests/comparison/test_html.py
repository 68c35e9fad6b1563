"""The page a comparison shows in a cell."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

from compared_runs import environment, notebook, run

from nbruns.comparison import Side, compare

EVIL = "<img src=x onerror=alert(1)>\"'&"


class Reader(HTMLParser):
    """Which elements a page has, closed in order, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.words = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append(tag)
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.words += data


def page(*sides: Side) -> str:
    return compare(sides)._repr_html_()


def test_the_page_shows_what_differs_and_folds_what_is_equal() -> None:
    shown = page(
        Side(run("a", params={"lr": "0.1", "depth": "3"}, metrics={"acc": 0.9, "n": 4.0})),
        Side(run("b", params={"lr": "0.01", "depth": "3"}, metrics={"acc": 0.95, "n": 4.0})),
    )

    reader = Reader(shown)
    assert reader.open == []
    seen, _, folded = reader.words.partition("Equal: ")
    assert "0.01" in seen
    assert "+0.050 (+5.6 %)" in seen
    assert "depth" not in seen
    assert folded.startswith("1 metric, 1 parameter, 1 source fact")
    assert "depth" in folded


def test_changed_cells_show_their_lines_with_words_marked() -> None:
    old = "\n".join([*(f"line {n}" for n in range(20)), "fit(rate=0.1)"])
    new = old.replace("0.1", "0.01")
    shown = page(Side(run("a"), None, notebook(old, "x")), Side(run("b"), None, notebook(new)))

    words = Reader(shown).words
    assert "Cell 1 edited" in words
    assert "⋯ 18 equal lines" in words
    assert re.search(r"<del>1</del>|<del>0\.1</del>", shown)
    assert re.search(r"<ins>01</ins>|<ins>0\.01</ins>", shown)
    assert "Cell 2 removed" in words
    assert "line 3\n" not in words


def test_whatever_people_named_things_is_text() -> None:
    facts: dict[str, Any] = {"params": {EVIL: EVIL}, "metrics": {EVIL: 1.0}, "tags": {EVIL: EVIL}}
    facts |= {"datasets": [(EVIL, EVIL, EVIL)], "user": EVIL, "status": EVIL}
    other = {**facts, "params": {EVIL: "1"}, "metrics": {EVIL: 2.0}, "tags": {}, "datasets": []}
    shown = page(
        Side(
            run(EVIL, **facts),
            environment(**{EVIL: EVIL}, python=EVIL),
            notebook(EVIL, f"a\n{EVIL}"),
        ),
        Side(run("b", **other), environment(**{EVIL: "1"}), notebook(f"<b>{EVIL}", "a\nb")),
    )

    reader = Reader(shown)
    assert reader.open == []
    assert {"img", "b", "script"} & set(reader.tags) == set()
    assert EVIL in reader.words
    assert all('"' not in title for title in re.findall(r'title="([^"]*)"', shown))


def test_several_runs_have_a_column_each() -> None:
    sides = [Side(run(name, params={"lr": name}), None, notebook(name)) for name in "abc"]
    words = Reader(page(*sides)).words

    assert "Code of b: cell 1 edited" in words
    assert "Code of c: cell 1 edited" in words


def test_very_much_is_cut() -> None:
    many = {f"p{n:04}": "x" * 5_000 for n in range(3_000)}
    text = "\n".join(f"y{n} = {n}" for n in range(5_000))
    shown = page(
        Side(run("a", params=many), None, notebook("z")),
        Side(run("b", params=dict.fromkeys(many, "y")), None, notebook("z", text)),
    )

    assert len(shown) < 1_000_000
    assert "… and 2,800 more" in shown
    assert "4,700 more lines" in shown


def test_what_is_not_known_is_said() -> None:
    assert "The packages of run &#x27;a&#x27; were not recorded" in page(
        Side(run("a")), Side(run("b"))
    )


def test_without_a_page_it_is_a_sentence() -> None:
    found = compare([Side(run("a", params={"lr": "1"})), Side(run("b", params={"lr": "2"}))])

    assert repr(found) == "<Comparison of 'a', 'b': lr 1 → 2>"
