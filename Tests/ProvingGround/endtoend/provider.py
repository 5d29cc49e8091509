"""Cases: a zone is taken out of a provider's load balancing over HTTP, by a server with ETags that shows late what was written."""

import contextlib
import copy
import http.server
import json
import threading
import time

from groundlib.testing import expect, until

from .chat import CHAT

TOKEN = "t0ken-of-a-provider"
WEIGHTS = {"17b5": 1, "9290": 0, "other": 0.5}
PROGRAM = """
use traffic

input api: String
input health: String
input patience: Duration = 20s

%(chat)s
traffic front for chat {
  via = provider {
    domain   = "chat.example.net"
    url      = api
    headers  = ["Authorization": "Bearer file:%(token)s"]
    weights  = [az1: "/result/random_steering/pool_weights/17b5", az2: "/result/random_steering/pool_weights/9290"]
    whole    = 1
    decimals = 2
    write { part = "/result" }
    health   = [az1: "\\(health)/az1", az2: "\\(health)/az2"]
    patience = patience
  }
}

runbook leave(from: Zone, to: Zone, force: Bool = false) {
  step "shift" within 3m {
    let before = weights(front)
    traffic.shift(front, [from: 0%%, to: 100%%], even_if_unhealthy: force)
    undo { traffic.shift(front, before) }
  }
  verify weights(front)[to] == 100%% within 5s
}

runbook empty() { step "shift" { traffic.shift(front, [az1: 0%%, az2: 0%%]) } }
"""


def a_zone_leaves_a_provider_and_comes_back(world):
    with Balancing(world) as provider:
        provider.lag = 2
        provider.start("provider-plan", "plan", "leave", "from=az1", "to=az2").exited(0, "weight of az1 1 → 0", "weight of az2 0 → 1")
        expect(provider.weights() == WEIGHTS and not provider.writes, "a plan changed something")
        run = provider.leave("provider-shift").exited(0)
        expect(provider.weights() == {"17b5": 0, "9290": 1, "other": 0.5}, f"after the shift: {provider.weights()}")
        expect(len(provider.writes) == 1, f"{len(provider.writes)} writes")
        write = provider.writes[0]
        expect(write["body"] == {"random_steering": {"pool_weights": {"17b5": 0, "9290": 1}}}, f"sent: {write['body']}")
        expect(write["if-match"] == '"v1"' and write["idempotency-key"], f"sent: {write}")
        expect(run.seconds >= 2, "the run did not wait until the write was shown")
        runs = provider.runs("provider-shift")
        world.dr.start("provider-undo", ["resume", runs.id, "--undo"], runs.state).exited(0, "taken back")
        expect(provider.weights() == WEIGHTS, f"after the undo: {provider.weights()}")
        provider.start("provider-empty", "run", "empty").exited(1, "would be left without any weight")
        provider.keeps_its_secret(run)
        return f"{run.seconds:.2f} s with a read-back that lags by {provider.lag} s"


def a_kill_between_intent_and_outcome_is_settled_by_reading_back(world):
    with Balancing(world) as provider:
        for name, carried in (("provider-killed-done", True), ("provider-killed-not", False)):
            provider.reset()
            provider.lag = 3
            provider.hold(carried)
            run = provider.leave(name)
            until("a write", lambda: provider.is_held, 30)
            run.kill()
            provider.let_go()
            provider.runs(name).resume().exited(0)
            expect(provider.weights() == {"17b5": 0, "9290": 1, "other": 0.5}, f"{name}: {provider.weights()}")
            expect(provider.changes == 1, f"{name}: {provider.changes} changes")
            keys = {write["idempotency-key"] for write in provider.writes}
            expect(len(keys) == 1, f"{name}: keys {keys}")
            runs = provider.runs(name)
            world.dr.start(f"{name}-verify", ["runs", "verify", runs.id], runs.state).exited(0)


def a_change_of_somebody_else_is_not_overwritten(world):
    with Balancing(world) as provider:
        provider.intruder = {"17b5": 0.3, "9290": 0.7, "other": 0.5}
        provider.leave("provider-intruder").exited(1, "was changed by somebody else", "az1 0.3, az2 0.7", "find out who changes it")
        expect(provider.weights() == {"17b5": 0.3, "9290": 0.7, "other": 0.5}, f"{provider.weights()}")
        expect(provider.refused == 1, "the ETag was not looked at")


def the_last_healthy_zone_stays_unless_a_person_says_so(world):
    with Balancing(world) as provider:
        provider.sick = {"az2"}
        provider.start("provider-sick-plan", "plan", "leave", "from=az1", "to=az2").exited(0, "not met now", "/az2 answers 503")
        provider.leave("provider-sick").exited(1, "az1 would lose the last requests", "/az2 answers 503", seconds=120)
        expect(provider.weights() == WEIGHTS and not provider.writes, "something was sent")
        # A zone that gets well while the run looks again.
        run = provider.leave("provider-mended")
        run.says("waits", 30)
        provider.sick = set()
        run.exited(0)
        provider.reset()
        provider.sick = {"az2"}
        provider.start("provider-forced", "run", "leave", "from=az1", "to=az2", "force=true").exited(0, "even_if_unhealthy")
        expect(provider.weights()["9290"] == 1, "it was not shifted")


