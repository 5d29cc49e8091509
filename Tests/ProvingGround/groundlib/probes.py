"""The kubelet's probes: startup, readiness and liveness, with their delays, periods, timeouts and thresholds."""

import http.client
import socket
import ssl
import threading

KINDS = {"startup": "startupProbe", "readiness": "readinessProbe", "liveness": "livenessProbe"}


def check(probe, container, address):
    """One attempt. `exec` has no container to run in: it passes, as a process that is up is all there is to see."""
    timeout = probe.get("timeoutSeconds", 1)
    if "httpGet" in probe:
        return _http(probe["httpGet"], container, address, timeout)
    if "tcpSocket" in probe:
        target = probe["tcpSocket"]
        try:
            socket.create_connection((target.get("host") or address, port_of(target["port"], container)), timeout).close()
            return True
        except OSError:
            return False
    return True


def _http(target, container, address, timeout):
    host, port = target.get("host") or address, port_of(target["port"], container)
    if target.get("scheme") == "HTTPS":
        connection = http.client.HTTPSConnection(host, port, timeout=timeout, context=ssl._create_unverified_context())
    else:
        connection = http.client.HTTPConnection(host, port, timeout=timeout)
    try:
        headers = {header["name"]: header["value"] for header in target.get("httpHeaders") or []}
        connection.request("GET", target.get("path") or "/", headers={"User-Agent": "kube-probe/ground", **headers})
        return 200 <= connection.getresponse().status < 400
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def port_of(value, container):
    """A number, or the name of one of the container's ports; 0 for an unknown name, which no connection reaches."""
    if isinstance(value, int):
        return value
    if value.isdigit():
        return int(value)
    return next((port["containerPort"] for port in container.get("ports") or [] if port.get("name") == value), 0)


class Prober:
    """The probes of one run of one container. A restart makes a new one; `stop` ends this one's threads."""

    def __init__(self, container, address, changed, unhealthy):
        self.container, self.address = container, address
        self.changed, self.unhealthy = changed, unhealthy
        self.stopped = threading.Event()
        self.passed_startup = threading.Event()
        self.ready = False
        if "startupProbe" not in container:
            self.passed_startup.set()
            self.ready = "readinessProbe" not in container
        for kind, field in KINDS.items():
            if field in container:
                threading.Thread(target=self._run, args=(kind, container[field]), daemon=True).start()

    def stop(self):
        self.stopped.set()
        self.ready = False

    def _run(self, kind, probe):
        if self.stopped.wait(probe.get("initialDelaySeconds", 0)):
            return
        while kind != "startup" and not self.passed_startup.wait(0.2):
            if self.stopped.is_set():
                return
        successes = failures = 0
        while not self.stopped.is_set():
            if check(probe, self.container, self.address):
                successes, failures = successes + 1, 0
            else:
                successes, failures = 0, failures + 1
            if self.stopped.is_set() or self._judge(kind, probe, successes, failures):
                return
            self.stopped.wait(probe.get("periodSeconds", 10))

    def _judge(self, kind, probe, successes, failures):
        """Acts on a threshold that was reached; True where this probe has nothing more to do."""
        enough = successes >= probe.get("successThreshold", 1)
        failed = failures >= probe.get("failureThreshold", 3)
        if kind == "readiness":
            ready = True if enough else False if failed else self.ready
            if ready != self.ready:
                self.ready = ready
                self.changed()
            return False
        if kind == "startup" and enough:
            self.passed_startup.set()
            self.ready = "readinessProbe" not in self.container
            self.changed()
            return True
        if failed:
            self.unhealthy(kind)
            return True
        return False
