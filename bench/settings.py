"""The settings under measurement: the shop window's, on a database of their own beside the demo's."""

import os

os.environ.setdefault("KVAR_DEMO", "1")
os.environ.setdefault("LOG_LEVEL", "WARNING")

from config.settings import *  # noqa: F403  the settings of the shop window, on another database
from config.settings import DATABASES

DATABASES["default"]["NAME"] = os.environ.get("KVAR_BENCH_DATABASE", "kvar_bench")
