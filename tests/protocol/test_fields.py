"""Fields of a request are read by protobuf's JSON rules, and refused by name and value."""

import math
from typing import Any

import pytest

from nbruns.errors import InvalidValue
from nbruns.protocol import fields


@pytest.mark.parametrize("body", [{"run_id": "a"}, {"runId": "a"}])
def test_a_field_has_two_spellings(body: dict[str, Any]) -> None:
    assert fields.required(body, "run_id") == "a"


def test_null_means_absent() -> None:
    assert fields.optional({"key": None}, "key") is None


@pytest.mark.parametrize("body", [{}, {"key": ""}, {"key": None}])
def test_a_required_field_must_say_something(body: dict[str, Any]) -> None:
    with pytest.raises(InvalidValue, match="Missing value for required parameter 'key'"):
        fields.required(body, "key")


@pytest.mark.parametrize("value", [5, ["a"], {"a": 1}, True])
def test_text_of_another_type_is_refused(value: Any) -> None:
    with pytest.raises(InvalidValue, match="'key'"):
        fields.optional({"key": value}, "key")


@pytest.mark.parametrize("value", ["a\0b", "\ud800"])
def test_text_no_database_takes_is_refused(value: str) -> None:
    with pytest.raises(InvalidValue, match="'key'"):
        fields.optional({"key": value}, "key")


def test_an_error_quotes_megabytes_only_in_part() -> None:
    with pytest.raises(InvalidValue) as refused:
        fields.integer("step", "9" * 3_000_000)

    assert len(str(refused.value)) < 400


@pytest.mark.parametrize(
    ("value", "expected"), [(3, 3), ("3", 3), (3.0, 3), ("-9223372036854775808", -(2**63))]
)
def test_an_integer_may_come_as_text(value: Any, expected: int) -> None:
    assert fields.integer("step", value) == expected


@pytest.mark.parametrize("value", [True, 1.5, "1.5", "x", 2**63, [1], math.nan, math.inf])
def test_what_is_no_integer_is_refused(value: Any) -> None:
    with pytest.raises(InvalidValue, match="'step'"):
        fields.integer("step", value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(1, 1.0), ("1.5", 1.5), ("Infinity", math.inf), ("-Infinity", -math.inf), (2.5, 2.5)],
)
def test_a_number_may_come_as_text(value: Any, expected: float) -> None:
    assert fields.number("value", value) == expected


def test_nan_comes_by_name() -> None:
    assert math.isnan(fields.number("value", "NaN"))


@pytest.mark.parametrize("value", ["nan", "inf", "x", "", True, [1.0], {}, "1e999", 10**400])
def test_what_is_no_number_is_refused(value: Any) -> None:
    with pytest.raises(InvalidValue, match="'value'"):
        fields.number("value", value)


@pytest.mark.parametrize(("value", "expected"), [(True, True), ("TRUE", True), ("false", False)])
def test_a_flag_may_come_from_a_query(value: Any, expected: bool) -> None:
    assert fields.flag({"archive": value}, "archive") is expected


@pytest.mark.parametrize("value", ["yes", 1, []])
def test_what_is_no_flag_is_refused(value: Any) -> None:
    with pytest.raises(InvalidValue):
        fields.flag({"archive": value}, "archive")


def test_one_text_is_a_list_only_in_a_query() -> None:
    assert fields.texts({"stages": "None"}, "stages", from_query=True) == ["None"]
    with pytest.raises(InvalidValue, match="an array"):
        fields.texts({"stages": "None"}, "stages")


@pytest.mark.parametrize("value", [[1], ["a", None], "x", {}])
def test_a_list_of_other_things_is_refused(value: Any) -> None:
    with pytest.raises(InvalidValue, match="stages"):
        fields.texts({"stages": value}, "stages")


@pytest.mark.parametrize("value", [3, "3", "FINISHED"])
def test_an_enum_is_named_or_numbered(value: Any) -> None:
    assert fields.choice({"status": value}, "status", {3: "FINISHED"}, "") == "FINISHED"


@pytest.mark.parametrize("value", [9, "DONE", True, []])
def test_an_unknown_enum_value_is_refused(value: Any) -> None:
    with pytest.raises(InvalidValue, match="FINISHED"):
        fields.choice({"status": value}, "status", {3: "FINISHED"}, "")


@pytest.mark.parametrize("value", [0, -1, 11, "x"])
def test_a_page_has_a_size_within_bounds(value: Any) -> None:
    with pytest.raises(InvalidValue, match="max_results"):
        fields.limit({"max_results": value}, "max_results", 5, 10)
