"""Child processes of the supervisor: each has a name, a log file, and dies with its parent."""

import contextlib
import ctypes
import os
import signal
import subprocess
import time

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def die_with_parent():
    """For preexec_fn: the kernel kills this process when the thread that started it ends, whatever ends it."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


@contextlib.contextmanager
def running(folder, commands):
    """Runs these, by their names, in a folder that gets their logs, and ends them."""
    children = []
    try:
        for name, command in commands.items():
            with open(folder / f"{name}.log", "wb") as log:
                children.append(subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                                                 preexec_fn=die_with_parent))
        yield
    finally:
        for child in children:
            child.kill()
            child.wait()


class Processes:
    """Starts, watches and ends named children."""

    def __init__(self, logs):
        self.logs = logs
        self.running = {}
        self.ended = {}

    def start(self, name, command, environment=None):
        with open(self.logs / f"{name}.log", "ab") as log:
            self.running[name] = subprocess.Popen(
                [str(part) for part in command], stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                env=environment, preexec_fn=die_with_parent)
        return self.running[name]

    def reap(self):
        """Names of children that ended since the last call. As pid 1 we also bury everybody else's orphans."""
        ours = {process.pid: name for name, process in self.running.items()}
        newly = []
        while True:
            try:
                result = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except ChildProcessError:
                break
            if result is None:
                break
            name = ours.get(result.si_pid)
            if name is None:
                os.waitpid(result.si_pid, 0)
                continue
            self.ended[name] = self.running.pop(name).wait()
            ours.pop(result.si_pid)
            newly.append(name)
        return newly

    def describe(self):
        return {**{name: {"pid": process.pid} for name, process in self.running.items()},
                **{name: {"exit": code} for name, code in self.ended.items()}}

    def stop_all(self, seconds=2):
        for process in self.running.values():
            process.terminate()
        deadline = time.monotonic() + seconds
        while self.running and time.monotonic() < deadline:
            self.reap()
            time.sleep(0.02)
        for process in self.running.values():
            process.kill()
