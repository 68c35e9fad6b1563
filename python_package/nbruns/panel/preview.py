"""How an artifact can be looked at, told by its name.

Names are all a listing has; a file whose name tells nothing is looked into by the
browser, which shows it where it is text.
"""

from __future__ import annotations

from pathlib import PurePosixPath

_KINDS = {
    "image": ".png .jpg .jpeg .gif .webp .bmp .ico .avif .svg",
    "video": ".mp4 .webm .mov .m4v .ogv",
    "audio": ".mp3 .wav .ogg .oga .flac .m4a .aac",
    "json": ".json .geojson",
    "table": ".csv .tsv",
    "parquet": ".parquet .pq",
    "markdown": ".md .markdown",
    "html": ".html .htm",
    "notebook": ".ipynb",
    "text": ".txt .log .py .r .sql .sh .js .ts .css .yaml .yml .toml .ini .cfg .xml .jsonl .diff"
    " .patch .rst .tex .java .scala .c .h .cpp .rs .go",
    "file": ".pkl .pickle .joblib .skops .npy .npz .pt .pth .ckpt .safetensors .h5 .hdf5 .keras"
    " .onnx .pb .tflite .bin .model .ubj .cbm .zip .gz .bz2 .xz .zst .tar .tgz .7z .whl .jar"
    " .exe .so .dll .pdf .xlsx .xls .docx .pptx .feather .arrow .avro .orc .db .sqlite .rds",
}
_BY_ENDING = {ending: kind for kind, endings in _KINDS.items() for ending in endings.split()}


def kind_of(name: str) -> str:
    """What a file is shown as; "file" where it can only be downloaded, "unknown" for the rest."""
    return _BY_ENDING.get(PurePosixPath(name).suffix.lower(), "unknown")
