"""Cases: dr apply and dr diff, on a namespace of their own beside the deployed service."""

import base64
import copy
import json
import signal
import time

from groundlib.testing import expect, until

from .badworld import CLOSED_PORT, changed_kubeconfig

NAMESPACE = "apply-test"
DEPLOYMENTS = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments"
MAPS = f"/api/v1/namespaces/{NAMESPACE}/configmaps"
INVENTORY = "/api/v1/namespaces/default/configmaps/dr-inventory-shop"
PROGRAM_LABEL = "dr.run/program"
KINDS = [
    DEPLOYMENTS, MAPS, f"/api/v1/namespaces/{NAMESPACE}/services", f"/api/v1/namespaces/{NAMESPACE}/secrets",
    f"/api/v1/namespaces/{NAMESPACE}/persistentvolumeclaims",
    f"/apis/policy/v1beta1/namespaces/{NAMESPACE}/poddisruptionbudgets",
]
SECRET = "hunter2-correct-horse"
KILLS = 12
# What the API server and controllers write, and what says when something was made.
BOOKKEEPING = ("resourceVersion", "uid", "creationTimestamp", "generation", "managedFields", "selfLink")

PROGRAM = """
use kubernetes

cluster dr "deepseek-dr-cluster" {
  kubernetes = "1.20"
  region cn_beijing "cn-beijing" {
    zone az1 "cn-beijing-az1" { nodes gpu { count = 3, cpu = 16, memory = 64Gi, gpu = 1 } }
    zone az2 "cn-beijing-az2" { nodes gpu { count = 3, cpu = 16, memory = 64Gi, gpu = 1 } }
  }
}

service web {
  on        = dr
  namespace = "apply-test"
  image     = "registry.example.net/web:v1"
  port      = 5000
  replicas  = 2
  needs { cpu = 0.1, memory = 64Mi }
  spread { over = [az1, az2] }
  probe ready { get = "/readyz", every = 1s }
  volume cache { at = "/cache", size = 1Gi }
  objective { rto = 5m }
}

emit settings(s: Service, to: Target) {
  yield {
    apiVersion: "v1"
    kind: "ConfigMap"
    metadata: { name: "settings", namespace: s.namespace }
    data: { greeting: "hello", lines: "one\\ntwo\\n" }
  }
  yield {
    apiVersion: "v1"
    kind: "Secret"
    metadata: { name: "token", namespace: s.namespace }
    type: "Opaque"
    stringData: { token: "SECRET" }
  }
}
""".replace("SECRET", SECRET)
OTHER_VERSION = [(":v1", ":v2"), ('greeting: "hello"', 'greeting: "good day"'), ("every = 1s", "every = 2s")]
# The ground has no Prometheus operator.
FLAGS = {"apply": ["--skip-unknown-kinds", "--timeout", "6m"], "diff": ["--skip-unknown-kinds"]}


def program(world, name="shop", *changes):
    folder = world.work / "apply" / name
    folder.mkdir(parents=True, exist_ok=True)
    text = PROGRAM
    for old, new in changes:
        expect(old in text, f"the program does not have {old!r}")
        text = text.replace(old, new)
    path = folder / "shop.dr"
    path.write_text(text)
    return path


def run(world, command, path, *flags):
    return world.dr.start(f"{command}-{path.parent.name}", [command, path, *FLAGS[command], *map(str, flags)])


def objects(world):
    """Everything in the namespace that the program made."""
    found = {}
    for path in KINDS:
        for item in world.cluster.api.get(f"{path}?labelSelector={PROGRAM_LABEL}%3Dshop")["items"]:
            found[f"{path.split('/')[-1]}/{item['metadata']['name']}"] = item
    return found


def versions(world):
    items = {**objects(world), "inventory": world.cluster.api.get(INVENTORY)}
    return {name: item["metadata"]["resourceVersion"] for name, item in items.items()}


def state(world):
    """What counts of the objects: not their status, and nothing of when they were made."""
    found = {**objects(world), "inventory": world.cluster.api.get(INVENTORY)}
    for item in found.values():
        item.pop("status", None)
        item["metadata"] = {key: value for key, value in item["metadata"].items() if key not in BOOKKEEPING}
        item["metadata"].pop("annotations", None)
        for name in ("clusterIP", "clusterIPs", "volumeName"):
            item.get("spec", {}).pop(name, None)
    return found


