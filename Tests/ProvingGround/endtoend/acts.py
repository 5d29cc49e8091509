"""Cases: acts on Kubernetes that the example does not need, on the real API server with its real controllers."""

from groundlib.kubeapi import ApiError
from groundlib.testing import expect, until

from .account import acts_happened_once
from .cluster import LABELS, NODES, ZONE

NAMESPACE = "acts"
APPS = f"/apis/apps/v1/namespaces/{NAMESPACE}"
CORE = f"/api/v1/namespaces/{NAMESPACE}"
BUDGETS = f"/apis/policy/v1beta1/namespaces/{NAMESPACE}/poddisruptionbudgets"
SHOP = f"shop-{LABELS['az1']}"
NODE = "az2-gpu-2"
PROGRAM = """
use kubernetes

cluster dr "deepseek-dr-cluster" {
  provider = "ciuic"
  kubernetes = "1.26"
  region cn_beijing "cn-beijing" {
    zone az1 "cn-beijing-az1" { nodes gpu { count = 3, cpu = 16, memory = 64Gi, gpu = 1 } }
    zone az2 "cn-beijing-az2" { nodes gpu { count = 3, cpu = 16, memory = 64Gi, gpu = 1 } }
  }
}

service shop "shop" {
  on = dr
  namespace = "acts"
  image = "example.net/shop:1"
  port = 5000
  replicas = 2
  needs { cpu = 0.1, memory = 64Mi }
  spread { over = [az1, az2] }
  objective { rto = 5m, rpo = 0s, availability = 99%, at_least = 2 }
}

fn deployment(name: String) -> KubeObject = KubeObject { group = "apps", resource = "deployments", namespace = "acts", name = name }

runbook mark(name: String, why: String) {
  let object = deployment(name)
  step "label" {
    let before = kube.label(object, on: dr, key: "team", value: "night")
    undo { kube.label(object, on: dr, key: "team", value: before) }
  }
  step "annotate" {
    let before = kube.annotate(object, on: dr, key: "example.net/note", value: "moved, \\"quoted\\"")
    undo { kube.annotate(object, on: dr, key: "example.net/note", value: before) }
  }
  step "patch" {
    let back = kube.patch(object, on: dr, with: Patch { set = { spec: { minReadySeconds: 1, revisionHistoryLimit: 7 } }, remove = ["/metadata/annotations/old"] })
    undo { kube.patch(object, on: dr, with: back) }
  }
  verify why == "" else "as meant: \\(why)"
}

runbook replace(zone: Zone) {
  step "restart" { kube.restart(shop, in: zone) }
  wait until rollout(shop, in: zone).done within 6m
}

runbook go_back(zone: Zone, revision: Int) {
  step "back" { kube.undo_rollout(shop, in: zone, revision: revision) }
  wait until rollout(shop, in: zone).done within 6m
}

runbook remove(name: String, propagation: "Background" | "Foreground" | "Orphan") {
  step "delete" within 6m { kube.delete(deployment(name), on: dr, propagation: propagation) }
}

runbook empty(name: String, timeout: Duration, lose_unmanaged: Bool) {
  for n in [for n in nodes(in: az2) if n.name == name: n] {
    step "drain" { kube.drain(n, lose_unmanaged: lose_unmanaged, timeout: timeout) }
  }
}

runbook evict_all(zone: Zone) {
  step "evict" within 6m { for p in pods(shop, in: zone) { kube.evict(p) } }
}
"""


# What the cases stand on

def program(world):
    """The program, with its service running in both zones."""
    path = world.work / "acts.dr"
    if path.exists():
        return path
    # Whatever ran before may have left a zone cordoned.
    world.cluster.reset()
    path.write_text(PROGRAM)
    api = world.cluster.api
    api.ensure("/api/v1/namespaces", {"metadata": {"name": NAMESPACE}})
    for label in LABELS.values():
        deploy(world, f"shop-{label}", 2, {ZONE: label}, {"app.kubernetes.io/name": "shop", ZONE: label})
    return path


