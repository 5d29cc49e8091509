"""Cases: a world that is not as it should be is named as what it is, and nothing is done half."""

import contextlib
import json
import re

from groundlib import kubeconfig, pki
from groundlib.bootstrap import RBAC
from groundlib.testing import expect, until

from .account import undone

# An address of the ground's network where nothing listens, and one that nobody has.
CLOSED_PORT = "10.77.0.1:6444"
NOBODY = "10.77.200.1:6443"
VIEWER = "deepseek-dr-cluster-viewer"
# What a runbook needs before it cordons a node.
UNTIL_CORDON = [
    {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "verbs": ["create", "patch", "update"]},
    {"apiGroups": ["apps"], "resources": ["deployments/scale"], "verbs": ["patch"]},
    {"apiGroups": ["autoscaling"], "resources": ["horizontalpodautoscalers"], "verbs": ["patch"]},
]


def changed_kubeconfig(world, name, **cluster):
    """The ground's kubeconfig with other words about its cluster."""
    config = json.loads(world.layout.kubeconfig.read_text())
    config["clusters"][0]["cluster"].update(cluster)
    path = world.work / f"{name}.kubeconfig"
    path.write_text(json.dumps(config, indent=1))
    return path


def untouched(world, before, runs):
    """Neither the cluster nor the audit log shows anything of these runs, the lock included."""
    expect(world.cluster.snapshot() == before, f"something was changed: {world.cluster.snapshot()}, before {before}")
    for run in runs.ids:
        expect(not world.audit.requests(run), f"run {run} changed {world.audit.requests(run)}")


def refused(invocation, *words):
    """The world said no: that is a failed run, or one that could not reach its world, and not one that met another run."""
    code = invocation.wait(60)
    for word in words:
        expect(word in invocation.text, f"the output does not say {word!r}{invocation.tail()}")
    expect(code in (1, 3), f"exit code {code}, neither 1 nor 3{invocation.tail()}")
    expect("another run" not in invocation.text, f"speaks of another run, and there is none{invocation.tail()}")


def a_kubeconfig_that_is_not_yaml_is_named_with_its_line(world):
    path = world.work / "broken.kubeconfig"
    path.write_text("apiVersion: v1\nkind: Config\nclusters: [\n- name: x\n  : }\n")
    runs = world.dr.runs("broken-kubeconfig")
    before = world.cluster.snapshot()
    invocation = runs.run(flags=["--kubeconfig", path]).exited(1, str(path))
    expect(re.search(r"(line |:)[345]\b", invocation.text), f"no line is named{invocation.tail()}")
    untouched(world, before, runs)


def a_cluster_where_nothing_listens_is_named_by_its_address(world):
    runs = world.dr.runs("closed-port")
    before = world.cluster.snapshot()
    path = changed_kubeconfig(world, "closed-port", server=f"https://{CLOSED_PORT}")
    invocation = runs.run(flags=["--kubeconfig", path]).exited(3, CLOSED_PORT, seconds=60)
    untouched(world, before, runs)
    return f"said so after {invocation.seconds:.1f} s"


def an_address_that_swallows_everything_is_given_up_within_a_minute(world):
    runs = world.dr.runs("nobody")
    before = world.cluster.snapshot()
    path = changed_kubeconfig(world, "nobody", server=f"https://{NOBODY}")
    invocation = runs.run(flags=["--kubeconfig", path]).exited(3, NOBODY, seconds=60)
    untouched(world, before, runs)
    return f"said so after {invocation.seconds:.1f} s"


def a_server_whose_certificate_is_of_another_authority_is_not_trusted(world):
    folder = world.work / "other-authority"
    folder.mkdir()
    pki.make(folder)
    runs = world.dr.runs("other-authority")
    before = world.cluster.snapshot()
    path = changed_kubeconfig(world, "other-authority", **{"certificate-authority-data": kubeconfig.inline(folder / "ca.crt")})
    invocation = runs.run(flags=["--kubeconfig", path])
    refused(invocation, "certificate", "trusted")
    untouched(world, before, runs)
    return f"exit code {invocation.process.returncode}"


def a_user_without_rights_is_told_which_permission_is_missing(world):
    runs = world.dr.runs("viewer")
    before = world.cluster.snapshot()
    invocation = runs.run(flags=["--context", VIEWER])
    refused(invocation, "viewer", "create", "leases")
    untouched(world, before, runs)
    expect(not world.audit.successes_of("viewer"), "viewer changed something")
    return f"exit code {invocation.process.returncode}"


def a_permission_that_is_missing_on_the_way_is_named_before_the_first_act_and_accepted_what_was_done_is_undone(world):
    before = world.cluster.reset()
    runs = world.dr.runs("half-rights")
    with granted(world, "viewer", UNTIL_CORDON):
        with world.client("half-rights"):
            runs.run(flags=["--context", VIEWER]).exited(1, f"not permitted to {VIEWER}", "patch nodes", "nothing was done")
            expect(not runs.ids and world.cluster.snapshot() == before, "something was done before the permissions were asked")
            invocation = runs.run(flags=["--context", VIEWER, "--accept-missing"]).exited(6, "viewer", "patch", "nodes", "everything done was undone, verified")
    undone(world, runs, before)
    return f"{invocation.seconds:.1f} s, {len(world.audit.changes(runs.id))} changes"


@contextlib.contextmanager
def granted(world, user, rules):
    """Further rights for a user, for a while."""
    api, name = world.cluster.api, f"end-to-end-{user}"
    api.ensure(f"{RBAC}/clusterroles", {"metadata": {"name": name}, "rules": rules})
    api.ensure(f"{RBAC}/clusterrolebindings", {
        "metadata": {"name": name}, "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user}]})
    try:
        until("the new rights", lambda: all(may(world, user, rule) for rule in rules), 20)
        yield
    finally:
        for collection in ("clusterrolebindings", "clusterroles"):
            api.delete(f"{RBAC}/{collection}/{name}")
        until("the end of the new rights", lambda: not any(may(world, user, rule) for rule in rules), 20)


def may(world, user, rule):
    """Whether the API server lets the user do that by now: roles take a moment to arrive."""
    resource, _, part = rule["resources"][0].partition("/")
    wanted = {"group": rule["apiGroups"][0], "resource": resource, "subresource": part, "verb": rule["verbs"][-1], "namespace": "default"}
    review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": {"user": user, "resourceAttributes": wanted}}
    return world.cluster.api.post("/apis/authorization.k8s.io/v1/subjectaccessreviews", review)["status"]["allowed"]


CASES = [
    a_kubeconfig_that_is_not_yaml_is_named_with_its_line,
    a_cluster_where_nothing_listens_is_named_by_its_address,
    an_address_that_swallows_everything_is_given_up_within_a_minute,
    a_server_whose_certificate_is_of_another_authority_is_not_trusted,
    a_user_without_rights_is_told_which_permission_is_missing,
    a_permission_that_is_missing_on_the_way_is_named_before_the_first_act_and_accepted_what_was_done_is_undone,
]
