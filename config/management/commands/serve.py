import fcntl
import hashlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from contextlib import suppress
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote
from urllib.request import Request, urlopen

import psutil
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, connections
from django.db.migrations.executor import MigrationExecutor

from config import database
from config.catalogs import compile_stale
from config.checks import refuse_unsafe
from config.health import readiness
from staff.demo import PASSWORD
from staff.models import User

MARK = "KVAR_SERVED_FROM"  # in the environment of every process started here: how the next start knows them again
UNUSED = ["rest_framework", "redoc"]  # static files of pages that we do not have
STOP = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
PATIENCE = 15  # seconds for a process to end by itself
RESTARTS_PER_MINUTE = 5


class Command(BaseCommand):
    help = "Prepare the database and serve the desk: web server and worker, until Ctrl-C. PORT and HOST say where."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        self.host = os.environ.get("HOST", "127.0.0.1")
        self.port = _port()
        self.address = f"http://{'localhost' if self.host in ('127.0.0.1', '0.0.0.0') else self.host}:{self.port}/"  # noqa: S104  asked, not bound
        self.children: dict[str, subprocess.Popen[bytes]] = {}
        for number in STOP:  # Ctrl-C too: a shell starts what runs in its background deaf to it
            signal.signal(number, signal.default_int_handler)
        Path(settings.VAR_DIR).mkdir(parents=True, exist_ok=True)
        try:
            with (Path(settings.VAR_DIR) / "serve.lock").open("a+") as lock:
                self.take_over(lock)
                self.prepare()
                self.start("web")  # comes up while the demo is loaded
                self.load_demo()
                self.start("worker")
                self.wait_until_ready()
                self.greet()
                self.watch()
        except KeyboardInterrupt:
            self.stdout.write("Stopping.")
        finally:
            for number in STOP:
                signal.signal(number, signal.SIG_IGN)
            with suppress(psutil.NoSuchProcess):  # ended meanwhile
                _end([psutil.Process(child.pid) for child in self.children.values() if child.poll() is None])
            _end(_marked())

    def take_over(self, lock: IO[str]) -> None:
        """End what serves from this folder already, alive or left behind by a kill."""
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            with suppress(ValueError, psutil.NoSuchProcess):  # it has ended, or had not said who it is
                older = psutil.Process(int(lock.read()))
                self.stdout.write(f"Taking over from the one already running here ({older.pid}).")
                _end([older])
            fcntl.flock(lock, fcntl.LOCK_EX)
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        _end(_marked())
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((self.host, self.port))
            except OSError as error:
                raise CommandError(f"Port {self.port} is taken ({error.strerror}). Try PORT=8001 make run.") from error

    def prepare(self) -> None:
        """Bring database, catalogs and static files up to date; what is current already costs next to nothing."""
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            self.stdout.write("Preparing the database …")
            call_command("migrate", verbosity=0)
        call_command("createcachetable")  # here, since a start may have been killed after its migrations
        call_command("sync_roles")
        try:
            refuse_unsafe()
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from error
        compile_stale()
        _collect_static()
        connections.close_all()

    def load_demo(self) -> None:
        """Into an empty database, whole or not at all: one that was interrupted begins anew."""
        if settings.DEMO and not User.objects.exists():
            self.stdout.write("Loading the demo company …")
            call_command("load_demo")
        connections.close_all()

    def start(self, name: str) -> None:
        command = {
            "web": [
                *("-m", "granian", "--interface", "wsgi", "config.wsgi:application", "--no-ws"),
                *("--host", self.host, "--port", str(self.port), "--log-level", "warning"),
                *("--workers", os.environ.get("WEB_WORKERS", str(min(os.cpu_count() or 1, 4)))),
                *("--blocking-threads", "4", "--respawn-failed-workers", "--workers-kill-timeout", "5"),
            ],
            "worker": [
                *("manage.py", "procrastinate", "worker", "--name", "kvar", "--concurrency", "4"),
                *("--delete-jobs", "successful", "--shutdown-graceful-timeout", "8"),
            ],
        }[name]
        at = settings.DATABASES["default"]
        own = {
            MARK: str(settings.VAR_DIR),
            "DJANGO_SETTINGS_MODULE": os.environ["DJANGO_SETTINGS_MODULE"],
            # The launcher alone starts and stops the embedded server.
            "DATABASE_URL": os.environ.get("DATABASE_URL")
            or f"postgres://{at['USER']}@/{at['NAME']}?host={quote(str(at['HOST']))}",
        }
        self.children[name] = subprocess.Popen(  # noqa: S603  our own commands
            [sys.executable, *command],
            cwd=settings.BASE_DIR,
            env=os.environ | own,
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C reaches the launcher only, which ends the others in order
        )

    def wait_until_ready(self) -> None:
        ask = Request(f"http://{self.host}:{self.port}/readyz", headers={"Host": settings.ALLOWED_HOSTS[0]})
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if dead := [name for name, child in self.children.items() if child.poll() is not None]:
                raise CommandError(f"Could not start: {dead[0]} ended at once, see above.")
            if all(readiness().values()):  # the page would log each time that it is not
                with suppress(OSError), urlopen(ask, timeout=5):  # noqa: S310  our own address, perhaps not open yet
                    return
            time.sleep(0.1)
        raise CommandError("Started, but not ready after a minute: see /readyz.")

    def greet(self) -> None:
        self.stdout.write(f"\n  Kvar is ready: {self.address}\n")
        people = User.objects.filter(is_demo=True).order_by("pk").prefetch_related("groups") if settings.DEMO else []
        if people:
            self.stdout.write(f"  Log in with the password {PASSWORD} as")
            for person in people:
                self.stdout.write(f"    {person.username:8} {person.groups.all()[0].name:14} {person}")
        self.stdout.write("\n  Ctrl-C ends it.")
        connections.close_all()

    def watch(self) -> None:
        """Until interrupted: what dies is started again, unless it keeps dying."""
        deaths: deque[float] = deque(maxlen=RESTARTS_PER_MINUTE)
        embedded = Path(settings.VAR_DIR) / "postgres" if "DATABASE_URL" not in os.environ else None
        while True:
            time.sleep(0.5)
            dead = [name for name, child in self.children.items() if child.poll() is not None]
            database_died = embedded is not None and not database.is_alive(embedded)
            if not dead and not database_died:
                continue
            if len(deaths) == RESTARTS_PER_MINUTE and deaths[0] > time.monotonic() - 60:
                raise CommandError("Given up: it keeps ending, see above.")
            deaths.append(time.monotonic())
            self.stderr.write(f"Starting again: {', '.join(['database'] * database_died + dead)}.")
            if embedded is not None and database_died:
                database.embedded(embedded)
            for name in dead:
                _end(_marked(self.children[name].pid))  # a server's own workers may outlive it and hold the port
                self.start(name)


