"""Django-Q2 as it comes, with its own ORM broker."""

import environ

env = environ.Env()
SECRET_KEY = env.str("SECRET_KEY")
DATABASES = {"default": env.db_url("DATABASE_URL") | {"CONN_MAX_AGE": 60}}
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "django_q"]
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# No rows for what succeeded, as in Reune's settings: with the default of 250 it locks all of
# them for each task.
Q_CLUSTER = {
    "name": "bench",
    "orm": "default",
    "workers": env.int("WORKERS", 2),
    "timeout": 60,
    "retry": 120,
    "save_limit": -1,
}
