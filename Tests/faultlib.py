# SPDX-License-Identifier: Apache-2.0
"""What the tests of real runs share: folders with a program, a server that counts acts, and how a process is followed."""

import contextlib, http.server, os, shutil, signal, subprocess, tempfile, threading, time

DR = os.environ.get("DR_BINARY", "dr")
# Until what does not end is given up. Nothing is measured by a clock: on a machine that has much else to do all of it takes long.
PATIENCE = 240
failures = []
checks = 0


def check(holds, what, *details):
    global checks
    checks += 1
    if not holds:
        failures.append(what)
        print(f"FAILED: {what}", *[f"\n    {d}" for d in details], flush=True)


def report():
    """Says how it went; the exit status."""
    print(f"{checks} checks, {len(failures)} failed")
    return 1 if failures else 0


class Loopback(http.server.ThreadingHTTPServer):
    """A server on a free port of this machine, at work from the start."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, handler):
        super().__init__(("127.0.0.1", 0), handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, *_):
        """A run that was ended does not take its answer."""

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"


class Ledger(Loopback):
    """Takes acts and remembers them by key, in order. From the act `holds_from` on, none is answered until it is let go."""

    def __init__(self, holds_from=None):
        self.acts, self.holds_from, self.gone_on, self.seen = [], holds_from, False, threading.Condition()
        self.connections = 0
        super().__init__(Handler)

    def wait_for(self, count):
        with self.seen:
            return self.seen.wait_for(lambda: len(self.acts) >= count, timeout=PATIENCE)

    def let_go(self):
        """Answers what is held, and everything from now on."""
        with self.seen:
            self.gone_on = True
            self.seen.notify_all()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def setup(self):
        super().setup()
        with self.server.seen:
            self.server.connections += 1

    def do_POST(self):
        self.rfile.read(int(self.headers.get("content-length") or 0))
        with self.server.seen:
            self.server.acts.append((self.path, self.headers["idempotency-key"]))
            self.server.seen.notify_all()
            if self.server.holds_from is not None and len(self.server.acts) >= self.server.holds_from:
                self.server.seen.wait_for(lambda: self.server.gone_on)
        self.send_response(200)
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_):
        pass


class Case:
    """One folder with the program and the runs in it."""

    def __init__(self, program):
        self.folder = tempfile.mkdtemp(prefix="dr-faults-")
        with open(f"{self.folder}/a.dr", "w") as file:
            file.write(program)
        self.environment = {**os.environ, "DR_STATE": f"{self.folder}/state"}

    def start(self, *arguments, before=()):
        return subprocess.Popen(
            [*before, DR, *arguments], cwd=self.folder, env=self.environment, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)

    def run(self, *arguments, before=()):
        process = self.start(*arguments, before=before)
        try:
            output, errors = process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            output, errors = process.communicate()
            errors += f"\nit did not end in {PATIENCE} s"
        return process.returncode, output, errors

    def runs(self):
        folder = f"{self.folder}/state/runs"
        return os.listdir(folder) if os.path.isdir(folder) else []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder, ignore_errors=True)


def send(process, number):
    process.send_signal(number)
    taken(process, number)


def taken(process, number):
    """Waits until the process has taken a signal: of two that wait, one would be lost."""
    bit = 1 << (number - 1)
    while process.poll() is None:
        with contextlib.suppress(OSError), open(f"/proc/{process.pid}/status") as file:
            waiting = [int(line.split()[1], 16) for line in file if line.startswith(("SigPnd", "ShdPnd"))]
            if not any(bits & bit for bits in waiting):
                break
        time.sleep(0.01)
    # It has it, and is given a moment to think of it.
    time.sleep(0.3)


def gone(pid):
    """Whether a program has ended; one that nobody has reaped yet has."""
    for _ in range(20 * PATIENCE):
        try:
            with open(f"/proc/{pid}/stat") as file:
                if file.read().rsplit(")", 1)[1].split()[0] in "ZX":
                    return True
        except FileNotFoundError:
            return True
        time.sleep(0.05)
    return False


def session(leader):
    """The programs of a session, those that nobody has reaped yet included."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError), open(f"/proc/{name}/stat") as file:
            if int(file.read().rsplit(")", 1)[1].split()[3]) == leader:
                found.append(int(name))
    return found
