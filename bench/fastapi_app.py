"""
Tasks in the memory of a process: as little as a server can do, and still build JSON for each poll.

No database, no owners, no languages; a restart forgets everything. The handlers differ in their
return type only: with one, FastAPI has pydantic-core write the JSON, which is much faster, and
without one its own encoder in Python. The file BENCH_TASKS has the bodies by task id, their ETags,
and the task that changes, if one does, and how often.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI, HTTPException, Request, Response

_given = json.loads(Path(os.environ["BENCH_TASKS"]).read_text())
tasks: dict[str, dict[str, Any]] = _given["tasks"]
etags: dict[str, str] = _given["etags"]


async def _change(task: dict[str, Any], rate: float, lines: int) -> None:
    """Say a line `rate` times a second; forget them all after so many, as a new task would."""
    first = task["messages"]
    while True:
        task["messages"] = first[:]
        task["progress"] = 20
        for seq in range(len(first) + 1, len(first) + 1 + lines):
            await asyncio.sleep(1 / rate)
            text = "Step of some: about as long as a line that a task says, like this."
            line = {"seq": seq, "time": time.time(), "level": "info", "message": text}
            task["messages"].append(line)
            task["progress"] += 1


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    changing = asyncio.create_task(
        _change(tasks[_given["changing"]], _given["rate"], _given["lines"])
    )
    yield
    changing.cancel()


app = FastAPI(lifespan=_lifespan)


@app.get("/status/{task_id}")
async def typed(task_id: str, request: Request) -> dict[str, Any]:
    return _answer(task_id, request)


@app.get("/untyped/status/{task_id}")
async def untyped(task_id: str, request: Request):  # type: ignore[no-untyped-def]
    return _answer(task_id, request)


def _answer(task_id: str, request: Request) -> Any:
    if task_id not in tasks:
        raise HTTPException(404)
    if request.headers.get("if-none-match") == etags.get(task_id, ""):
        return Response(status_code=304)
    return tasks[task_id]
