"""Cases: a run that is killed again and again ends as if nothing had been, and no act happens twice.

A third of the kills come at a random time, the others just after the journal got an intent or the API server made a change: a run
mostly waits, so times alone would seldom fall between a promise and its outcome, which is where a crash is dangerous.
"""

import os
import shutil
import statistics
import time

from groundlib.testing import expect

from . import journal
from .account import acts_happened_once, acts_of, has_ended, results_of, resume_says_that_it_has_ended

KILLS = int(os.environ.get("DR_KILLS") or 20)
# So that the end of several runs is looked at.
KILLS_PER_RUN = 5
# The share of kills after which the journal also ends within a record.
TORN = 0.25
AGENT = b'"userAgent":"dr/'


def a_run_killed_again_and_again_ends_like_an_undisturbed_one(world):
    with world.client("crashes"):
        model = undisturbed(world)
        tally = Tally()
        number = 0
        while tally.kills < KILLS:
            number += 1
            expect(number <= 3 * KILLS, f"only {tally.kills} kills in {number} runs")
            world.cluster.reset()
            runs = world.dr.runs(f"killed-{number}")
            kill_until_done(world, runs, model, tally)
            same_end(world, runs, model)
    return f"{tally} over {number} runs; an undisturbed run takes {model.seconds:.1f} s, an act {model.act_seconds * 1000:.0f} ms"


def a_run_killed_before_its_first_record_is_begun_by_resume(world):
    """Of the journal there is the file, and of its header a part."""
    world.cluster.reset()
    model, runs = world.dr.runs("undisturbed"), world.dr.runs("hardly-begun")
    folder = runs.state / "runs" / "20260101T000000Z-aaaa"
    folder.mkdir(parents=True)
    shutil.copy(model.journal_path().with_name("launch.json"), folder)
    (folder / "journal").write_bytes(journal.MAGIC[:5])
    with world.client("hardly-begun"):
        runs.resume(folder.name).exited(0)
    acts_happened_once(world, runs)
    expect(acts_of(world, runs) == acts_of(world, model), f"it did {acts_of(world, runs)}, an undisturbed run {acts_of(world, model)}")


class Model:
    """What an undisturbed run does and leaves."""

    def __init__(self, world, runs, seconds):
        self.seconds = seconds
        self.state = world.cluster.snapshot()
        self.acts = acts_of(world, runs)
        self.results = results_of(runs.records())
        self.act_seconds = statistics.median(act_times(runs.records()))


class Tally:
    """Where the kills fell."""

    def __init__(self):
        self.kills = self.between = self.carried_out = self.torn = 0

    def add(self, world, runs, records):
        self.kills += 1
        waiting = journal.open_intents(records)
        if waiting:
            self.between += 1
            keys = {change[0] for change in world.audit.changes(runs.id)}
            self.carried_out += any(record["key"] in keys for record in waiting.values())

    def __str__(self):
        return (f"{self.kills} kills, {self.between} of them between intent and outcome "
                f"({self.carried_out} with a change at the API server already made), {self.torn} with a torn journal")


def undisturbed(world):
    world.cluster.reset()
    runs = world.dr.runs("undisturbed")
    invocation = runs.run().exited(0)
    acts_happened_once(world, runs)
    expect(len(world.audit.changes(runs.id)) >= 5, "the undisturbed run did next to nothing")
    return Model(world, runs, invocation.seconds)


def kill_until_done(world, runs, model, tally):
    """Kills a run at random moments of each of its lives until it has ended or enough kills have happened."""
    invocation, left = runs.run(), model.seconds
    enough = min(KILLS, tally.kills + KILLS_PER_RUN)
    while tally.kills < enough:
        begun = time.monotonic()
        if not strike(world, runs, invocation, left, model.act_seconds):
            break
        left = max(0.5, left - (time.monotonic() - begun))
        records = runs.records() if runs.ids else []
        if not records:
            # Killed before it had begun: there is nothing to go on with, and nothing was done. What there is of it goes, for runs
            # of one second are in no order.
            shutil.rmtree(runs.state, ignore_errors=True)
            invocation = runs.run()
            continue
        tally.add(world, runs, records)
        if has_ended(runs):
            return resume_says_that_it_has_ended(world, runs)
        torn = world.random.random() < TORN
        if torn:
            tear(world.random, runs)
            tally.torn += 1
        invocation = runs.resume(runs.id)
        if torn:
            invocation.says("cut off by the crash")
    invocation.exited(0)


def strike(world, runs, invocation, left, act_seconds):
    """Kills the process at a random moment; False when it had ended by then."""
    way = world.random.choice([at_a_time, after_a_promise, after_a_change])
    way(world, runs, invocation, left, act_seconds)
    if invocation.ended():
        return False
    invocation.kill()
    return True


def at_a_time(world, runs, invocation, left, act_seconds):
    moment = time.monotonic() + world.random.uniform(0, left)
    while time.monotonic() < moment and not invocation.ended():
        time.sleep(0.001)


def after_a_promise(world, runs, invocation, left, act_seconds):
    """The journal has an intent; the act may be about to begin, under way, or over."""
    intents = intents_so_far(runs) + world.random.randint(1, 2)
    while intents_so_far(runs) < intents and not invocation.ended():
        time.sleep(0.0005)
    time.sleep(world.random.uniform(0, 1.5 * act_seconds))


def after_a_change(world, runs, invocation, left, act_seconds):
    """The API server has made a change and has not answered yet, or only just: its audit log blocks the answer."""
    wanted = world.random.randint(1, 2)
    with open(world.layout.audit_log, "rb", buffering=0) as log:
        log.seek(0, 2)
        while wanted > 0 and not invocation.ended():
            data = log.read(1 << 20)
            wanted -= sum(AGENT in line and b"/lock/" not in line for line in data.splitlines())
            if not data:
                time.sleep(0.0003)


def tear(random, runs):
    """What a power cut leaves of a record that was being written: its beginning. Nothing had relied on it yet."""
    path = runs.journal_path()
    frame = journal.last_frame(path.read_bytes())
    with open(path, "ab") as file:
        file.write(frame[:random.randrange(1, len(frame))])


def intents_so_far(runs):
    return sum(record["kind"] == "intent" for record in journal.so_far(runs))


def act_times(records):
    """How long each act took from its promise to its outcome, in seconds."""
    promised = {record["position"]: record["at"] for record in records if record["kind"] == "intent"}
    return [(record["at"] - promised[record["position"]]) / 1e9 for record in records
            if record["kind"] == "outcome" and record.get("position") in promised]


def same_end(world, runs, model):
    """The cluster is in the state that the undisturbed run left, by the same acts."""
    state = world.cluster.snapshot()
    expect(state == model.state, f"run {runs.id} ended in {state}, an undisturbed one in {model.state}")
    acts_happened_once(world, runs)
    others = acts_of(world, runs) - model.acts
    expect(not others, f"run {runs.id} did what an undisturbed run does not: {others}")
    results = results_of(runs.records())
    expect(results == model.results, f"run {runs.id} remembers {results}, an undisturbed one {model.results}: an undo would put back something else")
    last = runs.records()[-1]
    expect(last["kind"] == "ended" and last["status"] == "succeeded", f"run {runs.id} ended with {last}")
    expect(world.cluster.holder() == "", f"run {runs.id} did not give its lock back")


CASES = [
    a_run_killed_again_and_again_ends_like_an_undisturbed_one,
    a_run_killed_before_its_first_record_is_begun_by_resume,
]
