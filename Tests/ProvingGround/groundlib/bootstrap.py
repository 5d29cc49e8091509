"""What a fresh API server is given: the roles of `dr` and `viewer`, and the custom resource definitions that were asked for."""

import concurrent.futures
import json
import time
from pathlib import Path

from .errors import GroundError
from .kubeapi import Api, ApiError

RBAC = "/apis/rbac.authorization.k8s.io/v1"
CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"

READ = ["get", "list", "watch"]
WRITE = ["create", "patch", "update"]
READABLE = [
    ([""], ["pods", "nodes", "namespaces", "services", "endpoints"]),
    (["apps"], ["deployments", "replicasets"]),
    (["autoscaling"], ["horizontalpodautoscalers"]),
    (["policy"], ["poddisruptionbudgets"]),
    (["discovery.k8s.io"], ["endpointslices"]),
    (["coordination.k8s.io"], ["leases"]),
]
WRITABLE = [
    (["apps"], ["deployments", "deployments/scale"], WRITE),
    (["autoscaling"], ["horizontalpodautoscalers"], WRITE),
    (["coordination.k8s.io"], ["leases"], WRITE),
    ([""], ["nodes"], WRITE),
    ([""], ["pods/eviction"], ["create"]),
    (["authorization.k8s.io"], ["selfsubjectaccessreviews"], ["create"]),
]


def roles(api):
    """`dr` may do exactly what a runbook needs; `viewer` may look at the same things."""
    reading = [{"apiGroups": groups, "resources": names, "verbs": READ} for groups, names in READABLE]
    writing = [{"apiGroups": groups, "resources": names, "verbs": verbs} for groups, names, verbs in WRITABLE]
    for role, user, rules in (("dr-operator", "dr", reading + writing), ("dr-viewer", "viewer", reading)):
        api.ensure(f"{RBAC}/clusterroles", {"metadata": {"name": role}, "rules": rules})
        api.ensure(f"{RBAC}/clusterrolebindings", {
            "metadata": {"name": role},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
            "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user}],
        })


def definitions(folders):
    """Every custom resource definition in the JSON files of these folders and their subfolders."""
    found = {}
    for folder in map(Path, folders):
        if not folder.is_dir():
            raise GroundError(f"--crds: {folder} is not a directory")
        for path in sorted(folder.rglob("*.json")):
            try:
                value = json.loads(path.read_text())
            except json.JSONDecodeError as error:
                raise GroundError(f"--crds: {path} is not JSON: {error}") from None
            for item in value if isinstance(value, list) else value.get("items", [value]):
                if item.get("kind") == "CustomResourceDefinition":
                    found[item["metadata"]["name"]] = item
    if folders and not found:
        raise GroundError("--crds: no CustomResourceDefinition in JSON in " + ", ".join(map(str, folders)))
    return found


def install_crds(api: Api, found, seeded, seconds=600):
    """Creates all of them at once, unless they are there from an earlier ground, then waits until the API server serves them."""
    if not seeded:
        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            for name, failure in pool.map(lambda item: (item["metadata"]["name"], _create(api, item)), found.values()):
                if failure:
                    raise GroundError(f"the API server refuses the definition of {name}: {failure}")
    deadline = time.monotonic() + seconds
    while True:
        listed = {item["metadata"]["name"]: item.get("status", {}).get("conditions") or [] for item in api.get(CRDS)["items"]}
        waiting = [name for name in found if not any(c["type"] == "Established" and c["status"] == "True" for c in listed.get(name, []))]
        if not waiting:
            return
        if time.monotonic() > deadline:
            raise GroundError("these definitions are not established: " + ", ".join(waiting))
        time.sleep(0.3)


def _create(api, item):
    try:
        api.ensure(CRDS, item)
    except ApiError as error:
        return str(error)
    return None
