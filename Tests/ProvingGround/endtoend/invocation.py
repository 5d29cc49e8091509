"""Starts dr as a user would, and keeps what it said."""

import os
import signal
import subprocess
import time

from groundlib.processes import die_with_parent
from groundlib.testing import PATIENCE, expect

from . import journal

# Until a process that does not end is given up, on a machine that has nothing else to do.
SECONDS = 150


class Invocation:
    """One process of dr. Its output goes to a file, for nobody reads a pipe while the process is killed."""

    def __init__(self, command, log, environment):
        self.command, self.log = [str(word) for word in command], log
        self.begun, self.begun_at = time.monotonic(), time.time()
        with open(log, "wb") as output:
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                                            env=environment, preexec_fn=die_with_parent)

    @property
    def text(self):
        return self.log.read_text(errors="replace")

    def ended(self):
        return self.process.poll() is not None

    def wait(self, seconds=SECONDS):
        """Its exit code. A process that does not end is killed, and that is a failure."""
        try:
            self.process.wait(seconds * PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"did not end in {seconds * PATIENCE} s{self.tail()}") from None
        self.seconds, self.ended_at = time.monotonic() - self.begun, time.time()
        return self.process.returncode

    def exited(self, code, *words, seconds=SECONDS):
        """Waits for the end; the exit code must be this one, and all these words must stand in the output."""
        found = self.wait(seconds)
        expect(found == code, f"exit code {found}, not {code}{self.tail()}")
        text = " ".join(self.text.split()).lower()
        for word in words:
            expect(word.lower() in text, f"the output does not say {word!r}{self.tail()}")
        return self

    def says(self, words, seconds=60):
        """Waits until it has said that."""
        deadline = time.monotonic() + seconds * PATIENCE
        while True:
            # In this order: its last words may be the ones.
            ended = self.ended()
            if words in self.text:
                return
            expect(not ended, f"ended before it said {words!r}{self.tail()}")
            expect(time.monotonic() < deadline, f"did not say {words!r} in {seconds * PATIENCE} s{self.tail()}")
            time.sleep(0.05)

    def kill(self):
        """Like a power cut, as far as this process can tell."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)

    def tail(self, lines=12):
        """The command, and what it said first and last: a crash says first what happened, a run last."""
        said = self.text.splitlines()
        if len(said) > 2 * lines:
            said = [*said[:lines], "…", *said[-lines:]]
        return "\n".join([f"\n    $ {' '.join(self.command)}", *(f"    | {line}" for line in said), f"    (all of it: {self.log.name})"])


class Runs:
    """Runs of one program with a state folder of their own."""

    def __init__(self, dr, name):
        self.dr, self.name = dr, name
        self.state = dr.work / "state" / name

    def run(self, *words, program=None, watch="1s", yes=True, flags=(), sets=None):
        words = words or ("evacuate", "from=az1", "to=az2")
        sets = sets if sets is not None else {"front_door": "haproxy", "haproxy_socket": self.dr.socket, "watch_traffic": watch}
        command = ["run", program or self.dr.program, *words]
        for name, value in sets.items():
            command += ["--set", f"{name}={value}"]
        return self.dr.start(f"{self.name}-run", command + ["--yes"] * yes + list(flags), self.state)

    def resume(self, run="last", yes=True):
        return self.dr.start(f"{self.name}-resume", ["resume", run] + ["--yes"] * yes, self.state)

    @property
    def ids(self):
        """Oldest first; a folder without a journal is a run that never began."""
        return sorted(path.parent.name for path in self.state.glob("runs/*/journal"))

    @property
    def id(self):
        expect(self.ids, f"no run was begun in {self.state}")
        return self.ids[-1]

    def journal_path(self, run=None):
        return self.state / "runs" / (run or self.id) / "journal"

    def records(self, run=None):
        return journal.records(self.journal_path(run))


class Dr:
    """The program under test with an environment that holds nothing of the user's."""

    def __init__(self, binary, program, kubeconfig, socket, work):
        self.binary, self.program, self.kubeconfig, self.socket, self.work = binary, program, kubeconfig, socket, work
        self.count = 0
        for folder in ("log", "home", "state"):
            (work / folder).mkdir(parents=True)

    def start(self, name, arguments, state=None, more=None, before=()):
        """With these variables of the environment in place of its own; `before` is what begins it."""
        self.count += 1
        environment = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": str(self.work / "home"), "USER": "end-to-end",
                       "KUBECONFIG": str(self.kubeconfig), "DR_STATE": str(state or self.work / "state" / "none"),
                       **(more or {})}
        return Invocation([*before, self.binary, *arguments], self.work / "log" / f"{self.count:03}-{name}.log", environment)

    def compile(self, *flags, program=None):
        """The manifests for the ground's API server, as bytes."""
        command = [self.binary, "compile", program or self.program, "--target", "kubernetes=1.20", *map(str, flags)]
        result = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True)
        expect(result.returncode == 0, f"{' '.join(map(str, command))}: exit code {result.returncode}: {result.stderr.decode(errors='replace')}")
        return result.stdout

    def runs(self, name):
        return Runs(self, name)
