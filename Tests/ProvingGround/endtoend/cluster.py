"""The state of the cluster that a runbook changes: looked at, compared, and put back."""

import contextlib
import json
import os
import signal
import subprocess
from pathlib import Path

from groundlib import client as open_loop, haproxy, namespaces
from groundlib.kubeapi import Api, ApiError
from groundlib.packages import program
from groundlib.processes import die_with_parent
from groundlib.settings import Settings
from groundlib.testing import GROUND, expect, namespaces_of, until

LABELS = {"az1": "cn-beijing-az1", "az2": "cn-beijing-az2"}
ZONE = "topology.kubernetes.io/zone"
NAMESPACE = "deepseek"
DEPLOYMENTS = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments"
AUTOSCALERS = f"/apis/autoscaling/v1/namespaces/{NAMESPACE}/horizontalpodautoscalers"
PODS = f"/api/v1/namespaces/{NAMESPACE}/pods"
NODES = "/api/v1/nodes"
LEASES = "/apis/coordination.k8s.io/v1/namespaces/default/leases"
NOTE = "dr-min-replicas-before"


def workload(zone):
    return f"deepseek-inference-{LABELS[zone]}"


class Cluster:
    """By the administrator's eyes and hands."""

    def __init__(self, layout):
        self.layout = layout
        self.settings = Settings(**layout.read(layout.marker)["settings"])
        token = (layout.private / "tokens.csv").read_text().split(",")[0]
        self.api = Api("https://127.0.0.1:6443", str(layout.pki / "ca.crt"), token, timeout=20)
        self.lost = set()

    def snapshot(self):
        """All that a runbook may change and that people look at afterwards."""
        autoscalers = self.api.get(AUTOSCALERS)["items"]
        return {
            "replicas": {item["metadata"]["name"]: item["spec"]["replicas"] for item in self.api.get(DEPLOYMENTS)["items"]},
            "minReplicas": {item["metadata"]["name"]: item["spec"].get("minReplicas", 1) for item in autoscalers},
            "notes": {item["metadata"]["name"]: (item["metadata"].get("annotations") or {}).get(NOTE) for item in autoscalers},
            "cordoned": {item["metadata"]["name"]: item["spec"].get("unschedulable", False) for item in self.api.get(NODES)["items"]},
            "weights": {name: server["weight"] for name, server in haproxy.servers(self.layout.haproxy_socket, haproxy.BACKEND).items()},
        }

    def pods(self, zone):
        return self.api.get(f"{PODS}?labelSelector={ZONE}%3D{LABELS[zone]}")["items"]

    def serves(self, zone, replicas):
        """Exactly that many pods, all of them ready and behind HAProxy."""
        pods = self.pods(zone)
        ready = [pod for pod in pods if "deletionTimestamp" not in pod["metadata"]
                 and any(c["type"] == "Ready" and c["status"] == "True" for c in pod["status"].get("conditions") or [])]
        slots = haproxy.servers(self.layout.haproxy_socket, haproxy.zone_backend(zone)).values()
        return len(pods) == len(ready) == replicas == sum(slot["up"] and not slot["disabled"] for slot in slots)

    def reset(self, seconds=60):
        """Back to where every run begins: a replica per zone, no node cordoned, all weight, no lock. A lost zone stays lost."""
        with contextlib.suppress(ApiError):
            self.api.delete(f"{LEASES}/dr-deepseek")
        for zone in LABELS:
            # The autoscaler first: with the old minimum it would raise the deployment again.
            self.api.patch(f"{AUTOSCALERS}/{workload(zone)}", {"metadata": {"annotations": {NOTE: None}}, "spec": {"minReplicas": 1}})
        for node in self.api.get(NODES)["items"]:
            self.cordon(node["metadata"]["name"], None)
        for zone, label in LABELS.items():
            self.api.patch(f"{DEPLOYMENTS}/{workload(zone)}", {"spec": {"replicas": 1}})
            haproxy.command(self.layout.haproxy_socket, f"set server {haproxy.BACKEND}/{label} weight 100%")
        self.settle(seconds)
        return self.snapshot()

    def settle(self, seconds=60):
        for zone in LABELS:
            if zone not in self.lost:
                until(f"one ready pod in {zone}", lambda: self.serves(zone, 1), seconds)

    def cordon(self, node, value=True):
        self.api.patch(f"{NODES}/{node}", {"spec": {"unschedulable": value}})

    def lose(self, zone):
        namespaces.set_uplink(self.settings, zone, False, self.layout.init_pid())
        self.lost.add(zone)

    def plug_in(self, zone):
        """Ends the loss of a zone, and leaves all else to others."""
        namespaces.set_uplink(self.settings, zone, True, self.layout.init_pid())
        self.lost.discard(zone)

    def restore(self, zone):
        """Plugs a lost zone in again, and waits until all is as every run begins."""
        self.plug_in(zone)
        return self.reset()

    def inside(self, zone, command):
        """The command line that runs a command in the network of a zone's nodes."""
        ground = namespaces_of(self.layout.init_pid())["pid"]
        for path in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                words = (path / "cmdline").read_text().split("\0")
                if {"groundlib.nodeagent", zone} <= set(words) and os.readlink(path / "ns/pid") == ground:
                    return [program("nsenter"), f"--net={path}/ns/net", "--", *command]
        raise AssertionError(f"no agent of {zone} is running")

    def holder(self):
        """Who holds the runbook's lock, "" when nobody does."""
        try:
            return self.api.get(f"{LEASES}/dr-deepseek")["spec"].get("holderIdentity") or ""
        except ApiError as error:
            if error.status == 404:
                return ""
            raise

    @contextlib.contextmanager
    def client(self, out):
        """Requests through HAProxy the whole time, from a process of their own."""
        sender = Client(self.layout, out)
        try:
            yield sender
        finally:
            sender.end()


class Client:
    """`ground client`, running."""

    def __init__(self, layout, out):
        self.out = out
        self.process = subprocess.Popen([GROUND, "client", "--state", layout.root, "--every", "40ms", "--out", out, "--json"],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, preexec_fn=die_with_parent)
        until("a first answer to the client", lambda: out.exists() and out.stat().st_size > 0, 20)

    def end(self):
        """Idempotent: sends SIGTERM, waits for the answers under way, and keeps what was measured."""
        if self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        text, _ = self.process.communicate(timeout=30)
        expect(self.process.returncode == 0, f"the client ended with exit code {self.process.returncode}")
        self.summary = json.loads(text)
        self.records = [json.loads(line) for line in self.out.read_text().splitlines()]

    def failed_after(self, moment):
        """Requests from a moment on that were not answered well, and how many there were."""
        later = [record for record in self.records if record["start"] > moment]
        return [record for record in later if not open_loop.succeeded(record)], len(later)


def ask(layout, seconds=2):
    """A burst of requests; its summary."""
    out = layout.root / "work" / "burst.jsonl"
    with open(out, "w") as file:
        client = open_loop.Client(layout.front_url, 0.05, 6, "Is this zone alive?", 4, file)
        client.run(seconds)
    return open_loop.summarize(client.records)
