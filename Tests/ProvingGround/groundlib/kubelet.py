"""What the API server asks of a node's kubelet: logs, programs in containers, and forwarded ports, over WebSockets as kubelets take them.

A process of its own per zone, so that a test can kill it while pods go on; the node agent starts another one. A container has no file
system of its own here: a program runs in the zone's network with the container's variables.
"""

import argparse
import base64
import hashlib
import json
import os
import select
import socket
import ssl
import struct
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from .kubeapi import Api, ApiError
from .worker import logger, settings_from

PORT = 10250
SUBPROTOCOLS = ("v5.channel.k8s.io", "v4.channel.k8s.io")
GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
BINARY, CLOSE, PING = 2, 8, 9
PIECE = 32 << 10


class Refused(Exception):
    """An answer instead of what was asked for."""

    def __init__(self, status, text):
        super().__init__(text)
        self.status = status


class Channels:
    """Messages by channel over one WebSocket; several threads may send."""

    def __init__(self, connection):
        self.connection, self.lock, self.received = connection, threading.Lock(), b""

    def send(self, channel, data=b""):
        self._frame(BINARY, bytes([channel]) + data)

    def close(self):
        """Ends it, and reads what was sent before the other side heard: a close over unread bytes resets the connection, and what was said last is lost with it."""
        self._frame(CLOSE, struct.pack(">H", 1000))
        self.connection.settimeout(2)
        try:
            while self.receive() is not None:
                pass
        except OSError:
            pass

    def _frame(self, opcode, payload):
        size = len(payload)
        lead = bytes([0x80 | opcode]) + (bytes([size]) if size < 126 else b"\x7e" + struct.pack(">H", size) if size < 1 << 16 else b"\x7f" + struct.pack(">Q", size))
        with self.lock:
            self.connection.sendall(lead + payload)

    def pending(self):
        return self.connection.pending()

    def receive(self):
        """The messages that are there, as (channel, bytes); None once the other side has closed."""
        data = self.connection.recv(PIECE)
        if not data:
            return None
        self.received += data
        found = []
        while len(self.received) >= 2:
            opcode, size, start = self.received[0] & 0x0F, self.received[1] & 0x7F, 2
            if size == 126:
                size, start = struct.unpack_from(">H", self.received, 2)[0] if len(self.received) >= 4 else 1 << 62, 4
            elif size == 127:
                size, start = struct.unpack_from(">Q", self.received, 2)[0] if len(self.received) >= 10 else 1 << 62, 10
            end = start + 4 + size
            if len(self.received) < end:
                break
            mask, body = self.received[start:start + 4], self.received[start + 4:end]
            self.received = self.received[end:]
            if opcode == CLOSE:
                return None
            if opcode == BINARY and body:
                plain = bytes(byte ^ mask[index & 3] for index, byte in enumerate(body))
                found.append((plain[0], plain[1:]))
        return found


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    kubelet = None

    def log_message(self, *_):
        pass

    def do_GET(self):
        parts = [unquote(part) for part in urlsplit(self.path).path.strip("/").split("/")]
        query = parse_qs(urlsplit(self.path).query)
        self.close_connection = True
        try:
            if parts[0] == "containerLogs" and len(parts) == 4:
                self._answer(200, self.kubelet.logs(*parts[1:], query))
            elif parts[0] == "exec" and len(parts) == 4:
                self._exec(*parts[1:], query)
            elif parts[0] == "portForward" and len(parts) == 3:
                self._forward(*parts[1:], query)
            else:
                raise Refused(404, "not found")
        except Refused as refusal:
            self._answer(refusal.status, str(refusal).encode())
        except (OSError, ApiError) as error:
            self.kubelet.log(f"{self.path}: {error}")

    do_POST = do_GET

    def _answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def _upgrade(self, subprotocols):
        offered = [name.strip() for name in self.headers.get("Sec-WebSocket-Protocol", "").split(",")]
        chosen = next((name for name in subprotocols if name in offered), None)
        if self.headers.get("Upgrade", "").lower() != "websocket" or chosen is None:
            raise Refused(400, "unable to upgrade connection: no WebSocket of a known subprotocol")
        accept = base64.b64encode(hashlib.sha1((self.headers["Sec-WebSocket-Key"] + GUID).encode()).digest()).decode()
        self.wfile.write((f"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                          f"Sec-WebSocket-Accept: {accept}\r\nSec-WebSocket-Protocol: {chosen}\r\n\r\n").encode())
        self.wfile.flush()
        return Channels(self.connection)

    def _exec(self, namespace, name, container, query):
        environment = self.kubelet.environment(namespace, name, container)
        channels = self._upgrade(SUBPROTOCOLS)
        command = query.get("command", [])
        try:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, cwd="/")
        except OSError as error:
            text = f'error executing command in container: exec failed: "{command[0]}": executable file not found in $PATH: {error.strerror}'
            return self._end(channels, {"status": "Failure", "reason": "InternalError", "message": text, "code": 500})
        readers = [threading.Thread(target=pump, args=(stream, channels, number), daemon=True)
                   for number, stream in ((1, process.stdout), (2, process.stderr))]
        for reader in readers:
            reader.start()
        code = process.wait()
        for reader in readers:
            reader.join()
        code = code if code >= 0 else 128 - code
        return self._end(channels, {"metadata": {}, "status": "Success"} if code == 0 else {
            "metadata": {}, "status": "Failure", "reason": "NonZeroExitCode", "message": f"command terminated with non-zero exit code: {code}",
            "details": {"causes": [{"reason": "ExitCode", "message": str(code)}]}})

    @staticmethod
    def _end(channels, status):
        channels.send(3, json.dumps(status).encode())
        channels.close()

    def _forward(self, namespace, name, query):
        address = self.kubelet.pod(namespace, name)["status"].get("podIP")
        port = int(query["port"][0])
        channels = self._upgrade(("v4.channel.k8s.io",))
        # The first message of each of the port's two channels is the port.
        for number in (0, 1):
            channels.send(number, struct.pack("<H", port))
        try:
            target = socket.create_connection((address, port), timeout=5)
        except OSError as error:
            channels.send(1, f"error forwarding port {port} to pod {name}: {error.strerror or error}".encode())
            return channels.close()
        with target:
            while True:
                ready = [self.connection] if channels.pending() else select.select([self.connection, target], [], [], 60)[0]
                if not ready:
                    return None
                if self.connection in ready:
                    messages = channels.receive()
                    if messages is None:
                        return None
                    for number, data in messages:
                        if number == 0:
                            target.sendall(data)
                if target in ready:
                    data = target.recv(PIECE)
                    if not data:
                        return channels.close()
                    channels.send(0, data)


def pump(stream, channels, number):
    while data := os.read(stream.fileno(), PIECE):
        try:
            channels.send(number, data)
        except OSError:
            continue  # nobody listens any more, but the program goes on


class Kubelet:
    def __init__(self, api, zone, logs):
        self.api, self.logs_folder, self.log = api, Path(logs), logger(f"kubelet-{zone}")

    def pod(self, namespace, name):
        try:
            return self.api.get(f"/api/v1/namespaces/{namespace}/pods/{name}")
        except ApiError as error:
            raise Refused(404 if error.status == 404 else 500, "pod does not exist") from None

    def environment(self, namespace, name, container):
        found = [each for each in self.pod(namespace, name)["spec"]["containers"] if each["name"] == container]
        if not found:
            raise Refused(500, f'unable to upgrade connection: container not found ("{container}")')
        given = {each["name"]: each["value"] for each in found[0].get("env") or [] if "value" in each}
        return {"PATH": os.environ.get("PATH", ""), "HOSTNAME": name, **given}

    def logs(self, namespace, name, container, query):
        try:
            lines = (self.logs_folder / f"pod-{namespace}-{name}-{container}.log").read_bytes().splitlines(keepends=True)
        except FileNotFoundError:
            raise Refused(404, f"there are no logs of {container}") from None
        return b"".join(lines[-int(query.get("tailLines", ["1000"])[0]):])


class Server(ThreadingHTTPServer):
    daemon_threads = True
    context = None

    def get_request(self):
        connection, address = super().get_request()
        # The handshake is the thread's: who never begins it must not keep others waiting.
        return self.context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False), address


def main():
    parser = argparse.ArgumentParser()
    for name in ("--api", "--settings", "--zone", "--logs"):
        parser.add_argument(name, required=True)
    options = parser.parse_args()
    settings = settings_from(options.settings)
    pki = Path(options.api).parent / "pki"
    Server.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    Server.context.load_cert_chain(pki / "kubelet.crt", pki / "kubelet.key")
    Handler.kubelet = Kubelet(Api.from_file(options.api, timeout=3), options.zone, options.logs)
    Server((settings.node_address(options.zone), PORT), Handler).serve_forever()


if __name__ == "__main__":
    main()
