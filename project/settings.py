"""The only settings; every value that differs between installations comes from the environment."""

from __future__ import annotations

import os
from datetime import timedelta
from importlib.metadata import entry_points
from pathlib import Path

from platformdirs import user_data_path

from project.env import env_bool, env_int, env_list, env_path, env_secret, env_str, own_secret
from project.localdb import database_settings

BASE_DIR = Path(__file__).resolve().parent.parent

# --- where things lie -------------------------------------------------------------------------
CYTOLOOP_DATA_DIR = env_path("CYTOLOOP_DATA_DIR", user_data_path("cytoloop"))
# Weights of models that answer prompts, in a folder of its name for each.
CYTOLOOP_PROMPTER_DIR = env_path("CYTOLOOP_PROMPTER_DIR", CYTOLOOP_DATA_DIR / "prompters")
CYTOLOOP_STARTERS_DIR = env_path("CYTOLOOP_STARTERS_DIR", BASE_DIR / "training" / "starters")
CYTOLOOP_HOST = env_str("CYTOLOOP_HOST", "127.0.0.1")
CYTOLOOP_PORT = env_int("CYTOLOOP_PORT", 8000)  # 0: any free port
CYTOLOOP_OFFLINE = env_bool("CYTOLOOP_OFFLINE", True)  # True: no request leaves the machine
BROKER_URL = env_secret("BROKER_URL")  # empty: the database is the queue
CYTOLOOP_OWNER = env_str("CYTOLOOP_OWNER", "owner")  # the account made at the first start

# --- work -------------------------------------------------------------------------------------
CYTOLOOP_LEASE_S = env_int("CYTOLOOP_LEASE_S", 60)
CYTOLOOP_METRICS_TOKEN = env_secret("CYTOLOOP_METRICS_TOKEN")  # empty: administrators only
# The worker processes of `manage.py up`, split by |; each serves the queues that it names.
CYTOLOOP_WORKERS = env_str("CYTOLOOP_WORKERS", "images default | predict.* | train.*")
CYTOLOOP_RING_AGAIN_S = env_int("CYTOLOOP_RING_AGAIN_S", 120)  # a row waits without a message
CYTOLOOP_CPUS = env_int("CYTOLOOP_CPUS", os.cpu_count() or 1)
CYTOLOOP_WARM_IDLE_S = env_int("CYTOLOOP_WARM_IDLE_S", 900)
CYTOLOOP_WARM_MAX_MIB = env_int("CYTOLOOP_WARM_MAX_MIB", 4096)
CYTOLOOP_PART_PX = env_int("CYTOLOOP_PART_PX", 4096)  # larger images are predicted in parts
CYTOLOOP_SELECT_S = env_int("CYTOLOOP_SELECT_S", 60)  # for second looks at drafts, per selection
CYTOLOOP_TRAIN_MAX_MIB = env_int("CYTOLOOP_TRAIN_MAX_MIB", 0)  # 0: as much as the machine gives
CYTOLOOP_DEVICE = env_str("CYTOLOOP_DEVICE", "cpu")  # of the engines: cpu, cuda, cuda:1 …
CYTOLOOP_MAX_UPLOAD_MIB = env_int("CYTOLOOP_MAX_UPLOAD_MIB", 8192)
CYTOLOOP_MAX_SIDE_PX = env_int("CYTOLOOP_MAX_SIDE_PX", 20_000)
CYTOLOOP_INGEST_TIMEOUT_S = env_int("CYTOLOOP_INGEST_TIMEOUT_S", 900)
CYTOLOOP_INGEST_MAX_MIB = env_int("CYTOLOOP_INGEST_MAX_MIB", 4096)  # address space of the reader
CYTOLOOP_MAX_IMAGE_MIB = env_int("CYTOLOOP_MAX_IMAGE_MIB", 16_384)  # of all planes, once unpacked
CYTOLOOP_MAX_PAGES = env_int("CYTOLOOP_MAX_PAGES", 2_000)  # of one TIFF file
# Interpreter of an engine's child process; empty: its own environment's when it has one, else the
# one that runs the site. Also the list of engines that workers serve, so engines of other packages
# must be in it.
CYTOLOOP_ENGINE_PYTHON = {
    name: env_str(f"CYTOLOOP_ENGINE_PYTHON_{name.upper()}")
    for name in (
        *("stardist", "stardist_3d", "cellpose", "threshold", "cellpose_sam"),
        *entry_points(group="cytoloop.engines").names,
    )
}

