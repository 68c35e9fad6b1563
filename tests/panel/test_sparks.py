"""A metric in miniature."""

import math
import sys

from nbruns.panel.sparks import spark
from nbruns.records import MetricPoint


# F17
def test_a_curve_has_steps_values_and_extremes() -> None:
    points = [MetricPoint("loss", value, step=step) for step, value in enumerate((0.9, 0.25, 0.5))]

    drawn = spark(points)

    assert (drawn["x"], drawn["y"]) == ([0, 1, 2], [0.9, 0.25, 0.5])
    assert (drawn["min"]["text"], drawn["max"]["text"]) == ("0.25", "0.9")


def test_what_is_no_number_leaves_a_gap_and_keeps_its_word() -> None:
    values = (1.0, math.nan, sys.float_info.max, 2.0)

    drawn = spark([MetricPoint("loss", value, step=step) for step, value in enumerate(values)])

    assert drawn["y"] == [1.0, None, None, 2.0]
    assert drawn["words"] == ["1", "NaN", "∞", "2"]
    assert (drawn["min"]["text"], drawn["max"]["text"]) == ("1", "2")


def test_a_metric_without_numbers_has_no_extremes() -> None:
    drawn = spark([MetricPoint("loss", math.nan)])

    assert (drawn["y"], drawn["min"]["text"]) == ([None], "")
