"""The node agent of one zone, in the zone's own network: several nodes, and the pods that the scheduler gives them."""

import argparse
import subprocess
import sys
import threading
import time
from pathlib import Path

from . import kubelet
from .kubeapi import STRATEGIC_PATCH, Api, ApiError, follow
from .packages import program
from .pods import Pod
from .processes import die_with_parent
from .settings import NETWORK
from .worker import logger, settings_from, timestamp

NODES = "/api/v1/nodes"
LEASES = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"
LEASE_SECONDS = 40


class Addresses:
    """Pod addresses of the zone. The one released longest ago is taken next, so that nobody meets a stranger at an old address."""

    def __init__(self, third_byte):
        self.free = [f"{NETWORK}.{third_byte}.{last}" for last in range(10, 255)]
        self.lock = threading.Lock()

    def take(self):
        with self.lock:
            if not self.free:
                raise RuntimeError("no pod address is left in this zone")
            address = self.free.pop(0)
        self._ip("add", address)
        return address

    def release(self, address):
        self._ip("del", address)
        with self.lock:
            self.free.append(address)

    @staticmethod
    def _ip(verb, address):
        subprocess.run([program("ip"), "addr", verb, f"{address}/32", "dev", "eth0"], check=True, stdin=subprocess.DEVNULL)


