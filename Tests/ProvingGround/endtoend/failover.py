"""Case: a zone is lost while a client sends, and the runbook moves the service out of it."""

import re
import time

from groundlib.testing import expect, until

from .account import acts_happened_once, undone
from .cluster import LABELS
from .proxy import Proxy
from .refusals import RESIGNED
from .world import PROGRAM

# The client goes on for a while, to see that it stays well.
AFTERWARDS = 3


def promised_seconds():
    """The recovery time objective as the program states it, in minutes there."""
    return int(re.search(r"\brto = (\d+)m\b", PROGRAM.read_text())[1]) * 60


def losing_a_zone_under_load_is_healed_within_the_objective(world):
    world.cluster.reset()
    runs = world.dr.runs("failover")
    with world.client("failover") as client:
        time.sleep(1)
        lost_at = time.time()
        world.cluster.lose("az1")
        invocation = runs.run(watch="3s").exited(0)
        healed(world, runs)
        time.sleep(AFTERWARDS)
    failed, later = client.failed_after(invocation.ended_at)
    expect(later > 20, f"the client sent only {later} requests after the run")
    expect(not failed, f"{len(failed)} of {later} requests after the run fail, for instance {failed[:2]}")
    summary, rto = client.summary, promised_seconds()
    degraded, outage = summary["degraded"], summary["longestOutage"]
    expect(degraded and degraded["from"] > lost_at - 5, f"the client saw nothing of the lost zone: {summary}")
    seen = degraded["to"] - lost_at
    expect(seen < rto, f"failures until {seen:.1f} s after the loss; the objective is {rto} s")
    return (f"first to last failure {degraded['seconds']:.1f} s, longest time without one success {outage['seconds']:.1f} s, "
            f"{summary['failed']} of {summary['requests']} requests failed, {later} after the run all succeeded; "
            f"the run took {invocation.seconds:.1f} s; objective {rto} s")


def a_zone_that_dies_while_it_is_evacuated_is_left_all_the_same(world):
    """Planned, until its cable is pulled in the midst of it."""
    world.cluster.reset()
    runs = world.dr.runs("dies-meanwhile")
    with world.client("dies-meanwhile") as client:
        invocation = runs.run(watch="3s")
        invocation.says("✓ kube.scale")
        world.cluster.lose("az1")
        invocation.exited(0)
        healed(world, runs)
        time.sleep(AFTERWARDS)
    failed, later = client.failed_after(invocation.ended_at)
    expect(later > 20 and not failed, f"{len(failed)} of {later} requests after the run fail, for instance {failed[:2]}")
    world.cluster.restore("az1")
    return f"the run took {invocation.seconds:.1f} s, {later} requests after it all succeeded"


def a_run_whose_target_zone_dies_is_taken_back(world):
    before = world.cluster.reset()
    runs = world.dr.runs("target-dies")
    program = world.variant("target-dies", (">= deepseek.replicas within 5m", ">= deepseek.replicas within 15s"), RESIGNED)

    def rule(method, path, _):
        # Before the API server knows of the new pods, so that none of them is ready in time.
        if method == "PATCH" and path.endswith("/scale") and "az2" not in world.cluster.lost:
            world.cluster.lose("az2")

    with Proxy(world.layout, rule) as proxy:
        flags = ["--kubeconfig", proxy.kubeconfig(world, "target-dies", {"token": world.token()})]
        invocation = runs.run(program=program, flags=flags)
        invocation.exited(6, "everything done was undone", "did not hold within 15s")
    undone(world, runs, before)
    world.cluster.restore("az2")
    return f"{invocation.seconds:.1f} s"


def healed(world, runs):
    """What the runbook promises about the cluster."""
    state, cluster = world.cluster.snapshot(), world.cluster
    until("2 ready replicas in az2", lambda: cluster.serves("az2", 2), 30)
    cordoned = {node for node, value in state["cordoned"].items() if value}
    expect(cordoned == set(cluster.settings.nodes("az1")), f"cordoned are {cordoned}")
    expect(state["weights"] == {LABELS["az1"]: 0, LABELS["az2"]: 100}, f"weights are {state['weights']}")
    acts_happened_once(world, runs)
    until("the lock's return", lambda: cluster.holder() == "", 1)


CASES = [
    a_zone_that_dies_while_it_is_evacuated_is_left_all_the_same,
    a_run_whose_target_zone_dies_is_taken_back,
    # The lost zone stays lost.
    losing_a_zone_under_load_is_healed_within_the_objective,
]
