from django_tasks import task

from bench.stamps import stamp


@task()
def noop(token: str) -> None:
    stamp(token)
