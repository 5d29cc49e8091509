"""Cases: the API server has a bad day while a run is under way. Nothing is lost, nothing happens twice, and dr says what it was."""

import collections
import os
import signal
import subprocess
import time
from pathlib import Path

from groundlib.processes import die_with_parent
from groundlib.testing import PATIENCE, expect, until

from .account import acts_happened_once, undone
from .cluster import DEPLOYMENTS, LABELS, workload
from .proxy import DROP, LOSE, Proxy, late, status
from .refusals import IMPATIENT, RESIGNED

# How long the API server is gone; a minute by hand, less where time is short.
GONE = int(os.environ.get("DR_GONE") or 30)
# How long dr waits for an answer.
REQUEST_SECONDS = 30
OPERATOR = "deepseek-dr-cluster-operator"


def through(world, proxy, name, user=None):
    """Flags by which dr talks to the proxy."""
    return ["--kubeconfig", proxy.kubeconfig(world, name, user or {"token": world.token()})]


def done_once(world, runs):
    """The run ended, its acts happened once, and traffic is where it should be."""
    acts_happened_once(world, runs)
    last = runs.records()[-1]
    expect(last["kind"] == "ended" and last["status"] == "succeeded", f"run {runs.id} ended with {last}")
    expect(world.cluster.snapshot()["weights"] == {LABELS["az1"]: 0, LABELS["az2"]: 100}, "traffic was not shifted")
    expect(world.cluster.holder() == "", "the lock was not given back")


def an_api_server_that_is_killed_in_the_middle_of_a_run_is_waited_for(world):
    world.cluster.reset()
    runs = world.dr.runs("api-server-killed")
    with world.client("api-server-killed"):
        # Traffic is watched for longer than it takes us to see that it has begun.
        invocation = runs.run(watch="15s")
        invocation.says("✓ kube.scale")
        with api_server_gone(world):
            time.sleep(GONE)
            expect(not invocation.ended(), f"it gave up{invocation.tail()}")
        invocation.exited(0)
    done_once(world, runs)
    # Its controllers need a while to come back to themselves.
    world.cluster.reset(seconds=240)
    return f"gone for {GONE} s; the run took {invocation.seconds:.1f} s"


def an_undo_waits_for_an_api_server_that_is_gone(world):
    before = world.cluster.reset()
    runs = world.dr.runs("undo-waits")
    # Nobody sends, so traffic cannot be verified.
    program = world.variant("impatient-undo", IMPATIENT, RESIGNED)
    with Proxy(world.layout) as proxy:
        invocation = runs.run(program=program, flags=through(world, proxy, "undo-waits"))
        invocation.says("✓ kube.cordon")
        proxy.away(GONE)
        invocation.exited(6, "everything done was undone")
    undone(world, runs, before)
    return f"gone for {GONE} s; {invocation.seconds:.1f} s in all"


class api_server_gone:
    """Kills the real API server, and starts it again with the same words."""

    def __init__(self, world):
        self.world = world

    def __enter__(self):
        pid = next(int(path.name) for path in Path("/proc").glob("[0-9]*") if self.is_it(path))
        self.command = Path(f"/proc/{pid}/cmdline").read_text().split("\0")[:-1]
        os.kill(pid, signal.SIGKILL)
        until("the end of the API server", lambda: not Path(f"/proc/{pid}").exists() or not self.is_it(Path(f"/proc/{pid}")), 10)

    def is_it(self, path):
        try:
            words = (path / "cmdline").read_text().split("\0")
        except OSError:
            return False
        return words[0].endswith("kube-apiserver") and str(self.world.layout.root) in " ".join(words)

    def __exit__(self, *_):
        with open(self.world.layout.logs / "kube-apiserver.log", "ab") as log:
            self.world.started.append(subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                                                       preexec_fn=die_with_parent))
        until("the API server", lambda: self.world.cluster.api.get("/readyz") == "ok", 60)


