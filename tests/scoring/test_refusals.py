"""What is refused before anything starts: by name, with line and column, and no run is left."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest
from scorers import CUSTOMERS

import nbruns
from nbruns.errors import InvalidValue, NotFound

pytestmark = pytest.mark.usefixtures("scorers")
CHURN, ORDERS = "models:/churn/1", "models:/orders/1"


def count_runs() -> int:
    return len(mlflow.search_runs(search_all_experiments=True, output_format="list"))


def refusal(model: str, data: Any, **options: Any) -> str:
    """What is said; nothing may have begun."""
    before = count_runs()
    with pytest.raises((InvalidValue, NotFound)) as caught:
        nbruns.score(model, data, **options)
    assert count_runs() == before
    return str(caught.value)


def test_missing_columns_and_those_nobody_knows(write: Any) -> None:  # F101
    said = refusal(CHURN, write("a.csv", "id,Age,city\n1,2,Ulm\n"))

    assert "misses 'age' (double), 'income' (double)" in said
    assert "Not known to the model: 'id', 'Age', 'city'" in said
    assert "Is 'Age' meant to be 'age'?" in said


def test_columns_of_the_wrong_type() -> None:  # F101
    said = refusal(CHURN, CUSTOMERS.assign(age=["a", "b", "c", "d"]))

    assert "'age' as string where double is taken" in said


def test_many_columns_are_counted() -> None:
    frame = pd.DataFrame(np.zeros((1, 300)), columns=[f"c{i}" for i in range(300)])

    assert "and 280 more" in refusal(CHURN, frame)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "is empty"),
        ("\n\n", "is empty"),
        ("age,income\n", "has columns and no rows"),
        ("age,income", "has columns and no rows"),
        ("age,age,income\n1,2,3\n", "names columns twice: 'age'"),
        ("age,income\n1,2\n\n3,x\n", "Column 'income', line 4 of 'a.csv': 'x' is not a number"),
        ('age,income,note\n1,2,"a\nb"\n1,x,c\n', "Column 'income', line 4 of"),
        ("age;income\n1,5;2\n", "say decimal=','"),
        ("age,income\n1,2\n3,4,5\n", "Line 3 of 'a.csv' has 3 columns"),
        ("age,income\n1,2\n3\n", "Line 3 of 'a.csv' has 1 columns"),
        (
            b"age,income,c\n1,2,ok\n3,4,caf\xe9\n",
            "line 3 of 'a.csv': b'caf\\xe9' is no UTF-8",
        ),
        (b"\xe9ge,income\n1,2\n", "Line 1 of 'a.csv' is not in the encoding 'utf-8'"),
        ("age,income\n1,2\n".encode("utf-16"), "is in UTF-16"),
        (b"age,\0income\n1,2\n", "is no text file"),
        (
            "age,income,c\n1,2,a\n1,2," + "x" * 9_000_000,
            "row after line 2 of",
        ),
    ],
)
def test_a_csv_file(write: Any, content: str | bytes, sentence: str) -> None:
    assert sentence in refusal(CHURN, write("a.csv", content))


def test_a_late_line_is_counted_right(write: Any) -> None:
    rows = '1,2,"two\nlines"\n' * 100_000
    file = write("a.csv", f"age,income,note\n{rows}old,1,x\n")

    assert "line 200,002 of 'a.csv': 'old' is not a number" in refusal(CHURN, file)


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        (",true,Ulm,2026-05-03", "Column 'count', line 2 of 'a.csv': no value, and the model"),
        ("1.5,true,Ulm,2026-05-03", "'1.5' is not an integer"),
        ("1,perhaps,Ulm,2026-05-03", "'perhaps' is not true or false"),
        ("1,,Ulm,2026-05-03", "Column 'paid', line 2 of 'a.csv': no value"),
        ("1,true,Ulm,3 May", "'3 May' is not a date or time such as"),
    ],
)
def test_a_value_of_another_kind(write: Any, row: str, sentence: str) -> None:
    assert sentence in refusal(ORDERS, write("a.csv", f"count,paid,city,day\n{row}\n"))


def test_integers_with_a_value_missing() -> None:
    frame = pd.DataFrame(
        {"count": [1.0, None], "paid": True, "city": "Ulm", "day": pd.Timestamp("2026-05-03")},
        index=["ada", "ben"],
    )

    said = refusal(ORDERS, frame)

    assert "Column 'count', row 2 of the DataFrame (index 'ben'): no value" in said
    assert "1.5 is not an integer" in refusal(ORDERS, frame.assign(count=1.5))


def test_parquet_files(tmp_path: Path) -> None:
    (tmp_path / "cut.parquet").write_bytes(b"PAR1 and no more")
    assert "is no Parquet file, or only a part" in refusal(CHURN, tmp_path / "cut.parquet")
    CUSTOMERS.iloc[:0].to_parquet(tmp_path / "none.parquet")
    assert "has columns and no rows" in refusal(CHURN, tmp_path / "none.parquet")

    parts = tmp_path / "parts"
    parts.mkdir()
    assert "There is no Parquet file in" in refusal(CHURN, parts)
    CUSTOMERS.to_parquet(parts / "a.parquet")
    CUSTOMERS.astype({"age": "int64"}).to_parquet(parts / "b.parquet")
    said = refusal(CHURN, parts)
    assert "'age' is double in 'a.parquet', and in 'b.parquet' int64" in said


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"columns": ["nme"]}, "has no column 'nme' to go along"),
        ({"columns": "id"}, r"write columns=['id']"),
        ({"chunk_rows": 0}, "Invalid chunk_rows '0'"),
        ({"output": "/no/such/folder/x.parquet"}, "cannot be written to"),
        ({"encoding": "utf-9"}, "There is no encoding 'utf-9'"),
        ({"decimal": ","}, "cannot part the columns"),
    ],
)
def test_options(write: Any, options: dict[str, Any], sentence: str) -> None:
    file = write("a.csv", "id,age,income\n1,2,3\n")

    assert sentence in refusal(CHURN, file, **options)


def test_other_files(write: Any) -> None:
    assert "There is no file" in refusal(CHURN, "nowhere.csv")
    assert "neither CSV nor Parquet" in refusal(CHURN, write("a.xlsx", "x"))
    assert "unpack it first" in refusal(CHURN, write("a.csv.gz", "x"))
    assert "Nothing can be scored of a int" in refusal(CHURN, 3)