def settled(world):
    """The versions once no controller writes any more."""
    last, rested = versions(world), 0
    for _ in range(200):
        time.sleep(0.5)
        now = versions(world)
        rested = rested + 1 if now == last else 0
        if rested == 3:
            return now
        last = now
    raise AssertionError("the objects never come to rest")


def changes_nothing(world, act):
    """What `act` gives, which must leave all versions as they are. A controller may write in between, but not time and again."""
    for _ in range(3):
        before = settled(world)
        given = act()
        after = versions(world)
        if before == after:
            return given
    raise AssertionError(f"changed: {[name for name in after if before.get(name) != after[name]]}{given.tail()}")


def apply_makes_everything_and_waits_until_it_is_ready(world):
    invocation = run(world, "apply", program(world)).exited(0, "created Deployment apply-test/web-cn-beijing-az1", "done:")
    for item in world.cluster.api.get(DEPLOYMENTS)["items"]:
        expect(item["status"].get("availableReplicas") == item["spec"]["replicas"], f"{item['metadata']['name']} is not available: {item['status']}")
    lines = world.cluster.api.get(INVENTORY)["data"]["objects"].splitlines()
    expect("apps/v1 Deployment apply-test/web-cn-beijing-az1" in lines and "v1 Namespace apply-test" in lines, f"the inventory is {lines}")
    expect(SECRET not in invocation.text, "the output shows what is in a Secret")
    return f"{len(objects(world))} objects in {invocation.seconds:.1f} s"


def applying_twice_changes_no_resource_version(world):
    invocation = changes_nothing(world, lambda: run(world, "apply", program(world)).exited(0, "unchanged", "done:"))
    expect("created" not in invocation.text and " changed " not in invocation.text, f"it claims to have changed something{invocation.tail()}")
    run(world, "diff", program(world)).exited(0, "no difference")
    return f"{len(versions(world))} objects, {invocation.seconds:.1f} s"


def a_dry_run_and_a_diff_change_nothing(world):
    other = program(world, "other", *OTHER_VERSION)
    changes_nothing(world, lambda: run(world, "apply", other, "--dry-run").exited(0, "changed Deployment", "nothing was changed"))
    changes_nothing(world, lambda: run(world, "diff", other).exited(
        1, "~ Deployment apply-test/web-cn-beijing-az1", ":v2", "data.greeting", "good day"))


def killed_at_any_moment_and_applied_again_it_comes_to_the_same_end(world):
    paths = [program(world), program(world, "other", *OTHER_VERSION)]
    models, seconds = [], []
    for path in paths:
        invocation = run(world, "apply", path).exited(0)
        seconds.append(invocation.seconds)
        models.append(state(world))
    early = 0
    for number in range(KILLS):
        path, model = paths[number % 2], models[number % 2]
        if number % 4 == 3:
            world.cluster.api.delete(f"{DEPLOYMENTS}/web-cn-beijing-az2")
        killed = run(world, "apply", path)
        # Most of the time it waits; the requests are in the first part.
        time.sleep(world.random.uniform(0, min(seconds) * (0.3 if number % 3 else 1)))
        early += not killed.ended()
        killed.kill()
        run(world, "apply", path).exited(0, "done:")
        now = state(world)
        different = [name for name in {*now, *model} if now.get(name) != model.get(name)]
        expect(not different, f"after kill {number} these differ: {different}{killed.tail()}")
    run(world, "apply", paths[0]).exited(0)
    expect(early > 0, "no kill came in time")
    return f"{early} of {KILLS} kills came before the end; an apply takes {seconds[0]:.1f} s"


def interrupted_it_says_what_is_done_and_the_next_goes_on(world):
    world.cluster.api.delete(f"{DEPLOYMENTS}/web-cn-beijing-az1")
    invocation = run(world, "apply", program(world))
    invocation.says("applying")
    invocation.stop(signal.SIGINT)
    code = invocation.wait(30)
    expect(code in (0, 130), f"exit code {code}{invocation.tail()}")
    expect(code == 0 or "apply again to go on" in invocation.text, f"it does not say how to go on{invocation.tail()}")
    run(world, "apply", program(world)).exited(0, "done:")
    return f"exit code {code}"