def a_step_is_tried_again_while_the_api_server_refuses_connections(world):
    world.cluster.reset()
    runs, refused = world.dr.runs("refusing"), []

    def rule(method, path, _):
        if method == "PATCH" and path.endswith("/scale") and not refused:
            refused.append(time.time())
            return DROP
        # What the step asks meanwhile is not answered, either: its first attempt must fail.
        return DROP if refused and time.time() - refused[0] < 12 else None

    with world.client("refusing"), Proxy(world.layout, rule) as proxy:
        invocation = runs.run(flags=through(world, proxy, "refusing")).exited(0)
    done_once(world, runs)
    return f"{len(proxy.took(did='drop'))} requests refused, {invocation.seconds:.1f} s"


def answers_that_are_lost_are_settled_by_asking(world):
    """Each kind of change happens at the API server and its answer never arrives."""
    world.cluster.reset()
    runs = world.dr.runs("lost-answers")

    def kind(path):
        return path.split("?")[0].split("/")[-2 if "nodes" in path else -1]

    def rule(method, path, _):
        # What the API server refuses, for its object has changed meanwhile, has not happened: the next of its kind is lost.
        passes = method == "GET" or "leases" in path or kind(path) in map(kind, proxy.lost)
        return None if passes else LOSE

    with world.client("lost-answers"), Proxy(world.layout, rule) as proxy:
        invocation = runs.run(flags=through(world, proxy, "lost-answers")).exited(0, "looking whether it happened")
    done_once(world, runs)
    lost = set(map(kind, proxy.lost))
    expect(len(lost) >= 2, f"only {lost} were lost")
    # An act of two changes of which only the first happened is not done, and done again.
    settled = {record["position"]: record["state"] for record in runs.records() if record["kind"] == "settled"}
    expect(settled and set(settled.values()) == {"done"}, f"not settled as done in the end: {settled}")
    return f"lost: {', '.join(sorted(lost))}; {len(settled)} settled, {invocation.seconds:.1f} s"


def an_answer_that_comes_after_the_timeout_changes_nothing_any_more(world):
    world.cluster.reset()
    runs, asked = world.dr.runs("late-answer"), []

    def rule(method, path, _):
        if method == "PATCH" and path.endswith("/scale") and not asked:
            asked.append(path)
            return late(REQUEST_SECONDS + 3)
        return None

    with world.client("late-answer"), Proxy(world.layout, rule) as proxy:
        invocation = runs.run(flags=through(world, proxy, "late-answer")).exited(0, "looking whether it happened")
        patches = proxy.took("PATCH", "/scale")
    done_once(world, runs)
    expect(len(patches) == 1, f"it was sent {len(patches)} times")
    return f"{invocation.seconds:.1f} s"


def a_server_that_answers_429_503_and_500_is_asked_again(world):
    """The first requests for everything fail: reads in three ways, changes in two, of which one leaves open whether it happened."""
    world.cluster.reset()
    runs, count = world.dr.runs("overloaded"), collections.Counter()
    answers = [status(429, "TooManyRequests", Retry_After=1), status(503, "ServiceUnavailable"), status(500, "InternalError")]

    def rule(method, path, _):
        place = (method, path.split("?")[0])
        count[place] += 1
        # That it is not ready is what /readyz says by 503; and a lock is given back once, since it ends by itself.
        failures = [] if path == "/readyz" or method != "GET" and "/leases/" in path else answers if method == "GET" else answers[:2]
        return failures[count[place] - 1] if count[place] <= len(failures) else None

    with world.client("overloaded"), Proxy(world.layout, rule) as proxy:
        invocation = runs.run(flags=through(world, proxy, "overloaded")).exited(0)
        failed = len(proxy.took(did="status"))
        # What was asked to wait waited: the first of each kind was, and others of its kind may be under way beside it.
        for method, path in count:
            if path.endswith("/selfsubjectaccessreviews"):
                continue  # many are asked at once
            alike = [each for each in proxy.seen if each.method == method and each.path.split("?")[0] == path]
            again = [each.at for each in alike if each.path == alike[0].path]
            pause = again[1] - again[0] if len(again) > 1 and alike[0].did == "status" else 1
            expect(pause > 0.9, f"{method} {path} came again after {pause:.2f} s, not after the second it was asked for")
    done_once(world, runs)
    return f"{failed} of {len(proxy.seen)} requests failed, {invocation.seconds:.1f} s"


