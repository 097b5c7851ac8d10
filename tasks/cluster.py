"""
Django-Q's cluster, so that killing any of its processes harms none of the others.

Django-Q shares queues, events and timers among its processes, and each has a lock in shared
memory: a process killed while it holds one would stop all the others for ever (an idle worker
holds the lock of the task queue all the time). The ones here have no lock. The kernel also ends
the children of a process that is killed, and the command starts again what has died.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import logging
import os
import pickle
import select
import signal
import socket
import sys
import threading
import time
import uuid
from multiprocessing.process import BaseProcess
from multiprocessing.sharedctypes import RawValue
from typing import Any

import psutil
import psycopg
from django.db import Error, close_old_connections, connections
from django_q.cluster import Sentinel, get_mp_context
from django_q.conf import Conf as QConf
from django_q.worker import worker

from tasks import memory, registry, runner, wire
from tasks.conf import get_conf
from tasks.lease import STOP_SIGNAL
from tasks.queue import Delivery

logger = logging.getLogger(__name__)

#: Bytes. A packet is a call or its result; the kernel takes up to about 200 kB.
LARGEST_PACKET = 1 << 20
#: What the timer of a worker says that has ended to be replaced, in Django-Q's sentinel.
RECYCLED = -2
_PR_SET_PDEATHSIG = 1  # linux/prctl.h


class PacketQueue:
    """
    A queue between processes. Each item is a datagram, which the kernel gives whole to one reader.

    `put` waits while the reader has a few in front of it, `get` until there is one.
    """

    def __init__(self) -> None:
        self._reader, self._writer = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)

    def put(self, item: Any) -> None:
        self._writer.send(pickle.dumps(item))

    def get(self) -> Any:
        return pickle.loads(self._reader.recv(LARGEST_PACKET))

    def empty(self) -> bool:
        return not select.select([self._reader], [], [], 0)[0]

    def qsize(self) -> int:
        """Whether there is anything: 0 or 1."""
        return int(not self.empty())

    def close(self) -> None:
        """Nothing to do: what was put is in the kernel already."""

    def join_thread(self) -> None:
        """Likewise."""


class Flag:
    """An event between processes: set once, for all to see."""

    def __init__(self) -> None:
        self._reader, self._writer = os.pipe()

    def set(self) -> None:
        os.write(self._writer, b"!")

    def is_set(self) -> bool:
        return self.wait(0)

    def wait(self, timeout: float | None = None) -> bool:
        return bool(select.select([self._reader], [], [], timeout)[0])


class Timer:
    """The seconds a worker may still take, in shared memory."""

    def __init__(self) -> None:
        self._seconds = RawValue(ctypes.c_float, -1)

    @property
    def value(self) -> float:
        return float(self._seconds.value)

    @value.setter
    def value(self, seconds: float) -> None:
        self._seconds.value = seconds

    def get_lock(self) -> contextlib.AbstractContextManager[None]:
        """A float is written in one piece; what reads it looks again half a second later."""
        return contextlib.nullcontext()


class Calls:
    """
    What one of Django-Q's workers reads: calls. Deliveries of tasks it never sees.

    They are run here, in between: what Django-Q does for a call (sign it, find its function, word
    lines for a log, pass a result on) a task does not need, and it would cost a tenth of a short
    one.
    """

    def __init__(self, queue: PacketQueue, timer: Timer) -> None:
        self._queue = queue
        self._timer = timer
        self._left = QConf.RECYCLE

    def get(self) -> Any:
        """Return the next call, or Django-Q's word for the end, when it is time to be replaced."""
        while self._left > 0:
            item = self._queue.get()
            if not isinstance(item, Delivery):
                return item
            self._run(item)
            self._left -= 1
        self._timer.value = RECYCLED
        return "STOP"

    def _run(self, delivery: Delivery) -> None:
        """Without a database, give it up. What else is raised ends the process, to be replaced."""
        close_old_connections()
        try:
            runner.run_delivered(delivery)
        except (Error, psycopg.Error) as error:  # its lease does the rest
            name = type(error).__name__
            logger.error("delivery_given_up task=%s error=%s", delivery.task_id, name)


class TaskSentinel(Sentinel):  # type: ignore[misc]  # django-q2 has no types
    """The process that starts workers, pusher and monitor, and again when one has died."""

    def __init__(self, stop: Flag, started: Flag) -> None:
        super().__init__(stop, started, uuid.uuid4(), start=False)
        wire.free_worker = wire.Bell()
        self.event_out = Flag()
        self.task_queue = PacketQueue()
        self.result_queue = PacketQueue()
        self.broker.deliver = self.task_queue.put
        self.start()

    def spawn_worker(self) -> None:
        timer = Timer()
        calls = Calls(self.task_queue, timer)
        self.spawn_process(worker, calls, self.result_queue, timer, self.timeout)


class TaskCluster:
    """A sentinel with its workers, until it is told to stop by SIGTERM or SIGINT."""

    def __init__(self) -> None:
        self._stop = Flag()
        self._sentinel: BaseProcess | None = None

    def run(self) -> None:
        """Return when everything has ended in order."""
        memory.give_back_large_blocks()
        connections.close_all()  # the children must not inherit one
        # Until a child has a handler of its own this signal means nothing to it.
        signal.signal(STOP_SIGNAL, signal.SIG_IGN)
        os.register_at_fork(after_in_child=_leave_the_group_and_die_with_the_parent)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        registry.preload()
        # The children share what is there now, until somebody writes to it: the collector, which
        # marks what it looks at, is not to look at it any more.
        gc.collect()
        gc.freeze()
        while not self._stop.is_set():
            self._run_once()

    def _run_once(self) -> None:
        self._sentinel = get_mp_context().Process(target=TaskSentinel, args=(self._stop, Flag()))
        self._sentinel.start()
        self._sentinel.join()
        if not self._stop.is_set():
            logger.error("sentinel_died code=%s; starting it again", self._sentinel.exitcode)
            time.sleep(1)

    def _on_signal(self, number: int, frame: Any) -> None:
        if self._stop.is_set():
            return
        self._stop.set()
        for process in psutil.Process().children(recursive=True):
            _send(process, STOP_SIGNAL)
        last_resort = threading.Timer(get_conf().stop_within.total_seconds(), _kill_all)
        last_resort.daemon = True
        last_resort.start()


def _kill_all() -> None:
    family = psutil.Process().children(recursive=True)
    logger.error("workers_killed count=%d", len(family))
    for process in family:
        _send(process, signal.SIGKILL)


def _send(process: psutil.Process, number: int) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):  # it may be faster
        process.send_signal(number)


def _leave_the_group_and_die_with_the_parent() -> None:
    # Supervisors and terminals signal the whole process group. Only the command is to hear it,
    # and stops the others in order.
    os.setpgrp()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
