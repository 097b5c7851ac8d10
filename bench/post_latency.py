"""
How long `POST /generate_mcp_async` takes, over HTTP on loopback: `python -m bench.post_latency`.

Anonymous callers under their usual limits: a caller is an address, and each sends as many
requests as it may have active tasks. (Loopback is 127.0.0.0/8 on Linux.)
"""

from __future__ import annotations

import http.client
import json
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count

from bench import web
from bench.engines import REUNE
from bench.figures import Spread
from bench.lab import Lab
from bench.plan import FULL, Plan
from bench.progress import say

PATH = "/generate_mcp_async?topic=python"
#: The limit of active tasks of an anonymous caller.
REQUESTS_OF_A_CALLER = 5
#: Clients at once; the Procfile's server has more threads.
CLIENTS = (1, 8)


@dataclass(frozen=True)
class Posts:
    clients: int
    seconds: list[float]
    rate: float


def measure(lab: Lab, plan: Plan) -> list[Posts]:
    """Without a worker: the tasks stay in the queue."""
    lab.set_up(REUNE)
    command, variables = web.procfile_web()
    with web.serving(command, lab.variables_of(REUNE) | variables, lab.log_of(REUNE)) as server:
        callers = _addresses()
        _post_as(server.port, next(callers))  # the first ones import and connect
        found = [_measure(server.port, clients, plan.posts, callers) for clients in CLIENTS]
    say(f"{sum(len(one.seconds) for one in found)} POSTs")
    return found


def _measure(port: int, clients: int, requests: int, callers: Iterator[str]) -> Posts:
    addresses = [next(callers) for _ in range(requests // REQUESTS_OF_A_CALLER)]
    began = time.monotonic()
    with ThreadPoolExecutor(clients) as pool:
        batches = list(pool.map(lambda address: _post_as(port, address), addresses))
    seconds = [one for batch in batches for one in batch]
    return Posts(clients, seconds, len(seconds) / (time.monotonic() - began))


def _post_as(port: int, address: str) -> list[float]:
    """Post as this caller over one connection; seconds from each request to its whole answer."""
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=30, source_address=(address, 0))
    client.connect()
    took = []
    for _ in range(REQUESTS_OF_A_CALLER):
        began = time.perf_counter()
        client.request("POST", PATH)
        response = client.getresponse()
        body = response.read()
        took.append(time.perf_counter() - began)
        if response.status != http.client.OK or json.loads(body)["status"] != "accepted":
            raise RuntimeError(f"{response.status} {body.decode()}")
    client.close()
    return took


def _addresses() -> Iterator[str]:
    for number in count(2):
        yield f"127.0.{number // 250}.{number % 250 + 1}"


def main() -> None:
    from bench.__main__ import data_folder

    for posts in measure(Lab(data_folder()), FULL):
        spread = Spread.of(posts.seconds)
        sys.stdout.write(
            f"{posts.clients} at once: p50 {spread.p50:.1f} ms, p95 {spread.p95:.1f} ms,"
            f" p99 {spread.p99:.1f} ms, {posts.rate:.0f}/s ({spread.count} requests)\n"
        )


if __name__ == "__main__":
    main()
