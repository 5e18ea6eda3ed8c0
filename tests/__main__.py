"""`python -m tests [pytest's arguments]`: the whole suite in parallel, with a Chromium found or fetched."""

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


def chromium() -> str | None:
    """One on the machine, else Playwright's own (None: it knows where), else the system's package."""
    if found := os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None):
        return found
    if subprocess.call([sys.executable, "-m", "playwright", "install", "chromium"]) == 0:
        return None
    administrator = [] if os.geteuid() == 0 else ["sudo", "-n"]
    for command in (
        ["apt-get", "install", "-y", "-q", "chromium"],
        ["dnf", "install", "-y", "chromium"],
        ["apk", "add", "chromium"],
    ):
        if shutil.which(command[0]):
            if command[0] == "apt-get":
                subprocess.call([*administrator, "apt-get", "update", "-q"])
            subprocess.call([*administrator, *command])
    if found := next(filter(None, map(shutil.which, NAMES)), None):
        return found
    sys.exit("The browser tests need Chromium: install it, or name one in CHROMIUM.")


def main() -> None:
    arguments = sys.argv[1:]
    if found := chromium():
        os.environ["CHROMIUM"] = found
    if not any(argument.startswith(("-n", "--numprocesses", "--pdb", "-s")) for argument in arguments):
        arguments = ["-n", "auto", "--dist", "worksteal", *arguments]
    os.execv(sys.executable, [sys.executable, "-m", "pytest", *arguments])


if __name__ == "__main__":
    main()
