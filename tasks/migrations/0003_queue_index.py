from django.db import migrations


class Migration(migrations.Migration):
    """The order in which entries are taken, on Django-Q's table."""

    atomic = False  # CREATE INDEX CONCURRENTLY cannot run inside a transaction

    dependencies = [("tasks", "0002_engine")]

    operations = [
        # One that was interrupted has left an index that is not valid.
        migrations.RunSQL(
            sql="DROP INDEX CONCURRENTLY IF EXISTS tasks_queue_order",
            reverse_sql=migrations.RunSQL.noop,
        ),
        migrations.RunSQL(
            sql="CREATE INDEX CONCURRENTLY tasks_queue_order ON django_q_ormq (key, lock, id)",
            reverse_sql="DROP INDEX CONCURRENTLY IF EXISTS tasks_queue_order",
        ),
    ]
