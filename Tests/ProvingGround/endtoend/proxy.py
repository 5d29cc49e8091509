"""An API server on a bad day: a proxy in front of the real one that does with each request what a test says.

It speaks plain HTTP on loopback, where dr sends a token all the same, and TLS to the API server. What it saw is kept, with the time.
"""

import collections
import contextlib
import http.client
import http.server
import json
import socket
import ssl
import struct
import threading
import time

Seen = collections.namedtuple("Seen", "at method path token did")

# What to do with a request.
PASS = ("pass",)
# Closed without a word before it reached the API server.
DROP = ("drop",)
# Carried out by the API server, and the answer never told; what it refuses is told.
LOSE = ("lose",)


def status(code, reason, **headers):
    """An answer in the API server's place, which never sees the request."""
    return ("status", code, reason, headers)


def late(seconds):
    """Carried out at once, answered so much later."""
    return ("late", seconds)


class Proxy:
    """Runs while it is entered. `rule(method, path, token)` gives what is done with a request; None is PASS."""

    def __init__(self, layout, rule=lambda method, path, token: None):
        self.rule, self.seen, self.lock = rule, [], threading.Lock()
        self.context = ssl.create_default_context(cafile=str(layout.pki / "ca.crt"))
        self.server, self.open = None, set()
        # Paths of the changes whose answers were lost.
        self.lost = []

    def __enter__(self):
        self.listen(0)
        self.port = self.server.server_port
        return self

    def __exit__(self, *_):
        self.close()

    def listen(self, port):
        handler = type("Handler", (_Handler,), {"proxy": self})
        self.server = _Server(("127.0.0.1", port), handler)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self):
        """As if nothing had ever listened: connections that are open are reset."""
        if self.server is None:
            return
        self.server.shutdown()
        self.server.server_close()
        self.server = None
        self.cut()

    def cut(self):
        """Resets all connections; new ones are taken."""
        with self.lock:
            connections = list(self.open)
        for connection in connections:
            try:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def away(self, seconds):
        """Nobody listens for a while."""
        self.close()
        time.sleep(seconds)
        self.listen(self.port)

    def kubeconfig(self, world, name, user):
        """The ground's kubeconfig with this server in the API server's place, for one user of it (`token`, `tokenFile`)."""
        config = json.loads(world.layout.kubeconfig.read_text())
        config["clusters"][0]["cluster"] = {"server": f"http://127.0.0.1:{self.port}"}
        for each in config["users"]:
            each["user"] = user
        path = world.work / f"{name}.kubeconfig"
        path.write_text(json.dumps(config, indent=1))
        return path

    def took(self, method=None, part="", did=None):
        """Requests of that kind so far."""
        with self.lock:
            return [each for each in self.seen
                    if (method is None or each.method == method) and part in each.path and (did is None or each.did == did)]


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_):
        """A client that is killed, and a connection that is cut, are no news here."""


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 120

    def setup(self):
        super().setup()
        with self.proxy.lock:
            self.proxy.open.add(self.connection)

    def finish(self):
        with self.proxy.lock:
            self.proxy.open.discard(self.connection)
        super().finish()

    def log_message(self, *_):
        pass

    def handle_any(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        action = self.proxy.rule(self.command, self.path, token) or PASS
        seen = Seen(time.time(), self.command, self.path, token, action[0])
        with self.proxy.lock:
            self.proxy.seen.append(seen)
        if action == DROP:
            return self.reset()
        if action[0] == "status":
            return self.answer(action[1], action[2], action[3])
        with contextlib.closing(http.client.HTTPSConnection("127.0.0.1", 6443, timeout=120, context=self.proxy.context)) as upstream:
            answer = self.forward(upstream, body)
            if action == LOSE and answer.status < 300:
                answer.read()
                with self.proxy.lock:
                    self.proxy.lost.append(self.path)
                return self.reset()
            if action[0] == "late":
                time.sleep(action[1])
            self.relay(answer)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any

    def reset(self):
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.shutdown(socket.SHUT_RDWR)

    def answer(self, code, reason, headers):
        body = json.dumps({"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "reason": reason, "message": f"the proxy says {reason}"}).encode()
        self.send_response(code)
        for name, value in {"Content-Type": "application/json", "Content-Length": len(body), **headers}.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()
        self.wfile.write(body)

    def forward(self, upstream, body):
        headers = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection", "content-length")}
        upstream.request(self.command, self.path, body or None, headers)
        return upstream.getresponse()

    def relay(self, answer):
        """Piece by piece, for a watch has no end."""
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("transfer-encoding", "content-length", "connection"):
                self.send_header(name, value)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        while piece := answer.read1(65536):
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            self.wfile.flush()
        self.wfile.write(b"0\r\n\r\n")
