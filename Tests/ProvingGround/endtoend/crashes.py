"""Cases: a run that is killed again and again ends as if nothing had been, and no act happens twice.

Half of the kills come at a random time, half just after the journal got an intent: a run mostly waits, so times alone would seldom
fall between a promise and its outcome, which is where a crash is dangerous.
"""

import collections
import time

from groundlib.testing import expect

from . import journal

KILLS = 20
# From the promise to act to the answer takes about this long.
ACT_SECONDS = 0.015
INTENT = b'"kind":"intent"'


def a_run_killed_twenty_times_ends_like_an_undisturbed_one(world):
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
    return f"{tally} over {number} runs; an undisturbed run takes {model.seconds:.1f} s"


class Model:
    """What an undisturbed run does and leaves."""

    def __init__(self, world, runs, seconds):
        self.seconds = seconds
        self.state = world.cluster.snapshot()
        self.acts = acts_of(world, runs)


class Tally:
    """Where the kills fell."""

    def __init__(self):
        self.kills = self.lives = self.between = self.carried_out = self.torn = 0

    def add(self, world, runs, records):
        self.kills += 1
        waiting = journal.open_intents(records)
        if waiting:
            self.between += 1
            keys = {change[0] for change in world.audit.changes(runs.id)}
            self.carried_out += any(record["key"] in keys for record in waiting.values())

    def __str__(self):
        return (f"{self.kills} kills, {self.between} of them between intent and outcome "
                f"({self.carried_out} with a change at the API server already made), {self.lives} resumes")


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
    while tally.kills < KILLS:
        begun = time.monotonic()
        if not strike(world.random, runs, invocation, left):
            break
        left = max(0.5, left - (time.monotonic() - begun))
        records = runs.records() if runs.ids else []
        if not records:
            # Killed before it had begun: there is nothing to go on with, and nothing was done.
            invocation = runs.run()
            continue
        tally.add(world, runs, records)
        if records[-1]["kind"] == "ended":
            return
        invocation = runs.resume(runs.id)
        tally.lives += 1
    invocation.exited(0)


def strike(random, runs, invocation, left):
    """Kills the process at a random moment; False when it had ended by then."""
    if random.random() < 0.5:
        moment = time.monotonic() + random.uniform(0, left)
        while time.monotonic() < moment and not invocation.ended():
            time.sleep(0.001)
    else:
        intents = intents_so_far(runs) + random.randint(1, 3)
        while intents_so_far(runs) < intents and not invocation.ended():
            time.sleep(0.0005)
        time.sleep(random.uniform(0, ACT_SECONDS))
    if invocation.ended():
        return False
    invocation.kill()
    return True


def intents_so_far(runs):
    try:
        return runs.journal_path().read_bytes().count(INTENT) if runs.ids else 0
    except FileNotFoundError:
        return 0


def same_end(world, runs, model):
    """The cluster is in the state that the undisturbed run left, by the same acts."""
    state = world.cluster.snapshot()
    expect(state == model.state, f"run {runs.id} ended in {state}, an undisturbed one in {model.state}")
    acts_happened_once(world, runs)
    others = acts_of(world, runs) - model.acts
    expect(not others, f"run {runs.id} did what an undisturbed run does not: {others}")
    last = runs.records()[-1]
    expect(last["kind"] == "ended" and last["status"] == "succeeded", f"run {runs.id} ended with {last}")
    expect(world.cluster.holder() == "", f"run {runs.id} did not give its lock back")


def acts_of(world, runs):
    """What a run changed, without its id: comparable between runs."""
    return {(change[0].removeprefix(f"{runs.id}/"), *change[1:]) for change in world.audit.changes(runs.id)}


def acts_happened_once(world, runs):
    """By the API server's own account no change was made twice, every promise was kept, and none is left open."""
    changes = world.audit.changes(runs.id)
    twice = {change: count for change, count in collections.Counter(changes).items() if count > 1}
    expect(not twice, f"these happened more than once: {twice}")
    records = runs.records()
    expect(not journal.open_intents(records), f"the journal leaves open what became of {journal.open_intents(records)}")
    without = journal.changing_intents(records) - {change[0] for change in changes}
    expect(not without, f"these were promised and never happened: {without}")


CASES = [a_run_killed_twenty_times_ends_like_an_undisturbed_one]
