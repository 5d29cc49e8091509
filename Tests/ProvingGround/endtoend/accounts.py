"""Cases: accounts with what `identity` derives from a runbook, and users who act as another."""

import json
import time

from groundlib.testing import expect, until

from . import journal
from .badworld import refused, untouched
from .cluster import LABELS

NAMESPACE = "dr-system"
USER = f"system:serviceaccount:{NAMESPACE}:responder"
RBAC = "/apis/rbac.authorization.k8s.io/v1"
DECLARED = [("use kubernetes,", "use operating, kubernetes,"), ("runbook evacuate(", "identity responder { on = dr }\n\nrunbook evacuate(")]
# What it needs in each place where it gets rights: they take a moment to arrive.
NEEDED = [
    ("get", "", "nodes", "", "", "a-node"),
    ("list", "", "pods", "", "deepseek", ""),
    ("patch", "apps", "deployments", "scale", "deepseek", f"deepseek-inference-{LABELS['az2']}"),
    ("patch", "coordination.k8s.io", "leases", "", "default", "dr-deepseek"),
]
# What the runbook has no business with: verb, group, resource, subresource, namespace, name.
FORBIDDEN = [
    ("list", "", "secrets", "", "deepseek", ""),
    ("delete", "apps", "deployments", "", "deepseek", f"deepseek-inference-{LABELS['az1']}"),
    ("patch", "apps", "deployments", "", "deepseek", f"deepseek-inference-{LABELS['az1']}"),
    ("patch", "apps", "deployments", "scale", "deepseek", "another"),
    ("patch", "apps", "deployments", "scale", "default", f"deepseek-inference-{LABELS['az1']}"),
    ("patch", "k8gb.io", "gslbs", "", "deepseek", "front"),
    ("create", "", "pods", "exec", "deepseek", ""),
    ("delete", "", "nodes", "", "", ""),
    ("patch", "coordination.k8s.io", "leases", "", "default", "dr-another"),
    ("create", "rbac.authorization.k8s.io", "rolebindings", "", "deepseek", ""),
]


def what_identity_derives_is_enough_for_the_whole_runbook_and_for_nothing_else(world):
    world.cluster.reset()
    api = world.cluster.api
    program = world.variant("identity", *DECLARED)
    # As runs are started here: a front that is HAProxy needs no Gslb.
    flags = ["--set", "front_door=haproxy", "--set", f"haproxy_socket={world.dr.socket}"]
    command = ["compile", str(program), "--target", "identity", "--target", "kubernetes=1.20", "--format", "json", *flags]
    compiled = world.dr.start("compile-identity", command).exited(0)
    made = [create(api, item) for item in json.loads(compiled.text)["items"]]
    try:
        token = api.post(f"/api/v1/namespaces/{NAMESPACE}/serviceaccounts/responder/token",
                         {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}})["status"]["token"]
        config = json.loads(world.layout.kubeconfig.read_text())
        for user in config["users"]:
            user["user"] = {"token": token}
        path = world.work / "identity.kubeconfig"
        path.write_text(json.dumps(config, indent=1))
        until("the new rights", lambda: all(may(api, *attempt) for attempt in NEEDED), 20)
        runs = world.dr.runs("identity")
        with world.client("identity"):
            invocation = runs.run(flags=["--kubeconfig", path]).exited(0)
        expect(world.audit.users(runs.id) == {USER}, f"somebody else acted: {world.audit.users(runs.id)}")
        expect(world.cluster.snapshot()["weights"] == {LABELS["az1"]: 0, LABELS["az2"]: 100}, "traffic was not shifted")
        wrong = [attempt for attempt in FORBIDDEN if may(api, *attempt)]
        expect(not wrong, f"the account may do what no runbook does: {wrong}")
        return f"{invocation.seconds:.1f} s; {len(made)} objects, {len(world.audit.changes(runs.id))} changes"
    finally:
        for place in reversed(made):
            api.delete(place)


def create(api, item):
    """Makes an object, and gives its path."""
    metadata = item["metadata"]
    version = item["apiVersion"]
    base = f"/apis/{version}" if "/" in version else f"/api/{version}"
    namespace = f"/namespaces/{metadata['namespace']}" if "namespace" in metadata else ""
    collection = f"{base}{namespace}/{item['kind'].lower()}s"
    api.ensure(collection, item)
    return f"{collection}/{metadata['name']}"


