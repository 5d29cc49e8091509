"""The life of one pod on a node: address, containers, status, and an orderly end."""

import os
import threading
import time

from .containers import Container
from .kubeapi import ApiError
from .worker import logger, timestamp

TICK = 0.2


class Pod(threading.Thread):
    """One thread per pod. `update` and `vanish` are called by the watch; everything else happens in the thread."""

    def __init__(self, agent, manifest):
        super().__init__(daemon=True)
        self.agent, self.manifest = agent, manifest
        self.namespace, self.pod_name, self.uid = (manifest["metadata"][key] for key in ("namespace", "name", "uid"))
        self.path = f"/api/v1/namespaces/{self.namespace}/pods/{self.pod_name}"
        self.log = logger(f"{self.namespace}/{self.pod_name}")
        self.awake = threading.Event()
        self.dirty = self.gone = False
        self.address = None
        self.containers = []
        self.condition_times = {}
        # A pod that this agent's predecessor started keeps its start time.
        self.start_time = manifest.get("status", {}).get("startTime") or timestamp()
        self.next_write = 0

    def update(self, manifest):
        self.manifest = manifest
        listed = {c["type"]: c["status"] for c in manifest.get("status", {}).get("conditions") or []}
        # The node-lifecycle controller marks the pods of a lost node as not ready: the node's own word wins again.
        if self.containers and listed.get("Ready") != self._text(self._ready()):
            self.dirty = True
        self.awake.set()

    def vanish(self):
        """The object is gone from the API: nobody waits for grace any more."""
        self.gone = True
        self.awake.set()

    def resync(self):
        self.dirty = True
        self.awake.set()

    def run(self):
        try:
            self._live()
            self._end()
        except Exception as error:  # a broken pod must not go silent, nor take its node along
            self.log(f"internal error: {error!r}")
            raise
        finally:
            for container in self.containers:
                container.kill()
            if self.address:
                self.agent.addresses.release(self.address)
            self.agent.forget(self)

    def terminating(self):
        return self.gone or "deletionTimestamp" in self.manifest["metadata"]

    def _live(self):
        if self.terminating():
            return
        self.address = self.agent.addresses.take()
        spec = self.manifest["spec"]
        for container in spec["containers"]:
            environment = self._environment(container)
            if environment is None:
                return
            log_path = self.agent.logs / f"pod-{self.namespace}-{self.pod_name}-{container['name']}.log"
            defaults = ["--pod", self.pod_name, "--node", spec["nodeName"], "--zone", self.agent.label]
            self.containers.append(Container(container, self.manifest, environment, self.address, log_path, defaults, self.awake.set, self.log))
        self.log(f"starts on {spec['nodeName']} at {self.address}")
        self.dirty = True
        while not self.terminating():
            before = [container.ready for container in self.containers]
            changed = any([container.tick() for container in self.containers])
            self._write_status(changed or self.dirty or before != [c.ready for c in self.containers] or self._ready() != self.reported_ready)
            self.awake.wait(TICK)
            self.awake.clear()

    reported_ready = None

    def _environment(self, container):
        """The container's variables, with those of the ground as defaults. Waits for a ConfigMap or Secret that is not there."""
        values = {"LOAD_SECONDS": str(self.agent.settings.load_seconds), "LATENCY_MS": str(self.agent.settings.latency_ms),
                  "PATH": os.environ.get("PATH", ""), "LANG": "C.UTF-8"}
        while not self.terminating():
            try:
                for source in container.get("envFrom") or []:
                    for kind, reference in (("configmaps", source.get("configMapRef")), ("secrets", source.get("secretRef"))):
                        if reference:
                            values.update({source.get("prefix", "") + key: value for key, value in self._map(kind, reference).items()})
                for variable in container.get("env") or []:
                    value = variable["value"] if "value" in variable else self._from(variable.get("valueFrom") or {})
                    values[variable["name"]] = value if value is not None else ""
                return values
            except (ApiError, KeyError) as error:
                self.log(f"environment of {container['name']}: {error}; trying again")
                self.awake.wait(1)
                self.awake.clear()
        return None

    def _from(self, source):
        if "fieldRef" in source:
            field = source["fieldRef"]["fieldPath"]
            return {"metadata.name": self.pod_name, "metadata.namespace": self.namespace, "metadata.uid": self.uid, "status.podIP": self.address,
                    "status.hostIP": self.agent.node_address, "spec.nodeName": self.manifest["spec"]["nodeName"],
                    "spec.serviceAccountName": self.manifest["spec"].get("serviceAccountName", "")}.get(field, "")
        for kind, name in (("configmaps", "configMapKeyRef"), ("secrets", "secretKeyRef")):
            if name in source:
                found = self._map(kind, source[name])
                return found.get(source[name]["key"], "") if source[name].get("optional") else found[source[name]["key"]]
        return ""

    def _map(self, kind, reference):
        """A Secret's values stay encoded: no made-up server reads them."""
        try:
            return self.agent.api.get(f"/api/v1/namespaces/{self.namespace}/{kind}/{reference['name']}").get("data") or {}
        except ApiError as error:
            if error.status == 404 and reference.get("optional"):
                return {}
            raise

    def _ready(self):
        return bool(self.containers) and all(
            container.ready or (container.finished and container.exit and container.exit["exitCode"] == 0) for container in self.containers)

    @staticmethod
    def _text(value):
        return "True" if value else "False"

    def _phase(self):
        if all(container.finished for container in self.containers):
            return "Succeeded" if all(container.exit and container.exit["exitCode"] == 0 for container in self.containers) else "Failed"
        return "Running"

    def _write_status(self, needed):
        if not needed or time.monotonic() < self.next_write:
            self.dirty = self.dirty or needed
            return
        self.dirty = False
        ready, phase = self._ready(), self._phase()
        serving = ready and phase == "Running"
        conditions = self._conditions({"Initialized": True, "Ready": serving, "ContainersReady": serving, "PodScheduled": True}, phase)
        status = {"phase": phase, "conditions": conditions, "startTime": self.start_time, "hostIP": self.agent.node_address,
                  "podIP": self.address, "podIPs": [{"ip": self.address}], "containerStatuses": [container.status() for container in self.containers],
                  "initContainerStatuses": [self._init_status(each) for each in self.manifest["spec"].get("initContainers") or []]}
        try:
            self.agent.api.patch(f"{self.path}/status", {"metadata": {"uid": self.uid}, "status": status})
            if ready != self.reported_ready:
                self.log("ready" if ready else "not ready")
            self.reported_ready = ready
        except ApiError as error:
            if error.status in (404, 409):  # deleted, or another pod of the same name: the watch will tell
                self.log(f"status: {error}")
            self.dirty = True
            self.next_write = time.monotonic() + 1

    def _conditions(self, values, phase):
        """Ours, plus those that others wrote (the scheduler's own is ours to repeat)."""
        result = []
        for kind, value in values.items():
            known = self.condition_times.get(kind)
            if known is None or known[0] != value:
                self.condition_times[kind] = known = (value, timestamp())
            condition = {"type": kind, "status": self._text(value), "lastTransitionTime": known[1]}
            if not value:
                condition["reason"] = "PodCompleted" if phase == "Succeeded" else "ContainersNotReady"
            result.append(condition)
        others = self.manifest.get("status", {}).get("conditions") or []
        return result + [condition for condition in others if condition["type"] not in values]

    def _init_status(self, container):
        """There is nothing to run an init container's image with: it counts as done."""
        return {"name": container["name"], "image": container.get("image", ""), "imageID": "", "ready": True, "restartCount": 0,
                "state": {"terminated": {"exitCode": 0, "reason": "Completed", "startedAt": self.start_time, "finishedAt": self.start_time}}}

    def _end(self):
        """SIGTERM, the grace period, SIGKILL; then the object is deleted for good. The API may be out of reach meanwhile."""
        for container in self.containers:
            container.stop()
        grace = 0 if self.gone else self.manifest["metadata"].get("deletionGracePeriodSeconds", 30)
        deadline = time.monotonic() + grace
        while any(container.running() for container in self.containers) and time.monotonic() < deadline and not self.gone:
            time.sleep(0.05)
        for container in self.containers:
            container.kill()
        while not self.gone:
            try:
                self.agent.api.delete(self.path, {"gracePeriodSeconds": 0, "preconditions": {"uid": self.uid}})
                break
            except ApiError as error:
                if error.status in (404, 409):
                    break
                self.awake.wait(1)
                self.awake.clear()
        self.log("ended")
