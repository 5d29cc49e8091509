"""A small client of the Kubernetes API: requests with short timeouts, lists, and watches that can be cut from outside."""

import http.client
import json
import socket
import ssl
import threading
import time
import urllib.parse
from pathlib import Path

MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_PATCH = "application/strategic-merge-patch+json"
APPLY_PATCH = "application/apply-patch+yaml"
WATCH_SECONDS = 300


class ApiError(Exception):
    """An answer that is not a success; `status` is 0 where there was no answer at all."""

    def __init__(self, status, reason, message):
        super().__init__(f"{status} {reason}: {message}")
        self.status, self.reason = status, reason


class Api:
    """One connection per thread, kept open. Any failure of the network drops it, so the next request dials again."""

    def __init__(self, server, ca, token, timeout=5):
        address = urllib.parse.urlsplit(server)
        self.host, self.port, self.token, self.timeout = address.hostname, address.port, token, timeout
        self.context = ssl.create_default_context(cafile=ca)
        self.local = threading.local()
        self.watches = set()
        self.lock = threading.Lock()

    @classmethod
    def from_file(cls, path, **options):
        config = json.loads(Path(path).read_text())
        return cls(config["server"], config["ca"], config["token"], **options)

    def _connect(self, timeout):
        connection = http.client.HTTPSConnection(self.host, self.port, timeout=timeout, context=self.context)
        connection.connect()
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def _headers(self, content_type=None):
        headers = {"Authorization": f"Bearer {self.token}", "Accept": "application/json", "User-Agent": "dr-ground"}
        if content_type:
            headers["Content-Type"] = content_type
        return headers

    def request(self, method, path, body=None, content_type="application/json"):
        """The decoded answer; ApiError for an error status and for a broken connection alike. A body of bytes is sent as it is."""
        text = body if body is None or isinstance(body, bytes) else json.dumps(body)
        reused = getattr(self.local, "connection", None) is not None
        for attempt in (1, 2):
            try:
                if getattr(self.local, "connection", None) is None:
                    self.local.connection = self._connect(self.timeout)
                self.local.connection.request(method, path, text, self._headers(content_type if text else None))
                answer = self.local.connection.getresponse()
                data = answer.read()
                break
            except (OSError, http.client.HTTPException) as error:
                self.drop()
                # The server may close an idle connection at any time; a dead network shows as a timeout instead.
                closed = isinstance(error, (ConnectionResetError, BrokenPipeError, http.client.RemoteDisconnected, ssl.SSLEOFError))
                if not (attempt == 1 and reused and closed):
                    raise ApiError(0, "Unreachable", f"{method} {path}: {error}") from None
        if answer.status >= 300:
            try:
                status = json.loads(data)
                raise ApiError(answer.status, status.get("reason", ""), status.get("message", ""))
            except (json.JSONDecodeError, AttributeError):
                raise ApiError(answer.status, answer.reason, data[:200].decode(errors="replace")) from None
        try:
            return json.loads(data)
        except json.JSONDecodeError:
            return data.decode(errors="replace")

    def drop(self):
        connection, self.local.connection = getattr(self.local, "connection", None), None
        if connection:
            connection.close()

    def get(self, path):
        return self.request("GET", path)

    def post(self, path, body):
        return self.request("POST", path, body)

    def put(self, path, body):
        return self.request("PUT", path, body)

    def patch(self, path, body, content_type=MERGE_PATCH):
        return self.request("PATCH", path, body, content_type)

    def apply(self, path, text, manager):
        """Server-side apply of one object in YAML (bytes), without force."""
        return self.request("PATCH", f"{path}?fieldManager={manager}", text, APPLY_PATCH)

    def delete(self, path, body=None):
        return self.request("DELETE", path, body)

    def is_gone(self, path):
        """Whether the server says that there is no such object; false where it does not say."""
        try:
            self.get(path)
        except ApiError as error:
            return error.status == 404
        return False

    def ensure(self, collection, body):
        """Creates an object, or merges it into the one that is there."""
        try:
            return self.post(collection, body)
        except ApiError as error:
            if error.status != 409:
                raise
            return self.patch(f"{collection}/{body['metadata']['name']}", body)

    def watch(self, path, resource_version, query=""):
        """Yields (type, object) until the server ends the watch; ApiError where it fails, 410 included."""
        address = f"{path}?watch=1&allowWatchBookmarks=true&resourceVersion={resource_version}&timeoutSeconds={WATCH_SECONDS}{query}"
        connection = None
        try:
            connection = self._connect(self.timeout)
            connection.request("GET", address, headers=self._headers())
            answer = connection.getresponse()
            if answer.status != 200:
                raise ApiError(answer.status, answer.reason, answer.read()[:200].decode(errors="replace"))
            connection.sock.settimeout(WATCH_SECONDS + 30)
            with self.lock:
                self.watches.add(connection)
            for line in answer:
                event = json.loads(line)
                if event["type"] == "ERROR":
                    status = event["object"]
                    raise ApiError(status.get("code", 500), status.get("reason", ""), status.get("message", ""))
                yield event["type"], event["object"]
        except (OSError, ValueError, AttributeError, http.client.HTTPException) as error:
            raise ApiError(0, "Unreachable", f"watch {path}: {error}") from None
        finally:
            with self.lock:
                self.watches.discard(connection)
            if connection:
                connection.close()

    def cut_watches(self):
        """Ends all watches: a cut cable gives no sign of its own, so whoever notices calls this."""
        with self.lock:
            for connection in self.watches:
                try:
                    connection.sock.shutdown(socket.SHUT_RDWR)
                except (OSError, AttributeError):
                    pass


def follow(api, path, on_list, on_event, query="", log=print, pause=0.5):
    """List, then watch, for ever: a list hands over everything, after it come the single changes. Never returns.

    A watch that fails or is too old (410) starts over with a list, so nothing that was missed stays missed.
    """
    while True:
        try:
            listed = api.get(f"{path}?{query.lstrip('&')}" if query else path)
            version = listed["metadata"]["resourceVersion"]
            for item in listed["items"]:
                item.setdefault("kind", listed["kind"].removesuffix("List"))
            on_list(listed["items"])
            while True:
                for kind, item in api.watch(path, version, query):
                    version = item["metadata"]["resourceVersion"]
                    if kind != "BOOKMARK":
                        on_event(kind, item)
        except ApiError as error:
            log(f"watch of {path}: {error}; listing again")
            time.sleep(pause)