def prune_takes_away_what_the_program_made_and_nothing_else(world):
    api = world.cluster.api
    run(world, "apply", program(world)).exited(0)
    # One that a person made, one that only says that it is the program's, and one that another program has taken over.
    for name, labels in (("by-hand", {}), ("pretender", {PROGRAM_LABEL: "shop"})):
        api.request("POST", MAPS, {"metadata": {"name": name, "labels": labels}})
    api.patch(f"{MAPS}/settings", {"metadata": {"labels": {PROGRAM_LABEL: "another"}}})
    smaller = program(world, "smaller", ("emit settings", "fn unused(s: Service) -> String = s.label\n\nemit settings"),
                      ('yield {\n    apiVersion: "v1"\n    kind: "ConfigMap"', 'if s.label == "" {\n    yield {\n    apiVersion: "v1"\n    kind: "ConfigMap"'),
                      ('lines: "one\\ntwo\\n" }\n  }', 'lines: "one\\ntwo\\n" }\n  }\n  }'),
                      ("spread { over = [az1, az2] }", "spread { over = [az1] }"))
    run(world, "diff", smaller).exited(1, "- Deployment apply-test/web-cn-beijing-az2")
    kept = run(world, "apply", smaller).exited(0)
    expect("pruned" not in kept.text, f"it prunes unasked{kept.tail()}")
    api.get(f"{DEPLOYMENTS}/web-cn-beijing-az2")
    invocation = run(world, "apply", smaller, "--prune").exited(
        0, "pruned Deployment apply-test/web-cn-beijing-az2", "kept PersistentVolumeClaim", "kept ConfigMap apply-test/settings",
        "belongs to the program another")
    until("the deployment is gone", lambda: api.is_gone(f"{DEPLOYMENTS}/web-cn-beijing-az2"), 30)
    for name in ("by-hand", "pretender", "settings"):
        api.get(f"{MAPS}/{name}")
    for name in ("by-hand", "pretender", "settings"):
        api.delete(f"{MAPS}/{name}")
    run(world, "apply", program(world), "--prune").exited(0)
    return " ".join(invocation.text.splitlines()[-1].split())


def of_two_clusters_the_one_that_answers_is_applied_and_the_other_is_named(world):
    two = program(world, "two", ("service web {", """cluster south {
  kubernetes = "1.20"
  region s { zone s1 { nodes gpu { count = 1, cpu = 8, memory = 32Gi } } }
}

service far {
  on        = south
  namespace = "apply-test-far"
  image     = "registry.example.net/web:v1"
  needs { cpu = 0.1, memory = 64Mi }
  spread { over = [s1] }
  objective { rto = 5m }
}

service web {"""))
    config = json.loads(world.layout.kubeconfig.read_text())
    there = copy.deepcopy(config["clusters"][0])
    there["name"], there["cluster"]["server"] = "far", f"https://{CLOSED_PORT}"
    config["clusters"].append(there)
    config["contexts"].append({"name": "elsewhere", "context": {"cluster": "far", "user": config["users"][0]["name"]}})
    path = world.work / "two.kubeconfig"
    path.write_text(json.dumps(config, indent=1))
    run(world, "apply", two, "--kubeconfig", path).exited(3, "no context called like the cluster south", "--context south=")
    flags = ["--kubeconfig", path, "--context", "south=elsewhere"]
    run(world, "apply", two, *flags).exited(3, "done:", "apply-test/web-cn-beijing-az1", CLOSED_PORT)
    changes_nothing(world, lambda: run(world, "apply", two, *flags, "--cluster", "deepseek-dr-cluster").exited(0, "unchanged", "done:"))
    expect(world.cluster.api.is_gone("/api/v1/namespaces/apply-test-far"), "an object of the other cluster was made here")
    run(world, "apply", two, "--context", "elsewhere").exited(2, "--cluster")
    run(world, "apply", two, "--kubeconfig", path, "--context", "south=deepseek-dr-cluster").exited(3, "the same API server")


def a_conflict_names_the_other_manager_and_the_field_and_changes_nothing(world):
    api = world.cluster.api
    run(world, "apply", program(world)).exited(0)
    path = f"{DEPLOYMENTS}/web-cn-beijing-az1?fieldManager=somebody-else"
    api.patch(path, {"spec": {"replicas": 3}})
    api.patch(f"{MAPS}/settings?fieldManager=somebody-else", {"data": {"greeting": "hi"}})
    other = program(world, "other", *OTHER_VERSION)
    before = state(world)
    run(world, "apply", other).exited(
        1, 'spec.replicas belongs to "somebody-else": it is 3, the program wants 1', 'data.greeting belongs to "somebody-else"', "nothing was changed")
    # Not by versions: pods that start change a Deployment's status.
    expect(before == state(world), "something was changed in spite of the conflict")
    run(world, "diff", program(world)).exited(1, "spec.replicas: 3 → 1", 'belongs to "somebody-else"', 'data.greeting: "hi" → "hello"')
    run(world, "apply", program(world), "--force").exited(0, "changed Deployment")
    run(world, "diff", program(world)).exited(0)


