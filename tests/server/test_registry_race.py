"""Many at once on one model, over REST and in processes of their own: nothing is lost, all is told.

Each writer registers versions and brings each to the alias and the stage that all want. No
version is brought there twice, so that every move must be in the log exactly once.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from jupyter_process import LiveServer

V2, OURS = "api/2.0/mlflow/", "api/1.0/"
OVER_REST, IN_PROCESS, ROUNDS = 5, 3, 12

WITH_MLFLOW = """
import json, sys, warnings
warnings.simplefilter("ignore")
from mlflow.tracking import MlflowClient

client, made = MlflowClient(sys.argv[1], sys.argv[1]), []
client.get_registered_model("race")
print("ready", flush=True)
sys.stdin.readline()
for _ in range(int(sys.argv[2])):
    version = client.create_model_version("race", "s3://x").version
    client.set_registered_model_alias("race", "champion", version)
    client.transition_model_version_stage(
        "race", version, "Production", archive_existing_versions=True
    )
    made.append(int(version))
print(json.dumps(made))
"""


def over_rest(server: LiveServer) -> list[int]:
    made = []
    for _ in range(ROUNDS):
        version = sent(server, "model-versions/create", source="s3://x")["model_version"]["version"]
        sent(server, "registered-models/alias", alias="champion", version=version)
        sent(
            *(server, "model-versions/transition-stage"),
            version=version,
            stage="Production",
            archive_existing_versions=True,
            comment=f"round of {version}",
        )
        made.append(int(version))
    return made


def sent(server: LiveServer, path: str, **body: Any) -> Any:
    status, reply = server.ask("POST", V2 + path, {"name": "race", **body})
    assert status == 200, reply
    return reply


def in_process(server: LiveServer) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WITH_MLFLOW, f"nbruns://{server.home}", str(ROUNDS)]
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    process = subprocess.Popen(command, text=True, **pipes)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def read(server: LiveServer, path: str) -> Any:
    status, reply = server.ask("GET", path)
    assert status == 200, reply
    return reply


def test_a_race_on_one_alias_one_stage_and_version_numbers(live_server: LiveServer) -> None:  # F93
    live_server.ask("POST", f"{V2}registered-models/create", {"name": "race"})
    others = [in_process(live_server) for _ in range(IN_PROCESS)]
    with ThreadPoolExecutor(OVER_REST + IN_PROCESS) as pool:
        ended = [pool.submit(other.communicate, "go\n", 120) for other in others]
        made = list(pool.map(over_rest, [live_server] * OVER_REST))
        said = [one.result() for one in ended]
    for other, (out, err) in zip(others, said, strict=True):
        assert other.returncode == 0, err
        made.append(json.loads(out))
    count = (OVER_REST + IN_PROCESS) * ROUNDS

    assert any(one != list(range(one[0], one[0] + ROUNDS)) for one in made), "nobody raced"
    # No number was given twice, none left out.
    assert sorted(version for one in made for version in one) == list(range(1, count + 1))
    log = read(live_server, f"{OURS}activity/search?model=race&max_results=1000")["activities"]
    log.reverse()
    assert [row["at_ms"] for row in log] == sorted(row["at_ms"] for row in log)
    registered = [row["version"] for row in log if row["action"] == "registered"]
    assert registered == list(range(1, count + 1))

    moves = [row for row in log if row["action"] == "moved"]
    aliases = [row for row in moves if row["target"] == "@champion"]
    # Each move says it, once, and begins where the one before it ended.
    assert sorted(int(row["after"]) for row in aliases) == list(range(1, count + 1))
    assert [row["before"] for row in aliases] == [None, *(row["after"] for row in aliases[:-1])]
    for one in made:
        order = [row["version"] for row in aliases if row["version"] in set(one)]
        assert order == one

    standing: dict[str, list[int]] = defaultdict(list)
    for row in moves:
        if not row["target"].startswith("@"):
            version = row["version"]
            assert row["before"] == next((s for s, of in standing.items() if version in of), "None")
            standing[row["before"]] = [v for v in standing[row["before"]] if v != version]
            standing[row["after"]].append(version)
            # Room is made in the same transaction, before the newcomer: never are there two.
            assert len(standing["Production"]) <= 1

    now = read(live_server, f"{V2}registered-models/get?name=race")["registered_model"]
    assert {a["alias"]: a["version"] for a in now["aliases"]} == {"champion": aliases[-1]["after"]}
    stages = {v["current_stage"]: int(v["version"]) for v in now["latest_versions"]}
    assert stages["Production"] == standing["Production"][0]
    check_holders(live_server, aliases)


def check_holders(server: LiveServer, moves: list[dict[str, Any]]) -> None:
    """Who held the alias, asked for moments of the race."""
    at_the_end_of = {row["at_ms"]: int(row["after"]) for row in moves}
    for at_ms, version in list(at_the_end_of.items())[::5]:
        held = read(server, f"{OURS}registry/holder?name=race&alias=champion&at_ms={at_ms}")
        assert held["versions"] == [version]
