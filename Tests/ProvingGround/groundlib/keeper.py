"""The process outside of the namespaces that ends everything when the owner ends, and removes the state directory.

`ground up` starts it in a session of its own and reads its reports, one JSON object per line, from a pipe: `ready`, `error`, and
`ended` for a part that ended by itself. Were the keeper itself killed, the kernel would still end all that it started.
"""

import argparse
import json
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

from .layout import Layout, remove, started_at
from .packages import program
from .processes import die_with_parent


class Keeper:
    def __init__(self, layout, settings_path):
        self.layout = layout
        self.process = subprocess.Popen(
            [program("unshare"), "--net", "--mount", "--pid", "--fork", "--kill-child", "--",
             sys.executable, "-m", "groundlib.supervisor", "--state", str(layout.root), "--settings", settings_path],
            stdin=subprocess.DEVNULL, stdout=sys.stderr, preexec_fn=die_with_parent)
        self.reported_ready = False
        self.reported_ended = set()

    def report(self, **value):
        try:
            print(json.dumps(value), flush=True)
        except (BrokenPipeError, ValueError):
            pass  # `up --detach` has gone, and nobody listens any more

    def look(self):
        failed = self.layout.read(self.layout.root / "failed.json")
        if failed:
            self.report(error=failed["error"])
            return False
        ready = self.layout.read(self.layout.ready)
        if ready and not self.reported_ready:
            self.reported_ready = True
            self.report(ready=ready)
        if self.reported_ready:
            for name, state in (self.layout.read(self.layout.components) or {}).items():
                if "exit" in state and name not in self.reported_ended:
                    self.reported_ended.add(name)
                    self.report(ended=name, exit=state["exit"])
        return True

    def keep(self, owner):
        """Returns when the owner is gone, the ground has ended or failed, or a signal asks for the end."""
        poll = select.poll()
        if owner is not None:
            poll.register(owner, select.POLLIN)
        poll.register(os.pidfd_open(self.process.pid), select.POLLIN)
        while True:
            over = poll.poll(200)
            if not self.look():
                return
            if over:
                if self.process.poll() is not None and not self.reported_ready:
                    self.report(error=f"the supervisor ended with exit code {self.process.returncode}:\n{self.tail()}")
                return

    def tail(self):
        try:
            return "\n".join((self.layout.logs / "keeper.log").read_text(errors="replace").splitlines()[-12:])
        except OSError:
            return ""

    def end(self):
        """Kills process 1 of the namespaces: the kernel ends the others before `unshare` sees it gone."""
        init = self.layout.read(self.layout.root / "init.json")
        if self.process.poll() is None:
            if init:
                os.kill(init["init"], signal.SIGKILL)
            else:
                self.process.kill()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Ended(Exception):
    """SIGTERM or SIGINT: end in order."""


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--state", required=True)
    parser.add_argument("--settings", required=True)
    parser.add_argument("--owner-pid", type=int)
    parser.add_argument("--keep-state", action="store_true")
    options = parser.parse_args()
    layout = Layout(options.state)
    marker = {"keeper": os.getpid(), "keeperStarted": started_at(os.getpid()), "settings": layout.read(Path(options.settings)),
              "since": time.time()}
    layout.write(layout.marker, marker)

    def on_signal(*_):
        raise Ended

    keeper, code = None, 0
    try:
        signal.signal(signal.SIGTERM, on_signal)
        signal.signal(signal.SIGINT, on_signal)
        try:
            owner = os.pidfd_open(options.owner_pid) if options.owner_pid else None
        except ProcessLookupError:
            return  # gone before we began
        keeper = Keeper(layout, options.settings)
        keeper.keep(owner)
        code = 0 if keeper.process.poll() is None else 1
    except Ended:
        pass
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        if keeper:
            keeper.end()
        if not options.keep_state:
            remove(layout)
    sys.exit(code)


if __name__ == "__main__":
    main()