def deploy(world, name, replicas, where, labels=None):
    """A Deployment of pods that do nothing, and waits for them. They are ready after a second: a budget could keep nothing if it were at once."""
    labels = labels or {"app": name}
    world.cluster.api.ensure(f"{APPS}/deployments", {
        "metadata": {"name": name, "annotations": {"old": "1"}},
        "spec": {"replicas": replicas, "minReadySeconds": 0, "selector": {"matchLabels": labels}, "strategy": {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
                 "template": {"metadata": {"labels": labels}, "spec": {
                     "nodeSelector": where, "terminationGracePeriodSeconds": 1,
                     "containers": [{"name": "main", "image": "example.net/shop:1", "ports": [{"containerPort": 5000}],
                                     "readinessProbe": {"httpGet": {"path": "/readyz", "port": 5000}, "initialDelaySeconds": 1, "periodSeconds": 1},
                                     "resources": {"requests": {"cpu": "100m"}}}]}}}})
    until(f"{name} to be ready", lambda: get(world, name)["status"].get("readyReplicas") == replicas, 60)


def get(world, name):
    return world.cluster.api.get(f"{APPS}/deployments/{name}")


def pods(world, selector):
    return [pod for pod in world.cluster.api.get(f"{CORE}/pods?labelSelector={selector}")["items"] if "deletionTimestamp" not in pod["metadata"]]


def uids(items):
    return {item["metadata"]["uid"] for item in items}


def run(world, name, *words):
    return world.dr.runs(f"acts-{name}").run(*words, program=program(world), sets={})


def account(world, name):
    """The audit log's word: nothing of the run's happened twice. Its changes."""
    runs = world.dr.runs(f"acts-{name}")
    acts_happened_once(world, runs)
    return world.audit.changes(runs.id)


def budget(world, name, selector, **spec):
    world.cluster.api.ensure(BUDGETS, {"metadata": {"name": name}, "spec": {"selector": {"matchLabels": selector}, **spec}})
    until(f"the budget {name} to be counted", lambda: world.cluster.api.get(f"{BUDGETS}/{name}").get("status", {}).get("observedGeneration"), 20)


def without_budgets(world):
    for item in world.cluster.api.get(BUDGETS)["items"]:
        world.cluster.api.delete(f"{BUDGETS}/{item['metadata']['name']}")


# Labels, annotations, patches

def labels_annotations_and_patches_land_and_are_taken_back(world):
    program(world)
    def said():
        object = get(world, SHOP)
        metadata, spec = object["metadata"], object["spec"]
        annotations = metadata.get("annotations", {})
        return (metadata.get("labels", {}).get("team"), annotations.get("example.net/note"), annotations.get("old"),
                spec.get("minReadySeconds", 0), spec.get("revisionHistoryLimit"))
    before = said()
    run(world, "marked-back", "mark", f'name="{SHOP}"', 'why="undone"').exited(6, "everything done was undone")
    expect(said() == before, f"not taken back: {said()}, before {before}")
    expect(len(account(world, "marked-back")) == 6, f"{account(world, 'marked-back')}")
    run(world, "marked", "mark", f'name="{SHOP}"', 'why=""').exited(0)
    expect(said() == ("night", 'moved, "quoted"', None, 1, 7), f"it is {said()}")
    expect(len(account(world, "marked")) == 3, f"{account(world, 'marked')}")
    # All of it is so already: nothing is sent.
    run(world, "marked-again", "mark", f'name="{SHOP}"', 'why=""').exited(0)
    sent = [change for change in account(world, "marked-again")]
    expect(not sent, f"what was so already was sent again: {sent}")


# Rollouts

def a_restart_replaces_every_pod_and_a_rollout_is_done_only_when_it_is(world):
    path, selector = program(world), "app.kubernetes.io/name=shop"
    before = uids(pods(world, f"{selector},{ZONE}={LABELS['az1']}"))
    invocation = run(world, "restart", "replace", "zone=az1").exited(0)
    # Had the wait believed a status from before the change, old pods would be there still.
    left = before & uids(pods(world, f"{selector},{ZONE}={LABELS['az1']}"))
    expect(not left, f"the run ended while {len(left)} old pods were there")
    changes = account(world, "restart")
    expect(len(changes) == 1, f"a restart is one change: {changes}")
    return f"{invocation.seconds:.1f} s"


def a_rollout_is_undone_to_the_revision_before_and_to_one_that_is_named(world):
    program(world)
    image = lambda: get(world, SHOP)["spec"]["template"]["spec"]["containers"][0]["image"]
    revision = lambda: int(get(world, SHOP)["metadata"]["annotations"]["deployment.kubernetes.io/revision"])
    first = revision()
    containers = get(world, SHOP)["spec"]["template"]["spec"]["containers"]
    world.cluster.api.patch(f"{APPS}/deployments/{SHOP}", {"spec": {"template": {"spec": {"containers": [{**containers[0], "image": "example.net/shop:2"}]}}}})
    until("the second revision", lambda: revision() == first + 1, 30)
    run(world, "back", "go_back", "zone=az1", "revision=0").exited(0)
    expect(image() == "example.net/shop:1", f"the image is {image()}")
    expect(len(account(world, "back")) == 1, f"{account(world, 'back')}")
    run(world, "forth", "go_back", "zone=az1", f"revision={first + 1}").exited(0)
    expect(image() == "example.net/shop:2", f"the image is {image()}")
    run(world, "nowhere", "go_back", "zone=az1", "revision=99").exited(1, "no revision 99", "keep")
    run(world, "home", "go_back", "zone=az1", "revision=0").exited(0)
    expect(image() == "example.net/shop:1", f"the image is {image()}")


# Deletion

def a_deletion_takes_what_it_owns_along_or_leaves_it(world):
    program(world)
    found = {}
    for propagation in ("Background", "Foreground", "Orphan"):
        name = f"gone-{propagation.lower()}"
        deploy(world, name, 1, {ZONE: LABELS["az1"]})
        begun = run(world, name, "remove", f'name="{name}"', f'propagation="{propagation}"').exited(0)
        sets = world.cluster.api.get(f"{APPS}/replicasets?labelSelector=app%3D{name}")["items"]
        living = pods(world, f"app={name}")
        expect(len(account(world, name)) == 1, f"{account(world, name)}")
        try:
            get(world, name)
            raise AssertionError(f"{name} is still there")
        except ApiError as error:
            expect(error.status == 404, error)
        if propagation == "Orphan":
            expect(len(sets) == 1 and len(living) == 1, f"an orphaning deletion left {len(sets)} ReplicaSets and {len(living)} pods")
            for item in sets:
                world.cluster.api.delete(f"{APPS}/replicasets/{item['metadata']['name']}")
        if propagation == "Foreground":
            expect(not sets and not living, f"it was gone before {len(sets)} ReplicaSets and {len(living)} pods")
        until("the end of its pods", lambda: not pods(world, f"app={name}"), 30)
        found[propagation] = begun.seconds
    run(world, "gone-already", "remove", 'name="gone-orphan"', 'propagation="Background"').exited(0)
    expect(not account(world, "gone-already"), "what was gone was deleted again")
    return ", ".join(f"{name} {seconds:.1f} s" for name, seconds in found.items())


# Drains

def on_one_node(world, name, replicas):
    """Pods that are all on NODE and may go to others of the zone."""
    others = [node for node in world.cluster.settings.nodes("az2") if node != NODE]
    for node in others:
        world.cluster.cordon(node)
    try:
        deploy(world, name, replicas, {ZONE: LABELS["az2"]})
        until(f"all pods of {name} on {NODE}", lambda: all_there(world, name, replicas), 30)
    finally:
        for node in others:
            world.cluster.cordon(node, None)


def all_there(world, name, replicas):
    """Whether all pods are on NODE and ready; one that came to be elsewhere, before the scheduler had heard of the cordons, is made anew."""
    places = {pod["metadata"]["name"]: pod["spec"].get("nodeName") for pod in pods(world, f"app={name}")}
    for pod in places:
        if places[pod] not in (NODE, None):
            world.cluster.api.delete(f"{CORE}/pods/{pod}")
    return list(places.values()) == [NODE] * replicas and get(world, name)["status"].get("readyReplicas") == replicas


def cordoned(world):
    return world.cluster.api.get(f"{NODES}/{NODE}")["spec"].get("unschedulable", False)


def drain(world, name, timeout, lose_unmanaged="false"):
    return run(world, name, "empty", f'name="{NODE}"', f"timeout={timeout}", f"lose_unmanaged={lose_unmanaged}")


def refusals(world, name):
    """How often the Eviction API said 429."""
    run = world.dr.runs(f"acts-{name}").id
    return sum(request[5] == "eviction" for request in world.audit.requests(run, succeeded=False, least=429))


def a_drain_goes_as_fast_as_a_budget_allows(world):
    program(world)
    on_one_node(world, "patient", 3)
    budget(world, "patient", {"app": "patient"}, maxUnavailable=1)
    try:
        invocation = drain(world, "drain", "6m").exited(0)
        expect(cordoned(world), f"{NODE} is not cordoned")
        here = [pod for pod in pods(world, "app=patient") if pod["spec"].get("nodeName") == NODE]
        expect(not here, f"{len(here)} pods are on {NODE} still")
        changes = account(world, "drain")
        evicted = [change for change in changes if change[5] == "eviction"]
        expect(len(evicted) >= 3, f"{len(evicted)} evictions")
        refused = refusals(world, "drain")
        expect(refused > 0, "the budget refused nothing: the test tested nothing")
        return f"{len(evicted)} evictions, {refused} refused by the budget, {invocation.seconds:.1f} s"
    finally:
        without_budgets(world)
        world.cluster.cordon(NODE, None)
        world.cluster.api.delete(f"{APPS}/deployments/patient")


def a_drain_that_a_budget_never_allows_ends_at_its_deadline_and_gives_the_node_back(world):
    program(world)
    on_one_node(world, "kept", 1)
    budget(world, "kept", {"app": "kept"}, maxUnavailable=0)
    try:
        invocation = drain(world, "kept", "12s").exited(1, "is not empty after 12s", "kept by a disruption budget")
        expect(not cordoned(world), f"{NODE} stayed cordoned")
        expect(len(pods(world, "app=kept")) == 1, "the pod is gone")
        expect(refusals(world, "kept") >= 2, f"it was tried {refusals(world, 'kept')} times")
        return f"{refusals(world, 'kept')} tries in {invocation.seconds:.1f} s"
    finally:
        without_budgets(world)
        world.cluster.api.delete(f"{APPS}/deployments/kept")


def two_budgets_for_one_pod_are_explained(world):
    program(world)
    on_one_node(world, "twice", 1)
    for name in ("first", "second"):
        budget(world, name, {"app": "twice"}, maxUnavailable=1)
    try:
        drain(world, "twice", "30s").exited(1, "more than one PodDisruptionBudget", "make their selectors disjoint")
        expect(not cordoned(world), f"{NODE} stayed cordoned")
    finally:
        without_budgets(world)
        world.cluster.api.delete(f"{APPS}/deployments/twice")


def a_pod_that_nobody_makes_anew_is_lost_only_where_that_is_allowed(world):
    program(world)
    api = world.cluster.api
    api.post(f"{CORE}/pods", {"metadata": {"name": "alone"}, "spec": {"nodeName": NODE, "terminationGracePeriodSeconds": 1,
                                                                    "containers": [{"name": "main", "image": "example.net/alone:1"}]}})
    until("the pod to run", lambda: api.get(f"{CORE}/pods/alone")["status"].get("phase") == "Running", 30)
    try:
        drain(world, "alone", "30s").exited(1, f"{NAMESPACE}/alone", "lose_unmanaged")
        expect(not cordoned(world), "what was refused was begun")
        drain(world, "alone-lost", "3m", "true").exited(0)
        expect(cordoned(world), f"{NODE} is not cordoned")
        expect("alone" not in {pod["metadata"]["name"] for pod in pods(world, "")}, "the pod is still there")
    finally:
        world.cluster.cordon(NODE, None)


def evicted_pods_are_gone_once_each(world):
    program(world)
    budget(world, "shop", {"app.kubernetes.io/name": "shop", ZONE: LABELS["az1"]}, maxUnavailable=1)
    before = uids(pods(world, f"{ZONE}={LABELS['az1']}"))
    try:
        run(world, "evicted", "evict_all", "zone=az1").exited(0)
        expect(not before & uids(pods(world, f"{ZONE}={LABELS['az1']}")), "a pod that was evicted is still there")
        evictions = [change for change in account(world, "evicted") if change[5] == "eviction"]
        expect(len(evictions) == len(before) == 2, f"{evictions}")
        return f"{refusals(world, 'evicted')} refused by the budget"
    finally:
        without_budgets(world)


CASES = [
    labels_annotations_and_patches_land_and_are_taken_back,
    a_restart_replaces_every_pod_and_a_rollout_is_done_only_when_it_is,
    a_rollout_is_undone_to_the_revision_before_and_to_one_that_is_named,
    a_deletion_takes_what_it_owns_along_or_leaves_it,
    a_drain_goes_as_fast_as_a_budget_allows,
    a_drain_that_a_budget_never_allows_ends_at_its_deadline_and_gives_the_node_back,
    two_budgets_for_one_pod_are_explained,
    a_pod_that_nobody_makes_anew_is_lost_only_where_that_is_allowed,
    evicted_pods_are_gone_once_each,
]