def no_kubeconfig_is_needed(world):
    with Balancing(world) as provider:
        environment = {"KUBECONFIG": str(world.work / "there-is-none"), "HOME": str(provider.folder)}
        provider.start("provider-alone", "run", "leave", "from=az1", "to=az2", "--world", "real", environment=environment).exited(0)
        expect(provider.weights()["9290"] == 1, "it was not shifted")


class Balancing:
    """A provider's API and the zones behind it, in this process."""

    def __init__(self, world):
        self.world, self.folder = world, world.work / "provider"
        self.folder.mkdir(exist_ok=True)
        (self.folder / "token").write_text(TOKEN + "\n")
        self.program = self.folder / "provider.dr"
        self.program.write_text(PROGRAM % {"chat": CHAT, "token": self.folder / "token"})
        self.lock = threading.Lock()
        self.reset()

    def reset(self):
        self.version, self.state = 1, {"result": {"name": "chat", "random_steering": {"pool_weights": dict(WEIGHTS)}}}
        self.shown, self.shown_version, self.shown_from = self.state, 1, 0
        self.lag, self.writes, self.changes, self.refused = 0, [], 0, 0
        self.sick, self.intruder, self.holding, self.carries = set(), None, None, True
        self.held = threading.Event()

    @property
    def is_held(self):
        return self.held.is_set()

    def hold(self, carries):
        """The next write gets no answer until it is let go; it is carried out before, or not at all."""
        self.holding, self.carries = threading.Event(), carries

    def let_go(self):
        holding, self.holding = self.holding, None
        holding.set()

    def weights(self):
        return self.state["result"]["random_steering"]["pool_weights"]

    def __enter__(self):
        balancing = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                balancing.get(self)

            def do_PATCH(self):
                balancing.patch(self)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    @staticmethod
    def answer(handler, status, body=b"{}", **headers):
        with contextlib.suppress(OSError):
            handler.send_response(status)
            for name, value in headers.items():
                handler.send_header(name, value)
            handler.send_header("Content-Length", str(len(body)))
            handler.end_headers()
            handler.wfile.write(body)

    def get(self, handler):
        if handler.path.startswith("/health/"):
            return self.answer(handler, 503 if handler.path.rsplit("/", 1)[1] in self.sick else 200)
        if handler.headers["Authorization"] != f"Bearer {TOKEN}":
            return self.answer(handler, 401, b'{"error": "who are you?"}')
        with self.lock:
            if time.monotonic() >= self.shown_from:
                self.shown, self.shown_version = self.state, self.version
            body, version = json.dumps(self.shown).encode(), self.shown_version
        self.answer(handler, 200, body, ETag=f'"v{version}"')

    def patch(self, handler):
        body = json.loads(handler.rfile.read(int(handler.headers["Content-Length"])))
        wanted = {name: handler.headers[name] for name in ("if-match", "idempotency-key")}
        holding = self.holding
        with self.lock:
            self.writes.append({"body": body, **wanted})
            if self.intruder:
                self.write(self.intruder, 0)
                self.intruder = None
            if wanted["if-match"] != f'"v{self.version}"':
                self.refused += 1
                return self.answer(handler, 412, b'{"error": "it has changed"}')
            if not holding or self.carries:
                self.changes += 1
                self.write(body["random_steering"]["pool_weights"], self.lag)
        if holding:
            self.held.set()
            holding.wait(60)
            handler.close_connection = True
            return None
        return self.answer(handler, 200)

    def write(self, weights, lag):
        self.state = copy.deepcopy(self.state)
        self.state["result"]["random_steering"]["pool_weights"].update(weights)
        self.version += 1
        self.shown_from = time.monotonic() + lag

    # What dr is asked

    def runs(self, name):
        return self.world.dr.runs(name)

    def start(self, name, command, runbook, *words, environment=None):
        runs = self.runs(name)
        flags = ["--set", f"api={self.address}/lb/1", "--set", f"health={self.address}/health"]
        if command == "run":
            flags.append("--yes")
        return self.world.dr.start(name, [command, self.program, runbook, *words, *flags], runs.state, environment)

    def leave(self, name):
        return self.start(name, "run", "leave", "from=az1", "to=az2")

    def keeps_its_secret(self, *invocations):
        for invocation in invocations:
            expect(TOKEN not in invocation.text, "the token was told")
        for path in self.world.work.rglob("*"):
            if path.is_file() and self.folder not in path.parents:
                expect(TOKEN.encode() not in path.read_bytes(), f"the token stands in {path}")


CASES = [
    a_zone_leaves_a_provider_and_comes_back,
    a_kill_between_intent_and_outcome_is_settled_by_reading_back,
    a_change_of_somebody_else_is_not_overwritten,
    the_last_healthy_zone_stays_unless_a_person_says_so,
    no_kubeconfig_is_needed,
]
