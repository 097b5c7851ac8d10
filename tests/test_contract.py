"""The seed document's three exchanges, over HTTP with a real server and a real worker."""

from __future__ import annotations

import os
import signal
from typing import Any
from uuid import UUID

import pytest

from tests.processes import Server, Worker, wait_for

FINAL = ("completed", "failed")


def ended(server: Server, task_id: str) -> dict[str, Any]:
    """Poll as the old clients do; return the task once it has ended."""

    def poll() -> dict[str, Any] | None:
        task: dict[str, Any] = server.get(f"/status/{task_id}").json()
        return task if task["status"] in FINAL else None

    return wait_for(poll) or {}


def test_the_three_exchanges_of_the_seed(server: Server, worker: Worker) -> None:
    response = server.post("/generate_mcp_async?topic=python&num_nodes=20&language=pt")
    assert response.status_code == 200
    created = response.json()
    assert created == {
        "task_id": str(UUID(created["task_id"])),
        "status": "accepted",
        "message": "Task created successfully",
    }
    first = server.get(f"/status/{created['task_id']}").json()
    assert first["description"] == "Generate MCP for topic: python"
    assert first["status"] in ("pending", "running", "completed")

    task = ended(server, created["task_id"])
    assert task["status"] == "completed", task
    assert task["id"] == created["task_id"]
    assert (task["progress"], type(task["progress"])) == (100, int)
    for name in ("created_at", "updated_at", "completed_at"):
        assert isinstance(task[name], float)
    said = [message["message"] for message in task["messages"]]
    assert said[0] == "Tarefa iniciada"
    assert "Iniciando busca de recursos" in said
    assert any(line.startswith("Encontrados ") and "para o tópico: python" in line for line in said)
    assert [message["time"] for message in task["messages"]] == sorted(
        message["time"] for message in task["messages"]
    )
    result = task["result"]
    assert result.keys() >= {"id", "title", "description", "rootNodeId", "nodes", "metadata"}
    assert result["rootNodeId"] in result["nodes"]
    assert len(result["nodes"]) == 20
    assert [one["id"] for one in server.get("/tasks").json()] == [created["task_id"]]


def test_a_restart_of_server_and_worker_loses_nothing(transactional_db: None) -> None:
    with Server() as server:
        waiting = server.post("/generate_mcp_async?topic=xadrez&num_nodes=10").json()["task_id"]
        server.stop()
    with Server() as server, Worker():
        done = ended(server, waiting)
        assert done["status"] == "completed", done
    with Server() as server:
        assert ended(server, waiting) == done


def test_an_unknown_topic_fails_and_names_the_nearest(server: Server, worker: Worker) -> None:
    response = server.post("/generate_mcp_async?topic=astrologia&language=pt")
    task = ended(server, response.json()["task_id"])
    assert task["status"] == "failed"
    assert "astrologia" in task["error"]
    assert "Astronomia" in task["error"]
    assert "result" not in task


@pytest.mark.parametrize("whole_group", [False, True], ids=["the process", "its group"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_told_to_stop_exits_0_and_leaves_nobody(
    transactional_db: None, number: signal.Signals, whole_group: bool
) -> None:
    with Worker() as worker:
        # The command, the sentinel, a worker, the monitor and the pusher.
        wait_for(lambda: len(worker.family()) == 5)
        family = worker.family()
        if whole_group:
            os.killpg(worker.process.pid, number)
        else:
            worker.process.send_signal(number)
        assert worker.process.wait(30) == 0, worker.output()
        assert not [one for one in family if one.is_running() and one.status() != "zombie"]
