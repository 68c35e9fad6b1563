"""The moving average: debiased, and the same for dense and for sparse curves."""

import pytest

from nbruns.charts.smoothing import smoothed, step_of


def test_the_first_value_stays_and_a_constant_stays_constant() -> None:
    assert smoothed([0, 1, 2], [5.0, 5.0, 5.0], 0.9, step=1) == pytest.approx([5.0, 5.0, 5.0])


def test_no_weight_changes_nothing() -> None:
    assert smoothed([0, 1, 2], [1.0, 9.0, 4.0], 0.0, step=1) == [1.0, 9.0, 4.0]


def test_two_values_are_averaged_by_their_weights() -> None:
    # A weight of 0.25 fades by its root, 0.5, a step: (0.5·1 + 4) / (0.5 + 1).
    assert smoothed([0, 1], [1.0, 4.0], 0.25, step=1)[1] == pytest.approx(3.0)


def test_what_lies_far_back_on_the_axis_counts_less() -> None:
    near = smoothed([0, 1], [0.0, 1.0], 0.5, step=1)[1]
    far = smoothed([0, 9], [0.0, 1.0], 0.5, step=1)[1]

    assert near is not None
    assert far is not None
    assert near < far < 1.0


def test_gaps_stay_gaps() -> None:
    assert smoothed([0, 1, 2], [1.0, None, 1.0], 0.5, step=1) == [1.0, None, 1.0]


def test_a_step_is_the_spacing_of_the_densest_curve_and_at_least_a_thousandth() -> None:
    assert step_of([[0, 5, 10], [0, 10]]) == 5
    assert step_of([list(range(100_001))]) == 100
    assert step_of([[7.0]]) == step_of([]) == 1.0
