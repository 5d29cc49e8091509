"""Keeps HAProxy's slots equal to the ready endpoints of the services in front of the pods (what an ingress controller does)."""

import argparse
import threading
import time

from . import haproxy
from .kubeapi import Api, ApiError, follow
from .settings import Settings
from .worker import logger, settings_from


class Controller:
    """Holds what the API server said last; `sync` compares it with what HAProxy says now and sends the difference."""

    def __init__(self, settings: Settings, socket_path):
        self.settings, self.socket_path = settings, socket_path
        self.prefix = settings.service.partition("/")[2]
        self.slices = {}
        self.lock = threading.Lock()
        self.changed = threading.Event()
        self.log = logger("endpoints")

    def on_list(self, items):
        with self.lock:
            self.slices = {item["metadata"]["name"]: item for item in items}
        self.changed.set()

    def on_event(self, kind, item):
        with self.lock:
            if kind == "DELETED":
                self.slices.pop(item["metadata"]["name"], None)
            else:
                self.slices[item["metadata"]["name"]] = item
        self.changed.set()

    def wanted(self):
        """Zone -> set of (address, port) that should receive traffic."""
        result = {zone: set() for zone in self.settings.zones}
        with self.lock:
            slices = list(self.slices.values())
        for item in slices:
            service = item["metadata"].get("labels", {}).get("kubernetes.io/service-name", "")
            ports = [port["port"] for port in item.get("ports") or [] if port.get("port")]
            if not service.startswith(self.prefix) or not ports:
                continue
            for endpoint in item.get("endpoints") or []:
                zone = self.zone_of(endpoint)
                if zone and endpoint.get("conditions", {}).get("ready", True) is not False:
                    result[zone].update((address, ports[0]) for address in endpoint["addresses"])
        return result

    def zone_of(self, endpoint):
        """v1 has `zone` and `nodeName`, v1beta1 has a topology map."""
        topology = endpoint.get("topology") or {}
        label = endpoint.get("zone") or topology.get("topology.kubernetes.io/zone")
        node = endpoint.get("nodeName") or topology.get("kubernetes.io/hostname") or ""
        for zone in self.settings.zones:
            if label == self.settings.label(zone) or (label is None and node in self.settings.nodes(zone)):
                return zone
        return None

    def sync(self):
        for zone, wanted in self.wanted().items():
            backend = haproxy.zone_backend(zone)
            slots = haproxy.servers(self.socket_path, backend)
            taken = {(slot["address"], slot["port"]) for slot in slots.values() if not slot["disabled"]}
            for name, slot in slots.items():
                if not slot["disabled"] and (slot["address"], slot["port"]) not in wanted:
                    self.send(f"set server {backend}/{name} state maint", f"{name} leaves ({slot['address']})")
                    slot["disabled"] = True
            free = [name for name, slot in slots.items() if slot["disabled"]]
            for address, port in sorted(wanted - taken):
                if not free:
                    self.log(f"all {len(slots)} slots of {zone} are taken: {address} gets no traffic (see --slots)")
                    break
                name = free.pop(0)
                self.send(f"set server {backend}/{name} addr {address} port {port}", f"{name} becomes {address}:{port}")
                self.send(f"set server {backend}/{name} state ready")
                # Kubernetes' own probe has passed: the first request need not wait for HAProxy's.
                self.send(f"set server {backend}/{name} health up")

    def send(self, text, story=None):
        answer = haproxy.command(self.socket_path, text)
        if story:
            self.log(story)
        if answer and "changed" not in answer and "no need" not in answer:
            self.log(f"{text}: {answer}")

    def keep_in_step(self):
        """After each change, and every second, for somebody may have restarted or disturbed HAProxy."""
        while True:
            self.changed.wait(1)
            self.changed.clear()
            try:
                self.sync()
            except (OSError, StopIteration, KeyError) as error:
                self.log(f"HAProxy does not answer: {error!r}")
                time.sleep(0.5)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--api", required=True)
    parser.add_argument("--settings", required=True)
    parser.add_argument("--socket", required=True)
    options = parser.parse_args()
    api = Api.from_file(options.api)
    controller = Controller(settings_from(options.settings), options.socket)
    namespace = controller.settings.service.partition("/")[0]
    group = _group(api, controller.log)
    threading.Thread(target=controller.keep_in_step, daemon=True).start()
    follow(api, f"/apis/{group}/namespaces/{namespace}/endpointslices", controller.on_list, controller.on_event, log=controller.log)


def _group(api, log):
    """discovery.k8s.io/v1 where the server has it, v1beta1 on 1.20."""
    while True:
        try:
            return api.get("/apis/discovery.k8s.io")["preferredVersion"]["groupVersion"]
        except ApiError as error:
            log(f"API server: {error}")
            time.sleep(0.5)


if __name__ == "__main__":
    main()
