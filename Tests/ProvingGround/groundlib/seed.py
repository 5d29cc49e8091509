"""Custom resource definitions, kept between grounds as the API server stored them.

An API server of this age rebuilds its whole OpenAPI document for every definition that arrives: 71 of them keep it busy for half a
minute. When they are in etcd before it starts, it builds the document once. So the first ground with a given set installs them the
ordinary way, validation included, and saves what is then in etcd; later ones put that back before the API server starts.
"""

import base64
import hashlib
import json
import os
import urllib.request
from pathlib import Path

from . import assets

PREFIX = "/registry/apiextensions.k8s.io/customresourcedefinitions/"
KEPT = 8


class Etcd:
    """The three calls needed of etcd's JSON gateway."""

    def __init__(self, url="http://127.0.0.1:2379"):
        self.url = url
        # The caller's proxies must not be asked for a loopback address.
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def call(self, path, body=None):
        request = urllib.request.Request(self.url + path, None if body is None else json.dumps(body).encode())
        with self.opener.open(request, timeout=10) as answer:
            return json.loads(answer.read())

    def healthy(self):
        return self.call("/health").get("health") in ("true", True)

    def prefix(self, key):
        """All (key, value) below a key, both in base64."""
        after = key[:-1] + chr(ord(key[-1]) + 1)
        return [(pair["key"], pair["value"]) for pair in self.call("/v3/kv/range", {"key": _b64(key), "range_end": _b64(after)}).get("kvs", [])]

    def put(self, key, value):
        self.call("/v3/kv/put", {"key": key, "value": value})


def _b64(text):
    return base64.b64encode(text.encode()).decode()


def path_for(definitions, apiserver):
    """One file per set of definitions and API server: another server may store them in another way."""
    program = os.stat(apiserver)
    identity = json.dumps([sorted(definitions.items()), str(apiserver), program.st_size, program.st_mtime_ns], sort_keys=True)
    return assets.cache_root() / "definitions" / f"{hashlib.sha256(identity.encode()).hexdigest()[:24]}.json"


def restore(path: Path, etcd: Etcd):
    """True when there was a saved set and it is in etcd now."""
    try:
        pairs = json.loads(path.read_text())
    except (OSError, ValueError):
        return False
    for key, value in pairs:
        etcd.put(key, value)
    os.utime(path)
    return True


def save(path: Path, etcd: Etcd):
    """Whole or not at all; the least recently used sets make room. A cache that cannot be written is done without."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        aside = path.with_name(f".{path.name}.{os.urandom(4).hex()}")
        aside.write_text(json.dumps(etcd.prefix(PREFIX)))
        aside.rename(path)
        for old in sorted(path.parent.glob("*.json"), key=lambda each: each.stat().st_mtime)[:-KEPT]:
            old.unlink(missing_ok=True)
    except OSError:
        pass
