"""What a poll costs: one web process of Reune beside others that answer the same JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from statistics import median
from typing import Any

from bench import web
from bench.cores import kept_from_server, on_cores
from bench.engines import REUNE
from bench.lab import Lab
from bench.plan import Plan
from bench.poll_lab import PolledTasks, django_web, poll_client, polled_tasks
from bench.processes import Child, cpu_seconds, program, python
from bench.progress import say
from bench.web import Web

#: Where bench.fastapi_app looks for its tasks.
TASKS_VARIABLE = "BENCH_TASKS"
#: How often the changing task changes: about as often as one that is busy.
CHANGES_A_SECOND = 4
WARM_UP_SECONDS = 0.3

UNCHANGED = "running, unchanged"
CHANGING = f"running, {CHANGES_A_SECOND} changes/s"
COMPLETED = "completed, with a learning path"
KNOWN = "running, known: 304"
SUBJECTS = (UNCHANGED, CHANGING, COMPLETED, KNOWN)


@dataclass(frozen=True)
class Contender:
    """Some way to answer a poll; `path` comes before the task's id."""

    title: str
    process: str
    path: str = "/status/"


OURS = Contender("Reune", "reune")
DRF = Contender("nested DRF serializers", "drf")
FASTAPI = Contender("FastAPI", "fastapi")
FASTAPI_UNTYPED = Contender("FastAPI without a return type", "fastapi", "/untyped/status/")
CONTENDERS = (OURS, DRF, FASTAPI, FASTAPI_UNTYPED)
#: The same web server with an application that does nothing.
BARE = Contender("granian", "bare", "/")


@dataclass(frozen=True)
class Sample:
    """Times in seconds, a poll; `length` is that of the body."""

    rate: float
    p50: float
    p99: float
    server_cpu: float
    postgres_cpu: float
    length: int
    #: How many different lengths the body had: of a task that changes, one for each change seen.
    lengths: int


@dataclass(frozen=True)
class Polls:
    """
    One sample a round, of each contender with each subject, and of a web server alone.

    `profiles` says how many seconds each part of Reune takes for a poll in a single thread.
    """

    samples: Mapping[tuple[str, Contender], Sequence[Sample]]
    bare: Sequence[Sample]
    profiles: Sequence[Mapping[str, float]]

    def ratio(self, subject: str, other: Contender) -> float:
        """How many polls Reune answers for one of the other's: the median of the rounds."""
        ours, theirs = self.samples[subject, OURS], self.samples[subject, other]
        return median(a.rate / b.rate for a, b in zip(ours, theirs, strict=True))

    def cpu_ratio(self, subject: str, other: Contender) -> float:
        """The same by the processor time of the servers, which the machine disturbs less."""
        ours, theirs = self.samples[subject, OURS], self.samples[subject, other]
        return median(b.server_cpu / a.server_cpu for a, b in zip(ours, theirs, strict=True))


def measure(lab: Lab, plan: Plan) -> Polls:
    with polled_tasks(lab) as tasks, ExitStack() as stack:
        bench = Bench(lab, plan, tasks, stack.enter_context(poll_client(lab)))
        for name in ("reune", "drf", "bare"):
            bench.webs[name] = stack.enter_context(django_web(lab, name))
        bench.webs["fastapi"] = stack.enter_context(_fastapi_web(lab, plan, bench))
        bench.check_that_all_answer_alike()
        stack.enter_context(kept_from_server(lab.server.processes()))
        return bench.run()


@contextmanager
def _fastapi_web(lab: Lab, plan: Plan, bench: Bench) -> Iterator[Web]:
    """With what Reune answers in its memory."""
    (changing,) = bench.tasks.running(1)
    ids = (bench.tasks.unchanged, bench.tasks.completed, changing)
    answers = {task_id: web.get(bench.webs["reune"].port, f"/status/{task_id}") for task_id in ids}
    path = lab.folder / "polls.json"
    given = {
        "tasks": {task_id: json.loads(body) for task_id, (_, body) in answers.items()},
        "etags": {task_id: response.headers["ETag"] for task_id, (response, _) in answers.items()},
        "changing": changing,
        "rate": CHANGES_A_SECOND,
        "lines": round(CHANGES_A_SECOND * (plan.poll_seconds + WARM_UP_SECONDS)),
    }
    path.write_text(json.dumps(given))
    bench.changing_in_memory = changing
    # What uvicorn[standard] takes by itself; without it this would fail instead of being slow.
    options = "--loop uvloop --http httptools --no-access-log --log-level warning --port $PORT"
    command = program("uvicorn", *options.split(), "bench.fastapi_app:app")
    variables = {TASKS_VARIABLE: str(path)}
    with web.serving(on_cores("server", command), variables, lab.log_of(REUNE)) as served:
        yield served