def may(api, verb, group, resource, part, namespace, name):
    wanted = {"group": group, "resource": resource, "subresource": part, "verb": verb, "namespace": namespace, "name": name}
    review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": {"user": USER, "resourceAttributes": wanted}}
    return api.post("/apis/authorization.k8s.io/v1/subjectaccessreviews", review)["status"]["allowed"]


def who_may_impersonate_acts_as_another_and_who_may_not_is_told_so(world):
    before = world.cluster.reset()
    denied = world.dr.runs("impersonating-viewer")
    refused(denied.run(flags=["--kubeconfig", impersonating(world, "viewer")]), "viewer", "cannot impersonate", "users")
    untouched(world, before, denied)
    runs = world.dr.runs("impersonating")
    with world.client("impersonating"):
        runs.run(flags=["--kubeconfig", impersonating(world, "admin")]).exited(0)
    acted = {(line["user"]["username"], line.get("impersonatedUser", {}).get("username"), tuple(line.get("impersonatedUser", {}).get("extra", {}).get("reason", [])))
             for line in world.audit.read() if f"({runs.id}/" in line.get("userAgent", "")}
    expect(acted == {("admin", "dr", ("evacuation",))}, f"acted have {acted}")
    expect(world.cluster.snapshot()["weights"] == {LABELS["az1"]: 0, LABELS["az2"]: 100}, "traffic was not shifted")


def who_is_told_to_act_as_another_does_so_in_every_life(world):
    before = world.cluster.reset()
    as_dr = ["--as", "dr", "--as-group", "operators", "--as-group", "night-shift"]
    denied = world.dr.runs("as-by-viewer")
    refused(denied.run(flags=["--kubeconfig", plain(world, "viewer"), *as_dr]), "viewer", "cannot impersonate")
    untouched(world, before, denied)
    admin = ["--kubeconfig", plain(world, "admin")]
    words = [world.dr.program, "evacuate", "from=az1", "to=az2", "--set", "front_door=haproxy", "--set", f"haproxy_socket={world.dr.socket}"]
    world.dr.start("plan-as", ["plan", *words, *admin, "--as", "viewer"]).exited(1, "not permitted to viewer", "patch deployments.apps/scale")
    world.dr.start("plan-as-dr", ["plan", *words, *admin, *as_dr]).exited(0)
    runs = world.dr.runs("as")
    with world.client("as"):
        first = runs.run(flags=[*admin, *as_dr])
        while not any(record["kind"] == "outcome" for record in journal.so_far(runs)) and not first.ended():
            time.sleep(0.001)
        first.kill()
        runs.resume(runs.id).exited(0)
    lines = [line for line in world.audit.read() if f"({runs.id}/" in line.get("userAgent", "")]
    acted = {(line["user"]["username"], line.get("impersonatedUser", {}).get("username"),
              tuple(group for group in line.get("impersonatedUser", {}).get("groups", []) if not group.startswith("system:"))) for line in lines}
    expect(acted == {("admin", "dr", ("operators", "night-shift"))}, f"acted have {acted}")
    expect(world.cluster.snapshot()["weights"] == {LABELS["az1"]: 0, LABELS["az2"]: 100}, "traffic was not shifted")
    return f"{len(lines)} requests"


def plain(world, user):
    """A kubeconfig with a user's token, and nothing else."""
    config = json.loads(world.layout.kubeconfig.read_text())
    for each in config["users"]:
        each["user"] = {"token": world.token(user)}
    path = world.work / f"plain-{user}.kubeconfig"
    path.write_text(json.dumps(config, indent=1))
    return path


def impersonating(world, user):
    """A kubeconfig by which a user acts as `dr`, and says why."""
    config = json.loads(world.layout.kubeconfig.read_text())
    for each in config["users"]:
        each["user"] = {"token": world.token(user), "as": "dr", "as-groups": ["operators"], "as-user-extra": {"reason": ["evacuation"]}}
    path = world.work / f"impersonating-{user}.kubeconfig"
    path.write_text(json.dumps(config, indent=1))
    return path


CASES = [what_identity_derives_is_enough_for_the_whole_runbook_and_for_nothing_else, who_may_impersonate_acts_as_another_and_who_may_not_is_told_so,
         who_is_told_to_act_as_another_does_so_in_every_life]
