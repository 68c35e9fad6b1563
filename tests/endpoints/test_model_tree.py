"""Names of models as a tree."""

from __future__ import annotations

from nbruns.endpoints.model_tree import Line, flat, tree

NAMES = ["churn", "prod.sales.churn", "prod.sales.fraud", "prod.web", "Dev.a", "x.y.z.w"]


def opened(*folders: str) -> list[tuple[int, str]]:
    return [(line.depth, line.label) for line in tree(NAMES, folders.__contains__)]


# F91
def test_names_are_folded_into_their_first_parts_with_a_count() -> None:
    assert tree(NAMES, lambda _: False) == [
        Line("Dev", "Dev", 0, 1),
        Line("prod", "prod", 0, 3),
        Line("x", "x", 0, 1),
        Line("churn", "churn", 0),
    ]


def test_an_open_folder_shows_folders_and_then_models() -> None:
    assert opened("prod") == [
        (0, "Dev"),
        (0, "prod"),
        (1, "sales"),
        (1, "web"),
        (0, "x"),
        (0, "churn"),
    ]
    assert opened("prod", "prod.sales")[2:5] == [(1, "sales"), (2, "churn"), (2, "fraud")]


def test_what_is_open_in_a_closed_folder_is_not_seen() -> None:
    assert opened("prod.sales") == opened()


def test_what_has_more_than_three_parts_keeps_the_rest_in_its_name() -> None:
    assert opened("x", "x.y")[-2] == (2, "z.w")


def test_a_model_may_be_called_like_a_folder() -> None:
    found = tree(["prod", "prod.churn"], lambda _: True)

    assert [(line.path, line.is_folder) for line in found] == [
        ("prod", True),
        ("prod.churn", False),
        ("prod", False),
    ]


def test_dots_alone_are_names_too() -> None:
    assert [line.path for line in tree(["..", "a..b", ".a"], lambda _: True)][-1]
    assert flat([".."]) == [Line("..", "..", 0)]
