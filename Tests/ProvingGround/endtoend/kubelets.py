"""Cases: what goes through the kubelet of a pod's node. Programs really run, and connections really break."""

import os
import signal
from pathlib import Path

from groundlib.testing import expect, until

from . import acts
from .account import results_of
from .acts import CORE, NAMESPACE
from .cluster import LABELS, ZONE

RBAC = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{NAMESPACE}"
RUNBOOKS = """
fn pod(name: String) -> Pod = Pod { name = name, node = "", ip = "", ready = true, service = shop }

runbook program(name: String, words: [String], done: [String], status: Int, timeout: Duration) {
  step "run" { kube.exec(pod(name), words, done: done, status: status, timeout: timeout) }
}

runbook read_logs(name: String) { require logs(pod(name), lines: 3) == "" }

runbook reach(name: String) {
  let url = kube.forward(pod(name))
  require web.get("\\(url)/healthz").status == 200
  require serves(pod(name), at: url, timeout: 10s)
  step "generate" { kube.label(KubeObject { resource = "pods", namespace = "acts", name = name }, on: dr, key: "said", value: "\\(len(split(inference.generate(pod(name), "hello", at: url), by: " ")))") }
  require web.get("\\(kube.forward(pod(name), port: 9))/healthz").status == 200
}

runbook until_ready(name: String) {
  let object = KubeObject { group = "apps", resource = "deployments", namespace = "acts", name = name }
  step "pause" { kube.patch(object, on: dr, with: Patch { set = { spec: { paused: false, minReadySeconds: 2 } } }) }
  wait until condition(object, "Available", on: dr).holds within 60s
  require condition(object, "Available", on: dr).reason == "MinimumReplicasAvailable"
  require condition(object, "Nonsense", on: dr).status == ""
  require condition(KubeObject { resource = "nodes", name = "az1-gpu-0" }, "Ready", on: dr).holds
}
"""


def program(world):
    path = world.work / "kubelets.dr"
    path.write_text(acts.program(world).read_text().replace("use kubernetes", "use kubernetes, inference, web") + RUNBOOKS)
    return path


def pod(world):
    """A pod of az1."""
    program(world)
    return min(each["metadata"]["name"] for each in acts.pods(world, f"{ZONE}={LABELS['az1']}"))


def words(*texts):
    return "[" + ", ".join(f'"{text}"' for text in texts) + "]"


def begin(world, name, script, status=0, timeout="60s", done=(), flags=()):
    """`dr run` of a shell's script in a pod."""
    arguments = [f'name="{pod(world)}"', f"words={words('sh', '-c', script)}", f"done={words(*done)}", f"status={status}", f"timeout={timeout}"]
    return world.dr.runs(f"kubelets-{name}").run("program", *arguments, program=program(world), sets={}, flags=flags)


def result(world, name):
    (found,) = results_of(world.dr.runs(f"kubelets-{name}").records()).values()
    return found


def kill_kubelet(world):
    """The kubelet of az1, and with it every connection that goes through it."""
    for path in Path("/proc").glob("[0-9]*"):
        try:
            line = (path / "cmdline").read_text().split("\0")
        except OSError:
            continue
        if {"groundlib.kubelet", "az1"} <= set(line) and str(world.layout.root) in " ".join(line):
            os.kill(int(path.name), signal.SIGKILL)
            return
    raise AssertionError("no kubelet of az1 is running")


def a_program_in_a_container_runs_once_and_what_it_says_is_kept(world):
    note = world.work / "exec-once"
    invocation = begin(world, "once", f"echo $HOSTNAME; echo to errors >&2; echo ran >> {note}").exited(0)
    expect(result(world, "once") == {"status": 0, "output": f"{pod(world)}\n", "errors": "to errors\n", "dropped": 0}, result(world, "once"))
    expect(note.read_text() == "ran\n", f"it ran {note.read_text().count('ran')} times")
    begin(world, "plenty", "yes | head -c 200000; yes | head -c 70000 >&2").exited(0)
    plenty = result(world, "plenty")
    expect((len(plenty["output"]), len(plenty["errors"]), plenty["dropped"]) == (65536, 65536, 200000 + 70000 - 2 * 65536), f"{plenty['dropped']} dropped")
    return f"{invocation.seconds:.1f} s"


def how_a_program_ends_is_told_and_another_status_than_the_wanted_is_a_failure(world):
    begin(world, "three", "echo first >&2; echo no such unit >&2; exit 3").exited(1, "ends with 3, not 0: no such unit")
    begin(world, "wanted", "exit 3", status=3).exited(0)
    expect(result(world, "wanted")["status"] == 3, result(world, "wanted"))
    world.dr.runs("kubelets-nothing").run(
        "program", f'name="{pod(world)}"', 'words=["no-such-program"]', "done=[]", "status=0", "timeout=60s", program=program(world),
        sets={}).exited(1, "executable file not found")
    world.dr.runs("kubelets-nobody").run(
        "program", 'name="nobody"', 'words=["true"]', "done=[]", "status=0", "timeout=60s", program=program(world),
        sets={}).exited(1, "pod nobody in acts does not exist")