def _port() -> int:
    given = os.environ.get("PORT") or "8000"
    if not given.isdigit() or not 0 < int(given) < 65536:
        raise CommandError(f"PORT must be a number from 1 to 65535, not {given!r}.")
    return int(given)


def _marked(session: int | None = None) -> list[psutil.Process]:
    """The processes ever started from this folder's launcher, or those of one session of them."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):  # gone meanwhile, or another's
            if session is not None and os.getsid(process.pid) != session:
                continue
            if process.pid != os.getpid() and process.environ().get(MARK) == str(settings.VAR_DIR):
                found.append(process)
    return found


def _end(processes: list[psutil.Process]) -> None:
    """Ask, wait, insist."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):  # ended by itself
            process.terminate()
    _, stubborn = psutil.wait_procs(processes, timeout=PATIENCE)
    for process in stubborn:
        with suppress(psutil.NoSuchProcess):  # ended by itself
            process.kill()
    psutil.wait_procs(stubborn, timeout=PATIENCE)


def _collect_static() -> None:
    """Copy, hash and compress the static files, unless that was finished for exactly these files before."""
    if settings.DEBUG:
        return
    seen = hashlib.sha256()
    for finder in get_finders():
        for path, storage in finder.list(UNUSED):
            stat = os.stat(storage.path(path))
            seen.update(f"{path} {stat.st_size} {stat.st_mtime_ns}\n".encode())
    stamp = Path(settings.VAR_DIR) / "static.sha256"
    if stamp.exists() and stamp.read_text() == seen.hexdigest() and Path(settings.STATIC_ROOT).exists():
        return
    stamp.unlink(missing_ok=True)
    call_command("collectstatic", interactive=False, clear=True, ignore_patterns=UNUSED, verbosity=0)
    stamp.write_text(seen.hexdigest())