class Bench:
    """The servers are all up; one at a time is polled."""

    def __init__(self, lab: Lab, plan: Plan, tasks: PolledTasks, client: Child) -> None:
        self.webs: dict[str, Web] = {}
        self.tasks = tasks
        self.changing_in_memory = ""
        self._lab = lab
        self._log = lab.log_of(REUNE)
        self._plan = plan
        self._client = client

    def check_that_all_answer_alike(self) -> None:
        for task_id in (self.tasks.unchanged, self.tasks.completed):
            bodies = [self._body(contender, task_id) for contender in CONTENDERS]
            if any(body != bodies[0] for body in bodies):
                raise RuntimeError(f"not the same answers: {bodies}")

    def _body(self, contender: Contender, task_id: str) -> Any:
        _, body = web.get(self.webs[contender.process].port, f"{contender.path}{task_id}")
        return json.loads(body)

    def run(self) -> Polls:
        samples: dict[tuple[str, Contender], list[Sample]] = {}
        bare, profiles = [], []
        for number in range(self._plan.poll_rounds):
            bare.append(self._sample(BARE, BARE.path))
            profiles.append(self._profile())
            for subject in SUBJECTS:
                for contender in CONTENDERS:
                    sample = self._sample_of(subject, contender)
                    samples.setdefault((subject, contender), []).append(sample)
                rates = (samples[subject, one][-1].rate for one in CONTENDERS)
                say(
                    f"round {number + 1}/{self._plan.poll_rounds} {subject}: "
                    + ", ".join(f"{rate:.0f}" for rate in rates)
                    + " polls/s"
                )
        return Polls(samples, bare, profiles)

    def _profile(self) -> dict[str, float]:
        command = on_cores("server", python("-m", "bench.poll_profile", self.tasks.unchanged))
        _, variables = web.procfile_web()
        with Child(command, self._lab.variables_of(REUNE) | variables, self._log) as child:
            found = json.loads(child.ask())
        return {name: found["seconds"] * part for name, part in found["parts"].items()}

    def _sample_of(self, subject: str, contender: Contender) -> Sample:
        if subject == CHANGING:
            return self._sample_changing(contender)
        task_id = self.tasks.completed if subject == COMPLETED else self.tasks.unchanged
        path, etag = f"{contender.path}{task_id}", "-"
        if subject == KNOWN:
            etag = self._etag(contender, path)
        return self._sample(contender, path, etag)

    def _etag(self, contender: Contender, path: str) -> str:
        """FastAPI knows Reune's, and does not tell."""
        known = contender if contender in (OURS, DRF) else OURS
        response, _ = web.get(self.webs[known.process].port, f"/status/{self.tasks.unchanged}")
        return str(response.headers["ETag"])

    def _sample_changing(self, contender: Contender) -> Sample:
        if contender.process == "fastapi":
            sample = self._sample(contender, f"{contender.path}{self.changing_in_memory}")
        else:
            # A new one each time, or the body would grow from round to round.
            changing = self.tasks.running(1)
            self.tasks.change(CHANGES_A_SECOND, changing)
            sample = self._sample(contender, f"{contender.path}{changing[0]}")
            self.tasks.stop_changing()
        if sample.lengths < CHANGES_A_SECOND * self._plan.poll_seconds / 2:
            raise RuntimeError(f"{contender.title} showed {sample.lengths} states of the task")
        return sample

    def _sample(self, contender: Contender, path: str, etag: str = "-") -> Sample:
        served = self.webs[contender.process]
        self._client.ask(served.port, path, etag, WARM_UP_SECONDS)
        server, postgres = served.processes.family(), self._lab.server.processes()
        server_cpu, postgres_cpu = cpu_seconds(server), cpu_seconds(postgres)
        found = json.loads(self._client.ask(served.port, path, etag, self._plan.poll_seconds))
        server_cpu = cpu_seconds(server) - server_cpu
        postgres_cpu = cpu_seconds(postgres) - postgres_cpu
        return Sample(
            rate=found["count"] / found["seconds"],
            p50=found["p50"],
            p99=found["p99"],
            server_cpu=server_cpu / found["count"],
            postgres_cpu=postgres_cpu / found["count"],
            length=found["lengths"][0],
            lengths=len(found["lengths"]),
        )
