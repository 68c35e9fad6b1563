"""What an artifact is shown as."""

import pytest

from nbruns.panel.preview import kind_of


# F20 F42
@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("roc.png", "image"),
        ("ROC.JPEG", "image"),
        ("drawing.svg", "image"),
        ("fig.json", "json"),
        ("data.csv", "table"),
        ("part-0.snappy.parquet", "parquet"),
        ("README.md", "markdown"),
        ("report.html", "html"),
        ("scored.ipynb", "notebook"),
        ("loop.mp4", "video"),
        ("voice.ogg", "audio"),
        ("conda.yaml", "text"),
        ("MLmodel", "unknown"),
        ("a.b/LICENSE", "unknown"),
        ("model.pkl", "file"),
        ("weights.tar.gz", "file"),
        ("", "unknown"),
    ],
)
def test_a_name_tells_what_a_file_is_shown_as(name: str, kind: str) -> None:
    assert kind_of(name) == kind
