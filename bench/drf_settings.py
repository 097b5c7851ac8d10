"""Reune's settings, for a server with the views of bench/drf_urls.py."""

from reune.settings import *  # noqa: F403

ROOT_URLCONF = "bench.drf_urls"
MIDDLEWARE = [
    "django.middleware.http.ConditionalGetMiddleware",  # Django's own ETag and 304
    *MIDDLEWARE,  # noqa: F405
]
