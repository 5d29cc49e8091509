"""Cases: runs that are kept in the cluster. Another machine ends what the first one began; who was taken over from changes nothing."""

import base64
import json
import signal
import time

from groundlib.testing import PATIENCE, expect, until

from .account import acts_happened_once, acts_of
from .cluster import DEPLOYMENTS, LABELS, LEASES, workload
from . import journal
from .proxy import Proxy

NAMESPACE = "default"
STORE = ["--store", f"cluster:{NAMESPACE}"]
CONFIGMAPS = f"/api/v1/namespaces/{NAMESPACE}/configmaps"
APPROVAL = "Shift all traffic"
# Held for so long unless renewed; who takes over looks for 5 s whether it still is.
LEASE_SECONDS = 15


class Kept:
    """A run that the cluster keeps, read by the administrator without any code of dr's."""

    def __init__(self, world):
        heads = world.cluster.api.get(f"{CONFIGMAPS}?labelSelector=dr.run%2Frecord%3Dhead")["items"]
        expect(heads, "the cluster keeps no run")
        self.api, self.path = world.cluster.api, world.work / "kept-journal"
        self.id = max(head["metadata"]["labels"]["dr.run/run"] for head in heads)
        self.name = f"dr-run-{self.id.lower()}"

    def journal(self):
        head = self.api.get(f"{CONFIGMAPS}/{self.name}")
        said, data, number = json.loads(head["data"]["head.json"]), b"", 0
        for epoch, count in said["chunks"]:
            for _ in range(count):
                data += part(self.api.get(f"{CONFIGMAPS}/{self.name}-{number}-{epoch}"), "chunk")
                number += 1
        data += part(head, "tail")
        expect(len(data) == said["size"], f"the journal has {len(data)} bytes, not {said['size']}")
        return data

    def records(self):
        self.path.write_bytes(self.journal())
        return journal.records(self.path)

    def holder(self):
        return self.api.get(f"{LEASES}/{self.name}")["spec"].get("holderIdentity") or ""


def part(object, key):
    return base64.b64decode((object.get("binaryData") or {}).get(key, ""))


def machine(world, name):
    """State of its own: nothing that another machine has but the program."""
    return world.dr.runs(name)


def command(world, runs, *words, yes=True):
    return world.dr.start(f"{runs.name}-{words[0]}", [*words, *STORE] + ["--yes"] * yes, runs.state)


def ended_well(world, kept):
    acts_happened_once(world, kept)
    last = kept.records()[-1]
    expect(last["kind"] == "ended" and last["status"] == "succeeded", f"run {kept.id} ended with {last}")
    expect(world.cluster.snapshot()["weights"] == {LABELS["az1"]: 0, LABELS["az2"]: 100}, "traffic was not shifted")
    expect(kept.holder() == "", f"{kept.holder()} did not give the run back")


def a_run_whose_machine_dies_is_ended_by_another_machine(world):
    world.cluster.reset()
    first, second = machine(world, "cluster-first"), machine(world, "cluster-second")
    with world.client("cluster-store"):
        invocation = first.run(flags=STORE)
        invocation.says("✓ kube.scale")
        time.sleep(world.random.uniform(0, 0.3))
        invocation.kill()
        killed = time.time()
        kept = Kept(world)
        early = command(world, second, "resume", kept.id).exited(5, "another dr is working on this run", "held by")
        later = command_when_free(world, second, kept)
        taken = time.time() - killed
        later.exited(0)
    ended_well(world, kept)
    expect(not (first.state / "runs").exists() and not (second.state / "runs").exists(), "something was kept on a machine's disk")
    listed = command(world, second, "runs", yes=False).exited(0, kept.id, "succeeded")
    command(world, second, "runs", "verify", kept.id, yes=False).exited(0, "are whole")
    time.sleep(1.5)
    command(world, second, "runs", "gc", "--older-than", "1s", yes=False).exited(0, "removed", kept.id)
    left = world.cluster.api.get(f"{CONFIGMAPS}?labelSelector=dr.run%2Frun%3D{kept.id}")["items"]
    expect(not left, f"gc left {[item['metadata']['name'] for item in left]}")
    return f"told who holds it after {early.seconds:.1f} s; taken over {taken:.1f} s after the kill; {len(listed.text.splitlines())} runs"


