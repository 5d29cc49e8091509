"""The process of one pod: an HTTP inference server whose answers are made up but whose behaviour is real.

It loads for a while before it is ready, answers after a latency, drains on SIGTERM, and can be made to fail the ways that health
checks do not see. Run directly, for it imports nothing of the ground's.

  GET  /healthz /readyz /metrics /v1/models
  POST /infer {"prompt", "max_tokens"}      POST /v1/completions (the shape of OpenAI's)
  GET  /version /is_paused /is_sleeping     POST /pause /resume /sleep /wake_up (vLLM's development mode)
  POST /-/hang   health stays 200, generation never answers      POST /-/sleep  generation answers 503      POST /-/resume
"""

import argparse
import ctypes
import hashlib
import json
import os
import signal
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

WORDS = ("the zone answers again while replicas start and traffic moves over to where capacity is left so that "
         "every request finds a model that has been loaded before its weight was raised").split()


class Model:
    """What all connections of the process share: state, counters and the fault that is switched on."""

    def __init__(self, options):
        self.name = options.model
        self.pod, self.zone, self.node = options.pod, options.zone, options.node
        self.latency = options.latency_ms / 1000
        self.ready_at = time.monotonic() + options.load_seconds
        self.awake = threading.Event()
        self.awake.set()
        self.asleep = False
        self.paused = False
        self.draining = False
        self.lock = threading.Lock()
        self.running = 0
        self.counters = {"request_success_total": 0, "request_failure_total": 0, "prompt_tokens_total": 0, "generation_tokens_total": 0}
        self.seconds = 0.0

    def ready(self):
        return not self.draining and time.monotonic() >= self.ready_at

    def generate(self, prompt, max_tokens):
        """The same prompt gives the same words in every pod, as greedy decoding does. None when it must be refused."""
        started = time.monotonic()
        with self.lock:
            self.running += 1
        try:
            refused = self.paused or started < self.ready_at
            self.awake.wait()
            if refused or self.asleep:
                self.count(request_failure_total=1)
                return None
            time.sleep(self.latency)
            seed = hashlib.sha256(prompt.encode()).digest()
            count = max(1, min(int(max_tokens), 512))
            words = [WORDS[(seed[i % len(seed)] + i) % len(WORDS)] for i in range(count)]
            self.count(request_success_total=1, prompt_tokens_total=len(prompt.split()), generation_tokens_total=count)
            return words
        finally:
            with self.lock:
                self.running -= 1
                self.seconds += time.monotonic() - started

    def count(self, **steps):
        with self.lock:
            for name, step in steps.items():
                self.counters[name] += step

    def switch(self, fault):
        self.asleep = fault == "sleep"
        self.awake.clear() if fault == "hang" else self.awake.set()

    def rest(self, path):
        """As vLLM 0.33: who pauses or sleeps takes nothing new, and with mode=wait answers what it has first; asleep is paused too."""
        action, _, query = path.partition("?")
        if action in ("/resume", "/wake_up"):
            self.paused = self.asleep = False
            return {"status": "resumed"}
        self.paused = True
        while "mode=wait" in query and self.running:
            time.sleep(0.01)
        self.asleep = action == "/sleep"
        return {"status": "paused"}

    def metrics(self):
        label = f'{{model_name="{self.name}"}}'
        lines = [f"# TYPE vllm:num_requests_running gauge\nvllm:num_requests_running{label} {self.running}",
                 f"# TYPE vllm:num_requests_waiting gauge\nvllm:num_requests_waiting{label} 0"]
        lines += [f"# TYPE vllm:{name} counter\nvllm:{name}{label} {value}" for name, value in self.counters.items()]
        answered = self.counters["request_success_total"] + self.counters["request_failure_total"]
        lines.append("# TYPE vllm:e2e_request_latency_seconds summary\n"
                     f"vllm:e2e_request_latency_seconds_sum{label} {self.seconds:.6f}\nvllm:e2e_request_latency_seconds_count{label} {answered}")
        return "\n".join(lines) + "\n"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 65536  # header and body in one segment
    disable_nagle_algorithm = True
    model = None

    def do_GET(self):
        path = self.path.split("?")[0]
        if path == "/healthz":
            self.answer(200, {"status": "alive"})
        elif path == "/readyz":
            ready = self.model.ready()
            self.answer(200 if ready else 503, {"status": "ready" if ready else "draining" if self.model.draining else "loading"})
        elif path == "/metrics":
            self.answer(200, self.model.metrics(), "text/plain; version=0.0.4")
        elif path == "/v1/models":
            self.answer(200, {"object": "list", "data": [{"id": self.model.name, "object": "model", "owned_by": "ground", "root": "/models/" + self.model.name, "max_model_len": 4096}]})
        elif path == "/version":
            self.answer(200, {"version": "0.33.0"})
        elif path in ("/is_paused", "/is_sleeping"):
            self.answer(200, {path[1:]: self.model.paused if path == "/is_paused" else self.model.paused or self.model.asleep})
        else:
            self.answer(404, {"error": f"no such path: {path}"})

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path in ("/-/hang", "/-/sleep", "/-/resume"):
            self.model.switch(self.path[3:])
            return self.answer(200, {"fault": None if self.path == "/-/resume" else self.path[3:]})
        if self.path.partition("?")[0] in ("/pause", "/resume", "/sleep", "/wake_up"):
            return self.answer(200, self.model.rest(self.path))
        if self.path not in ("/infer", "/v1/completions"):
            return self.answer(404, {"error": f"no such path: {self.path}"})
        try:
            request = json.loads(body or b"{}")
            prompt, limit = request["prompt"], request.get("max_tokens", 16)
            if not isinstance(prompt, str) or not isinstance(limit, int):
                raise ValueError("prompt is a string, max_tokens a whole number")
        except (ValueError, KeyError, TypeError) as error:
            return self.answer(400, {"error": f"bad request: {error}"})
        words = self.model.generate(prompt, limit)
        if words is None:
            return self.answer(503, {"error": "the model is not loaded" if not self.model.asleep else "the model sleeps", "pod": self.model.pod})
        origin = {"model": self.model.name, "pod": self.model.pod, "zone": self.model.zone, "node": self.model.node}
        if self.path == "/infer":
            return self.answer(200, {"text": " ".join(words), **origin})
        asked = len(prompt.split())
        self.answer(200, {"id": f"cmpl-{time.time_ns():x}", "object": "text_completion", "created": int(time.time()), **origin,
                          "choices": [{"index": 0, "text": " ".join(words), "finish_reason": "length", "logprobs": None}],
                          "usage": {"prompt_tokens": asked, "completion_tokens": len(words), "total_tokens": asked + len(words)}})

    def answer(self, status, value, kind="application/json"):
        data = (value if isinstance(value, str) else json.dumps(value)).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        if self.model.draining:
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    request_queue_size = 256

    def handle_error(self, request, client_address):
        """A client or balancer that hangs up is not worth a traceback."""


