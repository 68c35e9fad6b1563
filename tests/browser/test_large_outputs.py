"""A notebook whose outputs exceed what one request may carry is kept all the same."""

import json

from lab_page import SLOW_MS, LabPage, LabServer

MB = 2**20
START = "import mlflow\nwith mlflow.start_run(run_name='large'): pass"


def with_outputs(server: LabServer, name: str, sizes: list[int]) -> str:
    """A notebook that starts a run in its first cell; the others have outputs of given sizes."""
    path = server.write_notebook(name, [START, *(f"figure({size})" for size in sizes)])
    file = server.work / path
    content = json.loads(file.read_text("utf-8"))
    for cell, size in zip(content["cells"][1:], sizes, strict=True):
        data = {"application/x-unknown": "x" * size, "text/plain": "a figure"}
        cell["outputs"] = [{"output_type": "display_data", "data": data, "metadata": {}}]
    file.write_text(json.dumps(content), "utf-8")
    return path


def revision_of_the_run(server: LabServer) -> tuple[str, list[str]]:
    """How the notebook was captured, and what was kept of each cell's outputs, in short."""
    body = {"experiment_ids": ["0", "1"], "max_results": 1}
    run = server.ask("POST", "api/2.0/mlflow/runs/search", body)[1]["runs"][0]
    query = f"run_id={run['info']['run_id']}"
    revision = server.ask("GET", f"api/1.0/revisions/of-run?{query}")[1]["revision"]
    query = f"revision_id={revision['revision_id']}"
    content = server.ask("GET", f"api/1.0/revisions/get?{query}")[1]["content"]
    outputs = [cell["outputs"][0] for cell in content["cells"][1:]]
    return revision["method"], [one.get("text", "whole") for one in outputs]


def test_only_what_is_too_large_is_left_out(lab: LabPage, lab_server: LabServer) -> None:
    sizes = [9 * MB, *(7 * MB + step for step in range(9)), 1000]
    lab.open(with_outputs(lab_server, "figures.ipynb", sizes))
    with lab.page.expect_response(lambda r: "revisions/capture" in r.url, timeout=SLOW_MS):
        lab.run_cell("start_run")

    method, kept = revision_of_the_run(lab_server)

    assert method == "browser"
    assert kept[0].startswith("[9,437,")
    assert "bytes of output left out: over the limit of 7," in kept[0]
    assert kept[1:9] == ["whole"] * 8
    assert kept[9].startswith("[7,340,")
    assert kept[10] == "whole"
    assert lab_server.complaints() == []
    told = "JSON.parse(document.getElementById('jupyter-config-data').text).nbrunsOutputLimit"
    assert lab.page.evaluate(told) == str(8 * MB)
