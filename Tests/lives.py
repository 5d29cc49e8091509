# SPDX-License-Identifier: Apache-2.0
"""Runs over loopback, life after life, and the world that they act on."""

import collections, contextlib, email.utils, http.server, json, os, re, signal, threading, time

from faultlib import PATIENCE, Case, Loopback, check

PROGRAM = r"""
use web, shell, inference, prometheus, kubernetes

input url: String

cluster prod { region north { zone az1 { nodes gpu { count = 2, cpu = 8, memory = 32Gi } } } }

service chat {
  on = prod
  image = "registry.example.net/chat:1"
  needs { cpu = 1, memory = 1Gi }
  spread { over = [az1] }
  objective { rto = 5m }
}

let engine = Pod { name = "engine", node = "n", ip = "127.0.0.1", ready = true, service = chat }

runbook work() {
  on failure why { step "tell" { web.post("\(url)/tell") } }
  step "look" { web.get("\(url)/look") }
  step "keyed" {
    web.post("\(url)/keyed")
    undo { web.post("\(url)/keyed-undo") }
  }
  step "verify" {
    let silence = prometheus.silence(url, { zone: "az1" }, 1h, "drill")
    undo { prometheus.end_silence(url, silence) }
  }
  step "fan out" {
    parallel limit 2 for i in 0..3 {
      web.post("\(url)/lane-\(i)")
      undo { web.post("\(url)/lane-\(i)-undo") }
      inference.load_adapter(engine, "adapter-\(i)", path: "/a", at: url)
      undo { inference.unload_adapter(engine, "adapter-\(i)", at: url) }
    }
  }
  step "retried" retry 2 every 50ms { web.post("\(url)/busy-once") }
  approve "Go?"
  step "once" { shell.run(["sh", "-c", "echo x >> once"]) }
  fail "as meant"
}

runbook plain() {
  for i in 0..3 { step "act \(i)" { web.post("\(url)/\(i)") } }
}

runbook locked() {
  lock "service" for 2s
  step "keyed" { web.post("\(url)/keyed") }
  step "verify" { prometheus.silence(url, { zone: "az1" }, 1h, "drill") }
  step "fan out" {
    parallel limit 2 for i in 0..3 {
      web.post("\(url)/lane-\(i)")
      inference.load_adapter(engine, "adapter-\(i)", path: "/a", at: url)
    }
  }
  step "once" { shell.run(["sh", "-c", "echo x >> once"]) }
}

runbook flaky() {
  step "down" retry 3 every 2s { web.post("\(url)/down") }
}
"""
KUBECONFIG = """
apiVersion: v1
kind: Config
current-context: prod
clusters: [{name: c, cluster: {server: "URL"}}]
contexts: [{name: prod, context: {cluster: c, user: u}}]
users: [{name: u, user: {token: t}}]
"""


class World(Loopback):
    """Targets of acts of every class, and what was asked of them."""

    def __init__(self):
        self.lock = threading.Lock()
        # Acts under a key by their path: the key of each time they were sent, and when.
        self.keyed = collections.defaultdict(list)
        self.adapters, self.silences, self.lease = set(), {}, None
        # Changes that a target refuses since they have happened, and all that were asked for.
        self.duplicates, self.changes, self.times = [], [], []
        super().__init__(Handler)

    def answer(self, method, path, key, body):
        """Status and document."""
        if path.endswith("/selfsubjectaccessreviews"):
            # Changes nothing.
            return 201, {"status": {"allowed": True}}
        if method != "GET" and "/leases" not in path:
            self.changes.append(f"{method} {path}")
        if path.startswith("/apis/coordination"):
            return self.hold(method, body)
        if path == "/v1/models":
            return 200, {"data": [{"id": name} for name in sorted(self.adapters)]}
        if path == "/v1/load_lora_adapter":
            return self.put(body["lora_name"] not in self.adapters, lambda: self.adapters.add(body["lora_name"]), f"load {body['lora_name']}")
        if path == "/v1/unload_lora_adapter":
            return self.put(body["lora_name"] in self.adapters, lambda: self.adapters.discard(body["lora_name"]), f"unload {body['lora_name']}")
        if path == "/api/v2/silences" and method == "GET":
            return 200, list(self.silences.values())
        if path == "/api/v2/silences":
            made = {**body, "id": f"s{len(self.silences)}", "status": {"state": "active"}}
            self.silences[made["id"]] = made
            return 200, {"silenceID": made["id"]}
        if path.startswith("/api/v2/silence/"):
            silence = self.silences[path.rsplit("/", 1)[1]]
            if method == "DELETE":
                return self.put(silence["status"]["state"] == "active", lambda: silence["status"].update(state="expired"), "expire")
            return 200, silence
        if method == "GET":
            return 200, {}
        self.keyed[path].append(key)
        self.times.append((path, time.monotonic()))
        if path == "/down" or path == "/busy-once" and len(self.keyed[path]) == 1:
            return 503, {}
        return 200, {}

    def put(self, is_new, change, what):
        if not is_new:
            self.duplicates.append(what)
            return 400, {}
        change()
        return 200, {}

    def hold(self, method, body):
        """A Lease of an API server, with its versions."""
        if method == "GET":
            return (200, self.lease) if self.lease else (404, {})
        if method == "POST" and self.lease:
            return 409, {}
        if method == "PATCH":
            asked = body.get("metadata", {}).get("resourceVersion")
            if not self.lease or asked not in (None, self.lease["metadata"]["resourceVersion"]):
                return 409, {}
        self.lease = merged(self.lease or {}, body)
        version = int(self.lease.setdefault("metadata", {}).get("resourceVersion", "0"))
        self.lease["metadata"]["resourceVersion"] = str(version + 1)
        return 200, self.lease

    def rob(self):
        """Somebody else takes the lock over, as may be done once it has expired."""
        with self.lock:
            spec = (self.lease or {}).get("spec", {})
            self.hold("PATCH" if self.lease else "POST", {"spec": {
                "holderIdentity": "r2", "leaseTransitions": spec.get("leaseTransitions", 0) + 1, "leaseDurationSeconds": 60,
                "renewTime": time.strftime("%Y-%m-%dT%H:%M:%S.000000Z", time.gmtime())}})


