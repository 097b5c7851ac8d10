"""One run: the crowd asks, processes are killed if that is wanted, and then it is counted."""

from __future__ import annotations

import itertools
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from bench.figures import Spread
from bench.load import callers, verdict
from bench.load.callers import CROWD, Caller
from bench.load.ledger import Ledger
from bench.load.memory import Held, Sampler
from bench.load.place import Place
from bench.progress import say

#: How long a killed process stays away.
AWAY_SECONDS = 2.0
#: After the last request, in addition to a lease.
SETTLE_SECONDS = 60.0


@dataclass(frozen=True)
class Outcome:
    seconds: float
    spreads: dict[str, Spread]
    requests: int
    errors: Counter[str]
    broken: Counter[str]
    promised: int
    lost: list[str]
    held: Held
    kills: Counter[str]


def run(place: Place, *, seconds: float, kill_every: float | None) -> Outcome:
    token = place.prepare()
    ports = [unit.port for unit in place.webs]
    ledger = Ledger(ports, token, may_break=kill_every is not None)
    with place.up(), place.connect() as database:
        say(f"load: {seconds:.0f} s on {len(place.webs)} web and {len(place.workers)} worker")
        with Sampler(place) as held, _crowd(ledger), _killer(place, kill_every) as kills:
            ledger.run_for(seconds)
        say("load: over; waiting for the last tasks")
        verdict.wait_for_the_end(database, SETTLE_SECONDS)
        lost = verdict.lost(database, ledger.promised)
    return Outcome(
        seconds=seconds,
        spreads={call: Spread.of(times) for call, times in ledger.times.items()},
        requests=sum(map(len, ledger.times.values())),
        errors=ledger.errors,
        broken=ledger.broken,
        promised=len(ledger.promised),
        lost=lost,
        held=held,
        kills=kills,
    )


@contextmanager
def _crowd(ledger: Ledger) -> Iterator[None]:
    acts = [act for act, count in CROWD for _ in range(count)]
    threads = [
        threading.Thread(target=callers.run, args=(Caller(ledger, number), act), name=act.__name__)
        for number, act in enumerate(acts)
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        ledger.is_over.set()
        for thread in threads:
            thread.join(callers.PATIENCE_SECONDS)


@contextmanager
def _killer(place: Place, every: float | None) -> Iterator[Counter[str]]:
    """Kill each process group in turn and start it again; nobody is killed when it ends."""
    kills: Counter[str] = Counter()
    is_over = threading.Event()

    def kill_in_turn() -> None:
        for unit in itertools.cycle(place.units):
            if is_over.wait(every):
                return
            unit.kill()
            kills[unit.name] += 1
            time.sleep(AWAY_SECONDS)
            unit.start()

    thread = threading.Thread(target=kill_in_turn, name="killer")
    if every is not None:
        thread.start()
    try:
        yield kills
    finally:
        is_over.set()
        if every is not None:
            thread.join(60)
