"""One container of a pod: its process, its restarts and what the API says about it."""

import subprocess
import sys
import time
from pathlib import Path

from .probes import Prober
from .worker import timestamp

SERVER = Path(__file__).with_name("inference_server.py")
# The kubelet waits 10 s, 20 s, … 300 s between restarts; tests have less time.
BACKOFF = [0, 1, 2, 4, 8, 10]


class Container:
    """`tick` is called by the pod's thread only; the prober's threads set flags and wake it."""

    def __init__(self, spec, pod, environment, address, log_path, defaults, wake, log):
        self.spec, self.pod, self.environment, self.address = spec, pod, environment, address
        self.log_path, self.defaults, self.wake, self.log = log_path, defaults, wake, log
        self.name = spec["name"]
        self.process = self.prober = self.started_at = self.exit = self.last_exit = self.kill_at = None
        self.restarts = -1
        self.next_start = time.monotonic()
        self.unhealthy = None
        self.finished = False

    @property
    def ports(self):
        return [port["containerPort"] for port in self.spec.get("ports") or [] if port.get("protocol", "TCP") == "TCP"]

    @property
    def ready(self):
        return bool(self.process and self.prober and self.prober.ready)

    def tick(self):
        """Starts, restarts and buries the process as the pod's restart policy wants; True where something changed."""
        if self.process is None:
            if self.finished or time.monotonic() < self.next_start:
                return False
            self._start()
            return True
        if self.unhealthy and self.kill_at is None:
            self.log(f"{self.name}: {self.unhealthy} probe failed, ending the process")
            self.prober.stop()
            self.process.terminate()
            self.kill_at = time.monotonic() + self.pod["spec"].get("terminationGracePeriodSeconds", 30)
        if self.kill_at is not None and time.monotonic() >= self.kill_at:
            self.process.kill()
        # A container that serves nothing in a pod that is not restarted is a job: it has done its work.
        if self.pod["spec"].get("restartPolicy", "Always") != "Always" and not self.ports and self.process.poll() is None:
            self.process.terminate()
        code = self.process.poll()
        if code is None:
            return False
        self._bury(code)
        return True

    def _start(self):
        self.restarts += 1
        command = [sys.executable, "-I", "-S", str(SERVER), "--die-with-parent", "--host", self.address, *self.defaults]
        for port in self.ports:
            command += ["--port", str(port)]
        with open(self.log_path, "ab") as output:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, env=self.environment)
        self.started_at, self.unhealthy, self.kill_at, self.exit = timestamp(), None, None, None
        self.prober = Prober(self.spec, self.address, self.wake, self._on_unhealthy)

    def _on_unhealthy(self, kind):
        self.unhealthy = kind
        self.wake()

    def _bury(self, code):
        self.prober.stop()
        self.process = None
        self.exit = {"exitCode": code if code >= 0 else 128 - code, "reason": "Completed" if code == 0 else "Error",
                     "startedAt": self.started_at, "finishedAt": timestamp()}
        policy = self.pod["spec"].get("restartPolicy", "Always")
        if policy == "Never" or (policy == "OnFailure" and code == 0):
            self.finished = True
            return
        self.last_exit = self.exit
        delay = BACKOFF[min(self.restarts, len(BACKOFF) - 1)]
        self.next_start = time.monotonic() + delay
        self.log(f"{self.name} ended with {code}; again in {delay} s")

    def stop(self):
        """SIGTERM, without waiting."""
        self.finished = True
        if self.prober:
            self.prober.stop()
        if self.process and self.process.poll() is None:
            self.process.terminate()

    def running(self):
        return self.process is not None and self.process.poll() is None

    def kill(self):
        if self.running():
            self.process.kill()
            self.process.wait()

    def status(self):
        if self.process:
            state = {"running": {"startedAt": self.started_at}}
        elif self.finished and self.exit:
            state = {"terminated": self.exit}
        elif self.restarts >= 0:
            state = {"waiting": {"reason": "CrashLoopBackOff", "message": "restarting after a pause"}}
        else:
            state = {"waiting": {"reason": "ContainerCreating"}}
        return {"name": self.name, "image": self.spec.get("image", ""), "imageID": "",
                "containerID": f"ground://{self.process.pid}" if self.process else "",
                "ready": self.ready, "started": bool(self.process and self.prober.passed_startup.is_set()), "restartCount": max(self.restarts, 0),
                "state": state, "lastState": {"terminated": self.last_exit} if self.last_exit else {}}