# --- Django -----------------------------------------------------------------------------------
DEBUG = env_bool("CYTOLOOP_DEBUG", False)
SECRET_KEY = env_secret("CYTOLOOP_SECRET_KEY") or own_secret(CYTOLOOP_DATA_DIR / "secret-key")
# The machine itself always: the start, the container's health check and probes ask there.
ALLOWED_HOSTS = [
    *env_list("CYTOLOOP_ALLOWED_HOSTS"),
    *(CYTOLOOP_HOST, "localhost", "127.0.0.1", "[::1]"),
]
CSRF_TRUSTED_ORIGINS = env_list("CYTOLOOP_TRUSTED_ORIGINS")
ROOT_URLCONF = "project.urls"
ASGI_APPLICATION = "project.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
SITE_ID = 1

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "allauth",
    "allauth.account",
    "axes",
    "csp",
    "project.broker.QueueTables",
    "drf_spectacular",
    "knox",
    "rest_framework",
    "project",
    "annotations",
    "training",
]
MIDDLEWARE = [
    "project.request_ids.request_ids",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "axes.middleware.AxesMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "project" / "templates"],
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
DATABASES = {"default": database_settings(env_secret("DATABASE_URL"), CYTOLOOP_DATA_DIR)}
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "cache"},
    # Of one process, and gone with it.
    "memory": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
}

# --- people -----------------------------------------------------------------------------------
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "project.accounts.ClosedSignupAdapter"
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
AXES_VERBOSE = False  # else each process greets in the log
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = 0.25  # hours
# Not by address alone: behind a proxy or in a lab everybody has the same one.
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_TEMPLATE = "429.html"
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = env_bool("CYTOLOOP_HTTPS", False)
SECURE_HSTS_SECONDS = 31_536_000 if SESSION_COOKIE_SECURE else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if SESSION_COOKIE_SECURE else None
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:", "blob:"],
        "style-src": ["'self'", "'unsafe-inline'"],  # OpenSeadragon sets inline styles
        "worker-src": ["'self'", "blob:"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'self'"],
        "form-action": ["'self'"],
    }
}

# --- API --------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "knox.auth.TokenAuthentication",
        "project.page_owner.PageAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PAGINATION_CLASS": "project.drf.Pages",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "project.drf.exception_handler",
    "PAGE_SIZE": 50,
}
REST_KNOX = {"TOKEN_TTL": timedelta(days=env_int("CYTOLOOP_TOKEN_DAYS", 365))}
SPECTACULAR_SETTINGS = {
    "TITLE": "cytoloop",
    "DESCRIPTION": "Annotate, train, predict, correct.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "DifferenceKindEnum": "annotations.labels.differences.Kind",
        "LayerKindEnum": "annotations.models.LayerKind",
        "ImageStateEnum": "annotations.models.ImageState",
        "InstanceStateEnum": "annotations.models.InstanceState",
        "TourStatusEnum": "annotations.models.TourStatus",
        "TourStepEnum": "annotations.models.TourStep",
        "RegionStateEnum": "annotations.models.RegionState",
        "RunStateEnum": "training.models.RunState",
    },
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 9 * 1024 * 1024  # one tus piece of 8 MiB

# --- static files -----------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = CYTOLOOP_DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "project" / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {"format": "{asctime} {levelname} {name}{request_note}: {message}", "style": "{"}
    },
    "filters": {"request_id": {"()": "project.request_ids.AddRequestId"}},
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "plain",
            "filters": ["request_id"],
        }
    },
    "root": {"handlers": ["console"], "level": env_str("CYTOLOOP_LOG_LEVEL", "INFO")},
}
