"""Users of the API server and the kubeconfig files that speak for them (JSON, which every YAML reader accepts)."""

import base64
import json
import secrets

from .layout import API_PORT
from .settings import CONTROL_ADDRESS

CLUSTER = "deepseek-dr-cluster"
# key -> (user name, groups). The ground's own parts are system:masters: RBAC is proven with `dr` and `viewer`.
USERS = {
    "admin": ("admin", "system:masters"),
    "operator": ("dr", "dr-operators"),
    "viewer": ("viewer", "dr-viewers"),
    "ground": ("ground:supervisor", "system:masters"),
    "agent": ("ground:node-agent", "system:masters"),
    "endpoints": ("ground:endpoints", "system:masters"),
    "binder": ("ground:pv-binder", "system:masters"),
    "controller-manager": ("system:kube-controller-manager", "system:masters"),
    "scheduler": ("system:kube-scheduler", "system:masters"),
}


def server(address="127.0.0.1"):
    return f"https://{address}:{API_PORT}"


def write_all(layout):
    """The token file, the user's kubeconfig, and the private ones. Returns key -> token."""
    tokens = {key: secrets.token_hex(16) for key in USERS}
    lines = [f'{tokens[key]},{name},{key},"{groups}"\n' for key, (name, groups) in USERS.items()]
    _write(layout.private / "tokens.csv", "".join(lines))
    certificate = {"client-certificate-data": inline(layout.pki / "admin.crt"), "client-key-data": inline(layout.pki / "admin.key")}
    _write(layout.kubeconfig, _config(layout, {
        CLUSTER: certificate,
        f"{CLUSTER}-operator": {"token": tokens["operator"]},
        f"{CLUSTER}-viewer": {"token": tokens["viewer"]},
    }))
    for key in ("controller-manager", "scheduler"):
        _write(layout.private / f"{key}.kubeconfig", _config(layout, {key: {"token": tokens[key]}}))
    for key in ("agent", "endpoints", "binder"):
        _write(layout.private / f"{key}.json", json.dumps(
            {"server": server(CONTROL_ADDRESS), "ca": str(layout.pki / "ca.crt"), "token": tokens[key]}))
    return tokens


def _config(layout, users):
    """One context per user; the first is the current one."""
    cluster = {"server": server(), "certificate-authority-data": inline(layout.pki / "ca.crt")}
    return json.dumps({
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": next(iter(users)),
        "clusters": [{"name": CLUSTER, "cluster": cluster}],
        "users": [{"name": name, "user": user} for name, user in users.items()],
        "contexts": [{"name": name, "context": {"cluster": CLUSTER, "user": name}} for name in users],
    }, indent=1) + "\n"


def inline(path):
    return base64.b64encode(path.read_bytes()).decode()


def _write(path, text):
    path.touch(mode=0o600)
    path.write_text(text)