def what_belongs_to_another_program_is_refused(world):
    run(world, "apply", program(world), "--owner", "impostor").exited(1, "belongs to the program shop", "nothing was changed")


def a_diff_shows_a_change_made_by_hand_and_no_secret(world):
    api = world.cluster.api
    secret = f"/api/v1/namespaces/{NAMESPACE}/secrets/token"
    api.patch(f"{secret}?fieldManager=somebody-else", {"stringData": {"token": "changed-by-hand"}})
    api.patch(f"{MAPS}/settings?fieldManager=somebody-else", {"data": {"lines": "one\nthree\n"}})
    outputs = [
        run(world, "diff", program(world)).exited(1, "~ Secret apply-test/token", "data.token: changed", "~ ConfigMap apply-test/settings", "+two", "-three"),
        run(world, "diff", program(world), "--json").exited(1),
        run(world, "apply", program(world), "--dry-run", "--force").exited(0),
        run(world, "apply", program(world)).exited(1, 'belongs to "somebody-else"'),
        run(world, "apply", program(world), "--force").exited(0),
    ]
    words = [SECRET, "changed-by-hand"]
    for word in words + [base64.b64encode(word.encode()).decode() for word in words]:
        for output in outputs:
            expect(word not in output.text, f"the output shows what is in a Secret{output.tail()}")
    entries = json.loads(outputs[1].text.split("\n]")[0] + "\n]")
    expect({entry["name"]: entry["state"] for entry in entries}["token"] == "changed", f"the JSON is {entries}")


def a_cluster_that_does_not_answer_is_exit_status_3(world):
    path = changed_kubeconfig(world, "apply-closed", server=f"https://{CLOSED_PORT}")
    for command in ("diff", "apply"):
        run(world, command, program(world), "--kubeconfig", path).exited(3, CLOSED_PORT)


def a_namespace_is_imported_as_the_program_that_made_it(world):
    run(world, "apply", program(world)).exited(0)
    out = world.work / "apply" / "imported.dr"
    invocation = world.dr.start("import", ["import", "--namespace", NAMESPACE, "-o", out]).exited(
        0, "service web: Deployment apply-test/web-cn-beijing-az1", "compiled again they are equal")
    text = out.read_text()
    for words in ("service web {", "over = [cn_beijing_az1, cn_beijing_az2]", "manifest configmap_settings", "count = 3"):
        expect(words in text, f"the program does not have {words!r}:\n{text}")
    expect(SECRET not in text and "token" not in text, "the program has a Secret")
    return " ".join(invocation.text.splitlines()[-1].split())


def the_example_of_the_deployed_service_can_be_taken_over(world):
    """It was applied by another manager; dr gets it without a conflict, for nothing differs, and the runbooks go on as before."""
    invocation = world.dr.start("apply-example", ["apply", world.dr.program, "--target", "kubernetes=1.20", *FLAGS["apply"]]).exited(0, "done:")
    return " ".join(invocation.text.splitlines()[-1].split())


CASES = [
    apply_makes_everything_and_waits_until_it_is_ready,
    applying_twice_changes_no_resource_version,
    a_dry_run_and_a_diff_change_nothing,
    killed_at_any_moment_and_applied_again_it_comes_to_the_same_end,
    interrupted_it_says_what_is_done_and_the_next_goes_on,
    of_two_clusters_the_one_that_answers_is_applied_and_the_other_is_named,
    prune_takes_away_what_the_program_made_and_nothing_else,
    a_conflict_names_the_other_manager_and_the_field_and_changes_nothing,
    what_belongs_to_another_program_is_refused,
    a_diff_shows_a_change_made_by_hand_and_no_secret,
    a_namespace_is_imported_as_the_program_that_made_it,
    a_cluster_that_does_not_answer_is_exit_status_3,
    the_example_of_the_deployed_service_can_be_taken_over,
]
