from datetime import timedelta

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.utils import timezone

SCHEDULE = "reune: daily cleanup"


def add_schedule(apps, schema_editor):
    """Run `cleanup` every day at 4:00 UTC. One that an operator has changed stays as it is."""
    schedule = apps.get_model("django_q", "Schedule")
    if schedule.objects.filter(name=SCHEDULE).exists():
        return
    today = timezone.now().replace(hour=4, minute=0, second=0, microsecond=0)
    schedule.objects.create(
        name=SCHEDULE,
        func="tasks.maintenance.cleanup",
        schedule_type="D",
        repeats=-1,
        next_run=today + timedelta(days=1),
    )


def remove_schedule(apps, schema_editor):
    apps.get_model("django_q", "Schedule").objects.filter(name=SCHEDULE).delete()


class Migration(migrations.Migration):
    """What the daily cleanup needs: an index on ended tasks, and its schedule."""

    atomic = False  # CREATE INDEX CONCURRENTLY cannot run inside a transaction

    dependencies = [
        ("tasks", "0003_queue_index"),
        ("django_q", "0019_alter_task_options_alter_ormq_key_alter_ormq_lock_and_more"),
    ]

    operations = [
        # One that was interrupted leaves an index that is never used; a second run makes it anew.
        migrations.RunSQL(
            "DROP INDEX CONCURRENTLY IF EXISTS tasks_taskinfo_ended", migrations.RunSQL.noop
        ),
        AddIndexConcurrently(
            "taskinfo",
            models.Index(
                name="tasks_taskinfo_ended",
                fields=["status", "completed_at"],
                condition=models.Q(("completed_at__isnull", False)),
            ),
        ),
        migrations.RunPython(add_schedule, remove_schedule),
    ]
