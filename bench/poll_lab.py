"""What polls and streams are measured with: tasks, servers and clients."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from bench import web
from bench.cores import on_cores
from bench.engines import REUNE
from bench.lab import Lab, wait_until
from bench.processes import Child, python
from bench.web import Web

PATIENCE_SECONDS = 60


class PolledTasks:
    """The tasks that are polled, and the process that makes and changes them."""

    def __init__(self, lab: Lab, child: Child) -> None:
        self._child = child
        with lab.workers(REUNE, 1), lab.connect(REUNE) as database:
            self.completed = child.ask("path")
            status = "SELECT status FROM tasks_taskinfo WHERE id = %s"
            wait_until(
                lambda: database.execute(status, [self.completed]).fetchone() == ("completed",),
                seconds=PATIENCE_SECONDS,
            )
        (self.unchanged,) = self.running(1)

    def running(self, count: int) -> list[str]:
        return self._child.ask("running", self.completed, count).split()

    def change(self, rate: float, task_ids: Sequence[str]) -> None:
        """From now on, each of them so many times a second."""
        self._child.ask("change", rate, *task_ids)

    def stop_changing(self) -> float:
        """Return how many changes a second were made, of all tasks together."""
        made, seconds = self._child.ask("stop").split()
        return int(made) / float(seconds)


@contextmanager
def polled_tasks(lab: Lab) -> Iterator[PolledTasks]:
    lab.set_up(REUNE)
    # Nobody runs these tasks: their leases have to last.
    variables = lab.variables_of(REUNE) | {"TASK_LEASE_SECONDS": "86400"}
    command = on_cores("client", python("-m", "bench.poll_child"))
    with Child(command, variables, lab.log_of(REUNE)) as child:
        yield PolledTasks(lab, child)


@contextmanager
def poll_client(lab: Lab) -> Iterator[Child]:
    command = on_cores("client", python("-m", "bench.poll_client"))
    with Child(command, {}, lab.log_of(REUNE)) as child:
        yield child


@contextmanager
def django_web(lab: Lab, name: str, **more: str) -> Iterator[Web]:
    """The web server of the Procfile on one core, as it is or with another application in it."""
    command, variables = web.procfile_web()
    variables |= lab.variables_of(REUNE)
    if name == "drf":
        variables["DJANGO_SETTINGS_MODULE"] = "bench.drf_settings"
    if name == "bare":
        command = [word.replace("reune.wsgi", "bench.bare_app") for word in command]
    with web.serving(on_cores("server", command), variables | more, lab.log_of(REUNE)) as served:
        yield served