def command_when_free(world, runs, kept):
    """Resumes as soon as the dead holder's lease has run out; the resumption that is under way."""
    deadline, refusal = time.monotonic() + 60 * PATIENCE, "another dr is working on this run"
    while True:
        invocation = command(world, runs, "resume", kept.id)
        until("an answer", lambda: invocation.ended() or "resumed" in invocation.text or f"run {kept.id}" in invocation.text, 60)
        if refusal in invocation.text:
            invocation.wait()
        elif not invocation.ended() or invocation.process.returncode == 0:
            return invocation
        expect(time.monotonic() < deadline, f"nobody could take the run over{invocation.tail()}")
        time.sleep(0.5)


def of_two_machines_one_runs_and_the_other_is_told_who_does(world):
    world.cluster.reset()
    first, second = machine(world, "two-first"), machine(world, "two-second")
    with world.client("two-machines"):
        invocation = first.run(flags=STORE, yes=False)
        try:
            invocation.says(APPROVAL)
            kept = Kept(world)
            before = kept.journal()
            command(world, second, "resume", kept.id).exited(5, f"is held by {kept.holder()}", seconds=60)
            expect(kept.journal() == before, "the refused machine wrote to the journal")
            # The run is answered from the other machine.
            command(world, second, "approve", kept.id, "--by", "ops", yes=False).exited(0, "approved")
            invocation.exited(0)
        finally:
            invocation.kill()
    ended_well(world, kept)
    decided = [record for record in kept.records() if record["kind"] == "decision"]
    expect(decided[0]["by"] == "ops", f"the journal does not say who answered: {decided}")


def a_machine_that_slept_through_its_lease_changes_nothing_any_more(world):
    world.cluster.reset()
    first, second = machine(world, "sleepy"), machine(world, "awake")
    with world.client("sleepy"):
        invocation = first.run(flags=STORE)
        try:
            invocation.says("✓ kube.scale")
            invocation.stop(signal.SIGSTOP)
            kept = Kept(world)
            time.sleep(LEASE_SECONDS)
            command_when_free(world, second, kept).exited(0)
            ended_well(world, kept)
            journal_before, acts_before = kept.journal(), acts_of(world, kept)
            invocation.stop(signal.SIGCONT)
            invocation.exited(5, "Nothing further was done here")
        finally:
            invocation.kill()
    expect(kept.journal() == journal_before, "who was taken over from wrote to the journal")
    expect(acts_of(world, kept) == acts_before, f"who was taken over from acted: {acts_of(world, kept) - acts_before}")
    acts_happened_once(world, kept)
    return next(line for line in invocation.text.splitlines() if "taken over" in line or "not ours" in line)


def a_wait_on_a_machine_that_looks_seldom_sees_a_change_at_once(world):
    """After its second look it is told what happens, by a watch of the real API server."""
    world.cluster.reset()
    program = world.variant("waiting", (
        "policy keep_serving for deepseek {",
        "runbook await_two(to: Zone) { wait until ready(deepseek, in: to) >= 2 within 5m every 30s }\n\npolicy keep_serving for deepseek {"))
    runs, watches = machine(world, "waiting"), []

    def rule(method, path, _):
        if "watch=1" in path:
            watches.append(path)

    with Proxy(world.layout, rule) as proxy:
        flags = ["--kubeconfig", proxy.kubeconfig(world, "waiting", {"token": world.token()})]
        invocation = runs.run("await_two", "to=az2", program=program, flags=flags)
        until("a watch", lambda: watches, 60)
        scaled = time.time()
        world.cluster.api.patch(f"{DEPLOYMENTS}/{workload('az2')}", {"spec": {"replicas": 2}})
        until("two ready pods", lambda: world.cluster.serves("az2", 2), 30)
        ready = time.time()
        invocation.exited(0)
    expect(invocation.ended_at - ready < 15, f"it saw that {invocation.ended_at - ready:.1f} s after it was so{invocation.tail()}")
    return f"ready {ready - scaled:.1f} s after the change, seen {max(0, invocation.ended_at - ready):.1f} s later"


CASES = [
    a_run_whose_machine_dies_is_ended_by_another_machine,
    of_two_machines_one_runs_and_the_other_is_told_who_does,
    a_machine_that_slept_through_its_lease_changes_nothing_any_more,
    a_wait_on_a_machine_that_looks_seldom_sees_a_change_at_once,
]
