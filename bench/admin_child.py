"""
Opens each page of the admin as often as told on stdin, and answers with JSON.

By the name of a page: the seconds it took each time, and how many queries it makes.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import django

#: At first connections are new, templates are compiled and nothing is planned.
WARM_UP = 3


def main() -> None:
    django.setup()
    browser, pages = _browser(), _pages()
    for line in sys.stdin:
        found = {name: _open(browser, url, int(line)) for name, url in pages.items()}
        sys.stdout.write(json.dumps(found) + "\n")
        sys.stdout.flush()


def _browser() -> Any:
    from django.conf import settings
    from django.contrib.auth.models import User
    from django.test import Client

    settings.ALLOWED_HOSTS = ["*"]
    browser = Client()
    browser.force_login(User.objects.create_superuser("bench"))
    return browser


def _pages() -> dict[str, str]:
    from tasks.admin import CappedPaginator
    from tasks.admin.tasks import TaskInfoAdmin
    from tasks.models import TaskInfo

    tasks = "/admin/tasks/taskinfo/"
    one = TaskInfo.objects.filter(status="completed").values_list("pk", flat=True)[:1].get()
    most = min(CappedPaginator.most, TaskInfo.objects.count())
    return {
        "tasks, the newest": tasks,
        "tasks, the last page there is": f"{tasks}?p={most // TaskInfoAdmin.list_per_page}",
        "tasks, failed": f"{tasks}?state=failed",
        "tasks, waiting": f"{tasks}?state=pending",
        "tasks, of a rare kind": f"{tasks}?kind=tasks.selftest",
        "tasks, of users": f"{tasks}?of=users",
        "tasks, of users and failed": f"{tasks}?of=users&state=failed",
        "tasks, of the command line (none)": f"{tasks}?of=command",
        "tasks, by id": f"{tasks}?q={one}",
        "tasks, by user name": f"{tasks}?q=user11",
        "tasks, by a word that one in six has": f"{tasks}?q=xadrez",
        "tasks, by two words that few have": f"{tasks}?q=python+498",
        "tasks, by a word that all have": f"{tasks}?q=generate",
        "tasks, by a word that none has": f"{tasks}?q=nothing",
        "a task": f"{tasks}{one}/change/",
        "queue": "/admin/tasks/queue/",
    }


def _open(browser: Any, url: str, times: int) -> dict[str, Any]:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    took: list[float] = []
    for _ in range(times + WARM_UP):
        began = time.perf_counter()
        response = browser.get(url)
        took.append(time.perf_counter() - began)
        if response.status_code != 200:
            raise RuntimeError(f"{url}: {response.status_code}")
    with CaptureQueriesContext(connection) as queries:
        browser.get(url)
    return {"seconds": took[WARM_UP:], "queries": len(queries)}


if __name__ == "__main__":
    main()