def drain(model, servers, seconds):
    """Not ready at once; new requests are still served while balancers notice; then those under way are finished."""
    model.draining = True
    time.sleep(seconds)
    for server in servers:
        server.shutdown()
    model.awake.set()
    while model.running:
        time.sleep(0.02)
    os._exit(0)


def die_with_parent():
    """A pod must not outlive its node agent."""
    parent = os.getppid()
    ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)  # PR_SET_PDEATHSIG
    if os.getppid() != parent:
        sys.exit(1)


def main():
    environment = os.environ.get
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, action="append", help="repeat for several; none: the process serves nothing")
    parser.add_argument("--pod", default=environment("POD_NAME", ""))
    parser.add_argument("--node", default=environment("NODE_NAME", ""))
    parser.add_argument("--zone", default=environment("ZONE", ""))
    parser.add_argument("--model", default=environment("MODEL") or environment("MODEL_NAME") or "deepseek")
    parser.add_argument("--load-seconds", type=float, default=float(environment("LOAD_SECONDS", "0")))
    parser.add_argument("--latency-ms", type=float, default=float(environment("LATENCY_MS", "20")))
    parser.add_argument("--drain-seconds", type=float, default=float(environment("DRAIN_SECONDS", "1")))
    parser.add_argument("--die-with-parent", action="store_true")
    options = parser.parse_args()
    if options.die_with_parent:
        die_with_parent()
    # Waited for, not handled: a handler that runs when the main thread comes round to it can come round too late.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    Handler.model = model = Model(options)
    servers = [Server((options.host, port), Handler) for port in options.port or []]
    for server in servers:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
    signal.sigwait({signal.SIGTERM})
    # Without a port there is nothing to drain.
    drain(model, servers, options.drain_seconds if servers else 0)


if __name__ == "__main__":
    main()
