"""The state directory: what is where, who owns it, and how leftovers of killed grounds are recognised.

ground.json in it is the marker: only a directory that has one (or that we made this moment) is ever removed.
"""

import json
import os
import shutil
import tempfile
import time
from pathlib import Path

from .errors import GroundError

PREFIX = "dr-ground-"
# sockaddr_un.sun_path holds 108 bytes; HAProxy binds its socket under a temporary, longer name first.
LONGEST_SOCKET_PATH = 90
FRONT_PORT = 8080
API_PORT = 6443


class Layout:
    """Names of everything in one state directory."""

    def __init__(self, root):
        self.root = Path(root).absolute()
        self.marker = self.root / "ground.json"
        self.ready = self.root / "ready.json"
        self.components = self.root / "components.json"
        self.kubeconfig = self.root / "kubeconfig"
        self.audit_log = self.root / "audit.jsonl"
        self.haproxy_socket = self.root / "haproxy.sock"
        self.logs = self.root / "logs"
        self.private = self.root / "private"
        self.pki = self.private / "pki"
        self.etcd = self.private / "etcd"
        self.volumes = self.root / "volumes"

    @property
    def front_url(self):
        return f"http://127.0.0.1:{FRONT_PORT}"

    def exports(self):
        return {
            "KUBECONFIG": str(self.kubeconfig),
            "DR_GROUND_STATE": str(self.root),
            "DR_GROUND_HAPROXY_SOCKET": str(self.haproxy_socket),
            "DR_GROUND_FRONT_URL": self.front_url,
            "DR_GROUND_AUDIT_LOG": str(self.audit_log),
        }

    def read(self, path):
        """A JSON file of the state directory, or None where it is not there (yet)."""
        try:
            return json.loads(path.read_text())
        except (FileNotFoundError, NotADirectoryError, json.JSONDecodeError):
            return None

    def write(self, path, value):
        """Whole or not at all, for readers poll these files."""
        aside = path.with_name(f".{path.name}.{os.getpid()}")
        aside.write_text(json.dumps(value, indent=1) + "\n")
        aside.rename(path)

    def alive(self):
        marker = self.read(self.marker)
        return bool(marker and process_is(marker.get("keeper"), marker.get("keeperStarted")))

    def init_pid(self):
        """The process, as the host counts, whose namespaces are the ground's."""
        marker, ready = self.read(self.marker), self.read(self.ready)
        if not marker or not self.alive():
            raise GroundError(f"no ground is running in {self.root}: start one with `ground up`")
        if not ready:
            raise GroundError(f"the ground in {self.root} is not ready yet (its logs are in {self.logs})")
        return ready["init"]


def started_at(pid):
    """Start time of a process in clock ticks since boot: with it a reused pid is not mistaken for ours."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[19])
    except (OSError, IndexError, ValueError):
        return None


def process_is(pid, started):
    """Whether that very process is still running; one that waits to be reaped is not."""
    if not pid or started is None or started_at(pid) != started:
        return False
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in ("Z", "X")
    except OSError:
        return False


def create(state):
    """Makes the state directory, or a fresh temporary one; refuses one that holds something else."""
    collect_stale()
    if state is None:
        root = Path(tempfile.mkdtemp(prefix=PREFIX))
    else:
        root = Path(state).absolute()
        layout = Layout(root)
        if layout.alive():
            raise GroundError(f"a ground is running in {root} already: `ground down --state {root}` ends it")
        if layout.marker.exists():
            remove(layout)
        if root.exists() and any(root.iterdir()):
            raise GroundError(f"{root} is not empty and no ground made it: name another directory")
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
    layout = Layout(root)
    if len(str(layout.haproxy_socket)) > LONGEST_SOCKET_PATH:
        root.rmdir()
        raise GroundError(f"{root} is too long a path for a Unix socket: name a shorter one with --state or TMPDIR")
    for folder in (layout.logs, layout.private, layout.pki, layout.etcd, layout.volumes):
        folder.mkdir(mode=0o700)
    return layout


def grounds():
    """Every state directory with a marker that was made without --state."""
    return [Layout(path) for path in sorted(Path(tempfile.gettempdir()).glob(f"{PREFIX}*")) if (path / "ground.json").exists()]


def remove(layout):
    """Removes the state directory, also when a process on its way out writes one more file meanwhile."""
    for _ in range(5):
        shutil.rmtree(layout.root, ignore_errors=True)
        if not layout.root.exists():
            return
        time.sleep(0.2)


def collect_stale():
    """Removes the directories of grounds whose keeper was killed together with its owner."""
    for layout in grounds():
        if not layout.alive():
            remove(layout)


def resolve(state):
    """The ground that a command means: --state, $DR_GROUND_STATE, or the only one that runs."""
    state = state or os.environ.get("DR_GROUND_STATE")
    if state:
        return Layout(state)
    running = [layout for layout in grounds() if layout.alive()]
    if len(running) == 1:
        return running[0]
    if not running:
        raise GroundError("no ground is running: start one with `ground up`, or name its directory with --state")
    raise GroundError("several grounds are running, name one with --state: " + ", ".join(str(each.root) for each in running))
