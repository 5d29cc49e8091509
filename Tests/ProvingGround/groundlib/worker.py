"""What the ground's own long-running processes share: settings from a file, and log lines with a time."""

import datetime
import json
import sys
from pathlib import Path

from .settings import Settings


def settings_from(path):
    return Settings(**json.loads(Path(path).read_text()))


def logger(name):
    def log(text):
        now = datetime.datetime.now(datetime.timezone.utc).strftime("%H:%M:%S.%f")[:-3]
        print(f"{now} {name}: {text}", file=sys.stderr, flush=True)
    return log


def timestamp(micro=False):
    """Now, as Kubernetes writes it: whole seconds, or microseconds in a Lease."""
    now = datetime.datetime.now(datetime.timezone.utc)
    return now.strftime("%Y-%m-%dT%H:%M:%S.%fZ" if micro else "%Y-%m-%dT%H:%M:%SZ")