class Agent:
    def __init__(self, api, settings, zone, logs):
        self.api, self.settings, self.zone, self.logs = api, settings, zone, Path(logs)
        self.label = settings.label(zone)
        self.names = settings.nodes(zone)
        self.node_address = settings.node_address(zone)
        self.addresses = Addresses(settings.index(zone))
        self.pods = {}
        self.lock = threading.Lock()
        self.online = False
        self.version = None
        self.ready_since = timestamp()
        self.log = logger(f"node-agent-{zone}")

    # Nodes

    def node(self, name):
        settings = self.settings
        labels = {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64", "node.kubernetes.io/pool": "gpu",
                  "topology.kubernetes.io/zone": self.label, "topology.kubernetes.io/region": settings.region}
        resources = {"cpu": settings.cpu, "memory": settings.memory, "pods": str(settings.max_pods),
                     "nvidia.com/gpu": str(settings.gpus), "ephemeral-storage": "500Gi"}
        return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": labels},
                "status": {"capacity": resources, "allocatable": resources, "conditions": self.conditions(),
                           "daemonEndpoints": {"kubeletEndpoint": {"Port": kubelet.PORT}},
                           "addresses": [{"type": "InternalIP", "address": self.node_address}, {"type": "Hostname", "address": name}],
                           "nodeInfo": {"machineID": name, "systemUUID": name, "bootID": name, "kernelVersion": "ground", "osImage": "proving ground",
                                        "containerRuntimeVersion": "ground://1", "kubeletVersion": self.version, "kubeProxyVersion": self.version,
                                        "operatingSystem": "linux", "architecture": "amd64"}}}

    def conditions(self):
        now = timestamp()
        calm = {"MemoryPressure": "KubeletHasSufficientMemory", "DiskPressure": "KubeletHasNoDiskPressure", "PIDPressure": "KubeletHasSufficientPID"}
        return [{"type": "Ready", "status": "True", "reason": "KubeletReady", "message": "the node agent is up", "lastHeartbeatTime": now,
                 "lastTransitionTime": self.ready_since}] + [
                {"type": kind, "status": "False", "reason": reason, "lastHeartbeatTime": now, "lastTransitionTime": self.ready_since}
                for kind, reason in calm.items()]

    def register(self, name):
        """Creates the node, or gives one that is there its labels and capacity back; taints and cordons are left alone."""
        # As old as the server, whichever that is.
        self.version = self.version or self.api.get("/version")["gitVersion"]
        node = self.node(name)
        try:
            self.api.post(NODES, node)
        except ApiError as error:
            if error.status != 409:
                raise
            self.api.patch(f"{NODES}/{name}", {"metadata": {"labels": node["metadata"]["labels"]}})
        self.api.patch(f"{NODES}/{name}/status", {"status": node["status"]}, STRATEGIC_PATCH)

    def renew(self, name):
        now = timestamp(micro=True)
        try:
            self.api.patch(f"{LEASES}/{name}", {"spec": {"renewTime": now}})
        except ApiError as error:
            if error.status != 404:
                raise
            self.api.post(LEASES, {"metadata": {"name": name, "namespace": "kube-node-lease"},
                                   "spec": {"holderIdentity": name, "leaseDurationSeconds": LEASE_SECONDS, "renewTime": now}})

    def beat(self):
        """One round of heartbeats. Leases come first: they alone keep a node alive when the machine is busy."""
        for name in self.names:
            self.renew(name)
        for name in self.names:
            try:
                self.api.patch(f"{NODES}/{name}/status", {"status": {"conditions": self.conditions()}}, STRATEGIC_PATCH)
            except ApiError as error:
                if error.status != 404:
                    raise
                self.log(f"{name} is not registered: registering it")
                self.register(name)

    def keep_alive(self):
        while True:
            started = time.monotonic()
            try:
                if not self.online:
                    for name in self.names:
                        self.register(name)
                self.beat()
                if not self.online:
                    self.online = True
                    self.log("the API server is reachable")
                    with self.lock:
                        pods = list(self.pods.values())
                    for pod in pods:
                        pod.resync()
            except ApiError as error:
                if self.online:
                    self.log(f"heartbeat failed: {error}")
                    # New on the next success: also the moment from which the node is ready again.
                    self.ready_since = timestamp()
                self.online = False
                self.api.cut_watches()
            time.sleep(max(0.05, (1 if self.online else 0.5) - (time.monotonic() - started)))

    # Pods

    def on_list(self, items):
        mine = {item["metadata"]["uid"]: item for item in items}
        with self.lock:
            lost = [pod for uid, pod in self.pods.items() if uid not in mine]
        for pod in lost:
            pod.vanish()
        for item in items:
            self.on_event("ADDED", item)

    def on_event(self, kind, item):
        if item["spec"].get("nodeName") not in self.names:
            return
        uid = item["metadata"]["uid"]
        with self.lock:
            pod = self.pods.get(uid)
            if pod is None and kind != "DELETED" and item.get("status", {}).get("phase") not in ("Succeeded", "Failed"):
                pod = self.pods[uid] = Pod(self, item)
                pod.start()
                return
            if pod is None and kind != "DELETED" and "deletionTimestamp" in item["metadata"]:
                pod = self.pods[uid] = Pod(self, item)  # finished long ago, and to be deleted now
                pod.start()
                return
        if pod is None:
            return
        pod.vanish() if kind == "DELETED" else pod.update(item)

    def forget(self, pod):
        with self.lock:
            self.pods.pop(pod.uid, None)


def keep_kubelet():
    """The kubelet's server, and another one whenever it has ended."""
    while True:
        subprocess.run([sys.executable, "-m", "groundlib.kubelet", *sys.argv[1:]], stdin=subprocess.DEVNULL, preexec_fn=die_with_parent)
        time.sleep(1)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--api", required=True)
    parser.add_argument("--settings", required=True)
    parser.add_argument("--zone", required=True)
    parser.add_argument("--logs", required=True)
    options = parser.parse_args()
    agent = Agent(Api.from_file(options.api, timeout=3), settings_from(options.settings), options.zone, options.logs)
    threading.Thread(target=agent.keep_alive, daemon=True).start()
    threading.Thread(target=keep_kubelet, daemon=True).start()
    follow(agent.api, "/api/v1/pods", agent.on_list, agent.on_event, query="&fieldSelector=spec.nodeName!%3D", log=agent.log)


if __name__ == "__main__":
    main()