def a_program_whose_connection_breaks_is_asked_about_and_never_sent_again(world):
    note = world.work / "exec-lost"
    invocation = begin(world, "lost", f"echo begun >> {note}; sleep 6; echo ended >> {note}")
    until("the program to have begun", note.exists, 30)
    kill_kubelet(world)
    invocation.exited(1, "it is not known whether")
    until("the program to have ended", lambda: note.read_text().endswith("ended\n"), 30)
    runs = world.dr.runs("kubelets-lost")
    # Nobody has looked: it asks again. Somebody has, and it goes on.
    question = next(word.split("=")[0] for word in invocation.text.split() if word.startswith("doubt/"))
    runs.resume(yes=False).exited(1, "it is not known whether")
    world.dr.start("kubelets-lost-answered", ["resume", "last", "--answer", f"{question}=yes"], runs.state).exited(0)
    expect(note.read_text() == "begun\nended\n", f"it ran again: {note.read_text()!r}")


def a_program_that_tells_whether_it_was_done_is_asked_instead_of_a_person(world):
    note, mark = world.work / "exec-told", world.work / "exec-told-done"
    script = f"echo begun >> {note}; sleep 3; touch {mark}"
    done = ("test", "-e", str(mark))
    invocation = begin(world, "told", script, done=done)
    until("the program to have begun", note.exists, 30)
    kill_kubelet(world)
    until("the mark", mark.exists, 30)
    invocation.exited(0)
    expect(note.read_text().count("begun") <= 2, note.read_text())
    # What the mark says was done is not done again.
    before = note.read_text()
    begin(world, "told-again", script, done=done).exited(0)
    expect(note.read_text() == before, f"it ran again: {note.read_text()!r}")


def a_program_that_takes_too_long_is_in_doubt(world):
    invocation = begin(world, "late", "sleep 30", timeout="2s").exited(1, "it is not known whether")
    expect(invocation.seconds < 25, f"it took {invocation.seconds:.1f} s")


def who_may_not_run_programs_is_told_so(world):
    flags = ["--context", "deepseek-dr-cluster-operator"]
    begin(world, "forbidden", "true", flags=flags).exited(1, "not permitted", "pods/exec", "nothing was done")
    world.cluster.api.ensure(f"{RBAC}/roles", {"metadata": {"name": "exec"}, "rules": [
        {"apiGroups": [""], "resources": ["pods/exec"], "verbs": ["get", "create"]}]})
    world.cluster.api.ensure(f"{RBAC}/rolebindings", {
        "metadata": {"name": "exec"}, "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "exec"},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "dr"}]})
    try:
        until("the new right", lambda: begin(world, "allowed", "true", flags=flags).wait() == 0, 30)
    finally:
        world.cluster.api.delete(f"{RBAC}/rolebindings/exec")


def logs_of_a_container_that_said_nothing_are_empty(world):
    world.dr.runs("kubelets-logs").run("read_logs", f'name="{pod(world)}"', program=program(world), sets={}).exited(0)


def a_pod_that_only_the_clusters_network_reaches_is_asked_through_the_api_server(world):
    runs = world.dr.runs("kubelets-reach")
    # All is asked before a port at which nobody listens.
    runs.run("reach", f'name="{pod(world)}"', program=program(world), sets={}).exited(1, "port 9", "connection refused")
    said = world.cluster.api.get(f"{CORE}/pods/{pod(world)}")["metadata"]["labels"].get("said")
    expect(said and int(said) >= 1, f"it generated {said} words")


def a_condition_of_any_object_is_waited_for(world):
    world.dr.runs("kubelets-condition").run("until_ready", f'name="{acts.SHOP}"', program=program(world), sets={}).exited(0)


CASES = [
    a_pod_that_only_the_clusters_network_reaches_is_asked_through_the_api_server,
    a_condition_of_any_object_is_waited_for,
    a_program_in_a_container_runs_once_and_what_it_says_is_kept,
    how_a_program_ends_is_told_and_another_status_than_the_wanted_is_a_failure,
    a_program_whose_connection_breaks_is_asked_about_and_never_sent_again,
    a_program_that_tells_whether_it_was_done_is_asked_instead_of_a_person,
    a_program_that_takes_too_long_is_in_doubt,
    who_may_not_run_programs_is_told_so,
    logs_of_a_container_that_said_nothing_are_empty,
]
