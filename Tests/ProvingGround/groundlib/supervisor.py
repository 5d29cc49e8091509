"""Process 1 of the ground's own namespaces: lays the network, starts every part, and watches over them.

It runs under `unshare --net --mount --pid --fork --kill-child`: whatever ends it or its parent ends everything it started, and the
kernel takes the namespaces, with their interfaces and mounts, along.
"""

import argparse
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from . import assets, bootstrap, controlplane, haproxy, kubeconfig, namespaces, pki, seed
from .errors import GroundError
from .kubeapi import Api, ApiError
from .layout import Layout
from .packages import program
from .processes import Processes
from .worker import logger, settings_from

HOME = Path(__file__).resolve().parent.parent
# For one step, on a machine that is busy with other things.
STEP_SECONDS = 240


class Supervisor:
    def __init__(self, layout, settings_path):
        self.layout, self.settings_path = layout, settings_path
        self.settings = settings_from(settings_path)
        self.processes = Processes(layout.logs)
        self.log = logger("supervisor")
        self.begun = time.monotonic()

    def start(self):
        # Read before the first slow step, so that a wrong --crds is an answer and not a wait.
        crds = bootstrap.definitions(self.settings.crds)
        programs = assets.require()
        namespaces.lay_bridge()
        pki.make(self.layout.pki)
        tokens = kubeconfig.write_all(self.layout)
        self.run("etcd", controlplane.etcd(programs, self.layout))
        saved = crds and seed.path_for(crds, programs["kube-apiserver"])
        seeded = crds and self.seed(saved)
        self.run("kube-apiserver", controlplane.apiserver(programs, self.layout, self.settings))
        self.start_front()
        holders = {zone: self.open_zone(zone) for zone in self.settings.zones}
        self.api = Api(kubeconfig.server(), str(self.layout.pki / "ca.crt"), tokens["ground"], timeout=20)
        self.wait("the API server", lambda: self.api.get("/readyz") == "ok")
        self.run("kube-controller-manager", controlplane.controller_manager(programs, self.layout))
        self.run("kube-scheduler", controlplane.scheduler(programs, self.layout))
        for zone, holder in holders.items():
            self.run(f"node-agent-{zone}", [program("nsenter"), f"--net=/proc/{holder}/ns/net", *self.module("nodeagent"), "--zone", zone,
                                            "--api", self.private("agent.json"), "--settings", self.settings_path, "--logs", self.layout.logs])
        self.run("endpoints", [*self.module("endpoints"), "--api", self.private("endpoints.json"), "--settings", self.settings_path,
                               "--socket", self.layout.haproxy_socket])
        self.run("pv-binder", [*self.module("pvbinder"), "--api", self.private("binder.json"), "--folder", self.layout.volumes])
        self.wait("the roles", self.make_roles)
        if crds:
            bootstrap.install_crds(self.api, crds, seeded)
            self.log(f"{len(crds)} definitions: there after {time.monotonic() - self.begun:.1f} s")
        self.wait("the nodes", self.nodes_ready)
        self.wait("HAProxy", lambda: haproxy.servers(self.layout.haproxy_socket, haproxy.BACKEND))
        if crds and not seeded:
            seed.save(saved, seed.Etcd())

    def seed(self, path):
        """Puts the definitions of an earlier ground into etcd, while nobody else uses it."""
        if not path.exists():
            return False
        etcd = seed.Etcd()
        self.wait("etcd", etcd.healthy)
        return seed.restore(path, etcd)

    def start_front(self):
        path = self.layout.private / "haproxy.cfg"
        path.write_text(haproxy.configuration(self.layout, self.settings))
        self.run("haproxy", [program("haproxy"), "-db", "-f", path])

    def open_zone(self, zone):
        """A process that does nothing but keep the zone's network namespace open."""
        holder = self.run(f"zone-{zone}", [program("unshare"), "--net", "--", program("sleep"), "infinity"]).pid
        own = os.stat("/proc/self/ns/net").st_ino
        self.wait(f"the network of {zone}", lambda: os.stat(f"/proc/{holder}/ns/net").st_ino != own)
        namespaces.lay_cable(self.settings, zone, holder)
        return holder

    def run(self, name, command):
        # Proxies and other settings of the caller have no business in here.
        kept = ("PATH", "HOME", "LANG", "TMPDIR", "PYTHONPYCACHEPREFIX")
        environment = {variable: os.environ[variable] for variable in kept if variable in os.environ}
        environment.update(PYTHONPATH=str(HOME), PYTHONUNBUFFERED="1")
        return self.processes.start(name, command, environment)

    @staticmethod
    def module(name):
        return [sys.executable, "-m", f"groundlib.{name}"]

    def private(self, name):
        return self.layout.private / name

    def make_roles(self):
        bootstrap.roles(self.api)
        return True

    def nodes_ready(self):
        nodes = self.api.get("/api/v1/nodes")["items"]
        ready = [node for node in nodes if not node["spec"].get("taints") and any(
            c["type"] == "Ready" and c["status"] == "True" for c in node["status"].get("conditions") or [])]
        return len(ready) == len(self.settings.zones) * self.settings.nodes_per_zone

    def wait(self, what, done):
        """Until `done` says yes; an ended part or the time limit is an error that names the log."""
        last = ""
        deadline = time.monotonic() + STEP_SECONDS
        while time.monotonic() < deadline:
            self.watch_over()
            if self.processes.ended:
                name, code = next(iter(self.processes.ended.items()))
                raise GroundError(f"{name} ended with exit code {code}:\n{self.tail(name)}")
            try:
                if done():
                    self.log(f"{what}: there after {time.monotonic() - self.begun:.1f} s")
                    return
            except (ApiError, OSError, StopIteration) as error:
                last = str(error)
            time.sleep(0.05)
        raise GroundError(f"{what} did not come up in {STEP_SECONDS} s; last: {last}")

    def tail(self, name, lines=8):
        text = (self.layout.logs / f"{name}.log").read_text(errors="replace")
        return "\n".join(text.splitlines()[-lines:])

    def watch_over(self):
        for name in self.processes.reap():
            self.log(f"{name} ended with exit code {self.processes.ended[name]}")
            self.layout.write(self.layout.components, self.processes.describe())


def prepare_mounts(layout):
    """A /proc of our own processes, and memory for etcd: it syncs every write, and nothing of it is to be kept."""
    for arguments in (["-t", "proc", "proc", "/proc"], ["-t", "tmpfs", "-o", "size=2g,mode=700", "tmpfs", str(layout.etcd)]):
        subprocess.run([program("mount"), *arguments], check=True, stdin=subprocess.DEVNULL)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--state", required=True)
    parser.add_argument("--settings", required=True)
    options = parser.parse_args()
    layout = Layout(options.state)
    # /proc is still that of the host here, so this is the number by which the outside knows us.
    init = int(os.readlink("/proc/self"))
    layout.write(layout.root / "init.json", {"init": init})
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: sys.exit(0))
    prepare_mounts(layout)
    supervisor = Supervisor(layout, options.settings)
    try:
        supervisor.start()
    except (GroundError, ApiError, OSError) as error:
        layout.write(layout.root / "failed.json", {"error": str(error)})
        sys.exit(1)
    layout.write(layout.components, supervisor.processes.describe())
    layout.write(layout.ready, {"init": init, "seconds": round(time.monotonic() - supervisor.begun, 2)})
    while True:
        supervisor.watch_over()
        time.sleep(0.2)


if __name__ == "__main__":
    main()