def a_server_that_is_slow_slows_a_run_and_no_more(world):
    world.cluster.reset()
    runs = world.dr.runs("slow")
    with world.client("slow"), Proxy(world.layout, lambda *_: late(0.4)) as proxy:
        invocation = runs.run(flags=through(world, proxy, "slow")).exited(0)
    done_once(world, runs)
    return f"{len(proxy.seen)} requests of 0.4 s, {invocation.seconds:.1f} s"


def watches_that_end_or_are_too_old_are_begun_anew(world):
    world.cluster.reset()
    runs, watches = world.dr.runs("watches"), []
    program = world.variant("waiting-long", (
        "policy keep_serving for deepseek {",
        "runbook await_two(to: Zone) { wait until ready(deepseek, in: to) >= 2 within 5m every 8s }\n\npolicy keep_serving for deepseek {"))

    def rule(method, path, _):
        if "watch=1" not in path:
            return None
        watches.append(time.time())
        return status(410, "Expired") if len(watches) % 2 else None

    with Proxy(world.layout, rule) as proxy:
        invocation = runs.run("await_two", "to=az2", program=program, flags=through(world, proxy, "watches"))
        until("two watches", lambda: len(watches) >= 2, 40)
        for _ in range(3):
            proxy.cut()
            time.sleep(2)
        asked = len(watches)
        world.cluster.api.patch(f"{DEPLOYMENTS}/{workload('az2')}", {"spec": {"replicas": 2}})
        until("two ready pods", lambda: world.cluster.serves("az2", 2), 30)
        ready = time.time()
        invocation.exited(0)
        expect(invocation.ended_at - ready < 12 * PATIENCE, f"it saw that {invocation.ended_at - ready:.1f} s after it was so")
        expect(asked < 20, f"{asked} watches were begun: what fails is tried too often")
    return f"{len(watches)} watches; seen {max(0, invocation.ended_at - ready):.1f} s after it was so"


def a_token_that_expires_is_read_again_from_its_file(world):
    world.cluster.reset()
    runs, old, new = world.dr.runs("token-file"), world.token(), world.token("admin")
    file, expired = world.work / "token", []
    file.write_text(old)

    def rule(method, path, given):
        if expired and given == old:
            return status(401, "Unauthorized")
        if method == "PATCH" and path.endswith("/scale"):
            # The last that the old one is good for.
            fresh = world.work / "token.new"
            fresh.write_text(new)
            fresh.rename(file)
            expired.append(True)
        return None

    with world.client("token-file"), Proxy(world.layout, rule) as proxy:
        runs.run(flags=through(world, proxy, "token-file", {"tokenFile": str(file)})).exited(0)
        refused = len(proxy.took(did="status"))
    done_once(world, runs)
    expect(world.audit.users(runs.id) == {"dr", "admin"}, f"by {world.audit.users(runs.id)}")
    return f"{refused} requests with the old token"


def a_token_that_is_no_longer_good_says_so(world):
    before, runs = world.cluster.reset(), world.dr.runs("token-dead")
    with Proxy(world.layout) as proxy:
        invocation = runs.run(flags=through(world, proxy, "token-dead", {"token": "0" * 32})).exited(1, "401", "the credentials are not accepted")
    expect(world.cluster.snapshot() == before, "something was changed")
    return invocation.text.strip().splitlines()[-1].strip()[:150]


CASES = [
    an_api_server_that_is_killed_in_the_middle_of_a_run_is_waited_for,
    an_undo_waits_for_an_api_server_that_is_gone,
    a_step_is_tried_again_while_the_api_server_refuses_connections,
    answers_that_are_lost_are_settled_by_asking,
    an_answer_that_comes_after_the_timeout_changes_nothing_any_more,
    a_server_that_answers_429_503_and_500_is_asked_again,
    a_server_that_is_slow_slows_a_run_and_no_more,
    watches_that_end_or_are_too_old_are_begun_anew,
    a_token_that_expires_is_read_again_from_its_file,
    a_token_that_is_no_longer_good_says_so,
]