def merged(old, new):
    if not isinstance(old, dict) or not isinstance(new, dict):
        return new
    return {name: merged(old.get(name), new[name]) if name in new else old[name] for name in [*old, *(n for n in new if n not in old)]}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def answer(self):
        length = int(self.headers.get("content-length") or 0)
        text = self.rfile.read(length)
        if len(text) < length:
            # Half a request asks for nothing.
            self.close_connection = True
            return
        with self.server.lock:
            status, document = self.server.answer(
                self.command, self.path.split("?")[0], self.headers["idempotency-key"], json.loads(text or b"null"))
            text = json.dumps(document).encode()
        self.send_response_only(status)
        self.send_header("date", email.utils.formatdate(usegmt=True))
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

    def log_message(self, *_):
        pass


class Life(Case):
    """A run, one life after the other."""

    # The program of Tests/strike.c.
    striker = None

    def __init__(self):
        super().__init__(PROGRAM)
        self.world = World()
        with open(f"{self.folder}/config", "w") as file:
            file.write(KUBECONFIG.replace("URL", self.world.url))

    def begin(self, runbook, strike=()):
        return self.start(
            "run", "a.dr", runbook, "--world", "real", "--kubeconfig", "config", "--set", f"url={self.world.url}", "--allow", "shell", "--yes",
            before=strike)

    def has_begun(self):
        """Whether there is what a run can be begun by."""
        return any(os.path.exists(f"{self.folder}/state/runs/{run}/launch.json") for run in self.runs())

    def strike(self, point, number):
        return [self.striker, str(point), str(int(number)), f"{self.folder}/points"]

    def points(self):
        with open(f"{self.folder}/points") as file:
            return int(file.read())

    def go_on(self, strike=(), limit=12):
        """Resumes the run, answers what it asks about acts in doubt, and gives its exit status. One that is struck lives once."""
        answers, said = [], ""
        for _ in range(limit):
            words = ["resume", "last", "--yes", *(word for answer in answers for word in ("--answer", answer))]
            process = self.start(*words, before=strike)
            output, errors = process.communicate(timeout=PATIENCE)
            said += output + errors
            asked = set(re.findall(r"doubt/[^\s;=]+", output + errors))
            if process.returncode == 0 or strike or not asked:
                return process.returncode, said
            # Whoever looks sees whether the line stands there.
            answers = [f"{question}={'yes' if self.once() else 'no'}" for question in asked]
        return None, said

    def once(self):
        with contextlib.suppress(FileNotFoundError), open(f"{self.folder}/once") as file:
            return len(file.read().split())
        return 0

    def records(self, run="last"):
        _, output, _ = self.run("runs", "export", run)
        try:
            found = json.loads(output)
        except ValueError:
            return []
        return found["records"] if isinstance(found, dict) else found

    def effects(self):
        """What has happened, and how often."""
        with self.world.lock:
            return {**{path: len(set(keys)) for path, keys in sorted(self.world.keyed.items())},
                    "silences": len(self.world.silences), "active": sum(s["status"]["state"] == "active" for s in self.world.silences.values()),
                    "adapters": sorted(self.world.adapters), "once": self.once()}


def wait_dead(process):
    output, errors = process.communicate(timeout=PATIENCE)
    return process.returncode, output + errors
