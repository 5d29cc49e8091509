"""Cases: accounts with what `identity` and `operator` derive from a program, and users who act as another."""

import base64
import json
import re
import shlex
import signal
import time
import urllib.request
from pathlib import Path

from groundlib.testing import expect, until

from . import journal, watch
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
        remove(api, made)


# What a pod has of its account, and of the API server; nothing else leads there.
POD = """
mount -t tmpfs tmpfs /run && mkdir -p {account} {program} && cp {files}/account/* {account} && cp {files}/program/* {program} || exit 1
exec env -i PATH="$PATH" KUBERNETES_SERVICE_HOST={host} KUBERNETES_SERVICE_PORT={port} no_proxy='*' "$@"
"""
ACCOUNT, PROGRAM = "/run/secrets/kubernetes.io/serviceaccount", "/run/program"
WATCHER = f"system:serviceaccount:{NAMESPACE}:watcher"


def a_watcher_in_a_pod_leads_and_acts_by_its_own_account_and_with_no_other_rights(world):
    world.cluster.reset()
    api = world.cluster.api
    text = watch.variant(world).read_text()
    for old, new in [("use kubernetes,", "use operating, kubernetes,"), ('= "k8gb"\n', '= "haproxy"\n'),
                     ('"/run/haproxy/admin.sock"', json.dumps(str(world.dr.socket))), ("watch_traffic: Duration = 30s", "watch_traffic: Duration = 5s"),
                     ("runbook evacuate(", 'operator watcher { on = dr, image = "registry.example.net/dr:0.1" }\n\nrunbook evacuate(')]:
        expect(text.count(old) == 1, f"the program does not have {old!r} once")
        text = text.replace(old, new)
    program = world.work / "pod.dr"
    program.write_text(text)
    compiled = world.dr.start("compile-operator", ["compile", str(program), "--target", "operator", "--format", "json"]).exited(0)
    items = json.loads(compiled.text)["items"]
    # The ground has no image of dr: what the pod would run is run beside it.
    made = [create(api, item) for item in items if item["kind"] not in ("Deployment", "Service", "PodDisruptionBudget", "NetworkPolicy")]
    try:
        pod = next(item for item in items if item["kind"] == "Deployment")["spec"]["template"]["spec"]
        with world.client("pod"):
            watcher = begin_pod(world, pod, next(item for item in items if item["kind"] == "ConfigMap"))
            watcher.says("  leads\n", 60)
            port = int(re.search(r"listens on 127\.0\.0\.1:(\d+)", watcher.text)[1])
            until("a look at the world", lambda: ready(port), 60)
            alert = {"status": "firing", "labels": {"alertname": "ZoneDark", "zone": LABELS["az1"]}, "fingerprint": "f", "startsAt": "now"}
            body = json.dumps({"version": "4", "groupKey": "g", "alerts": [alert]}).encode()
            with urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{port}/alerts", body), timeout=30) as answer:
                expect(answer.status == 200, f"the alert is answered {answer.status}")
            watcher.says("begins: keep_serving.zone_dark", 60)
            watcher.says("ended, succeeded", 150)
            watcher.stop(signal.SIGTERM)
            watcher.exited(143, "stops", seconds=30)
        run = re.search(r"(\S+)  begins: keep_serving", watcher.text)[1]
        expect(world.audit.users(run) == {WATCHER}, f"somebody else acted: {world.audit.users(run)}")
        expect(world.cluster.snapshot()["weights"] == {LABELS["az1"]: 0, LABELS["az2"]: 100}, "traffic was not shifted")
        refusals = [line for line in world.audit.read() if line["user"]["username"] == WATCHER and line.get("responseStatus", {}).get("code") == 403]
        expect(not refusals, f"it asked for what it may not: {refusals[:2]}")
        lease = api.get(f"/apis/coordination.k8s.io/v1/namespaces/{NAMESPACE}/leases/watcher")
        expect(not lease["spec"].get("holderIdentity"), f"it did not give the lead away: {lease['spec']}")
        heads = api.get(f"/api/v1/namespaces/{NAMESPACE}-runs/configmaps?labelSelector=dr.run%2Frecord%3Dhead")["items"]
        expect([head["metadata"]["labels"]["dr.run/run"] for head in heads] == [run], "the run is not kept in the cluster")
        return f"{len(made)} objects, {len(world.audit.changes(run))} changes"
    finally:
        remove(api, made)


def ready(port):
    try:
        return watch.ask(port, "/readyz") == "leads\n"
    except OSError:
        return False


def begin_pod(world, pod, program):
    """What the pod's container would run, where nothing leads to the API server but what a pod has."""
    [container] = pod["containers"]
    files = world.work / "pod"
    (files / "account").mkdir(parents=True)
    (files / "program").mkdir()
    token = world.cluster.api.post(f"/api/v1/namespaces/{NAMESPACE}/serviceaccounts/{pod['serviceAccountName']}/token",
                                   {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}})["status"]["token"]
    cluster = json.loads(world.layout.kubeconfig.read_text())["clusters"][0]["cluster"]
    (files / "account" / "token").write_text(token)
    (files / "account" / "ca.crt").write_bytes(authority(cluster))
    [volume] = [volume for volume in pod["volumes"] if "configMap" in volume]
    for item in volume["configMap"]["items"]:
        path = files / "program" / item["path"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(program["data"][item["key"]])
    [mounted] = [mount["mountPath"] for mount in container["volumeMounts"] if mount["name"] == volume["name"]]
    words = [re.sub(f"^{mounted}(?=/)", PROGRAM, word) for word in container["command"][1:]]
    words[words.index("--listen") + 1] = "127.0.0.1:0"
    host, port = re.fullmatch(r"https://([^:/]+):(\d+)/?", cluster["server"]).groups()
    script = POD.format(account=ACCOUNT, program=PROGRAM, files=shlex.quote(str(files)), host=host, port=port)
    return world.dr.start("pod", words, before=["unshare", "--mount", "sh", "-c", script, "sh"])


def authority(cluster):
    """The certificates that a kubeconfig's cluster trusts."""
    if data := cluster.get("certificate-authority-data"):
        return base64.b64decode(data)
    return Path(cluster["certificate-authority"]).read_bytes()


def create(api, item):
    """Makes an object, and gives its path."""
    metadata = item["metadata"]
    version = item["apiVersion"]
    base = f"/apis/{version}" if "/" in version else f"/api/{version}"
    namespace = f"/namespaces/{metadata['namespace']}" if "namespace" in metadata else ""
    collection = f"{base}{namespace}/{item['kind'].lower()}s"
    api.ensure(collection, item)
    return f"{collection}/{metadata['name']}"


def remove(api, made):
    """Deletes them, the last first, and waits for namespaces, which go slowly: the next case may want one of that name."""
    for place in reversed(made):
        api.delete(place)
    for place in made:
        if "/namespaces/" in place and place.count("/") == 4:
            until(f"{place} gone", lambda: api.is_gone(place), 60)


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


CASES = [what_identity_derives_is_enough_for_the_whole_runbook_and_for_nothing_else,
         a_watcher_in_a_pod_leads_and_acts_by_its_own_account_and_with_no_other_rights, who_may_impersonate_acts_as_another_and_who_may_not_is_told_so,
         who_is_told_to_act_as_another_does_so_in_every_life]
