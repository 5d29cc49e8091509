"""Cases: a run that has succeeded is taken back."""

import time

from groundlib.testing import expect

from . import journal
from .account import undone
from .failover import healed


def a_finished_run_is_taken_back_though_its_process_is_killed(world):
    before = world.cluster.reset()
    runs = world.dr.runs("taken-back")
    with world.client("taken-back"):
        runs.run().exited(0)
    healed(world, runs)
    with world.client("taken-back-again"):
        first = back(world, runs)
        intents = promises(runs)
        while promises(runs) == intents and not first.ended():
            time.sleep(0.0005)
        if not first.ended():
            first.kill()
        if runs.records()[-1]["kind"] != "ended":
            runs.resume(runs.id).exited(0, "taken back, verified")
    undone(world, runs, before)
    back(world, runs).exited(4, "rolled back", seconds=60)
    undone(world, runs, before)
    return f"{promises(runs) - intents} acts undone"


def back(world, runs):
    return world.dr.start("taken-back-undo", ["resume", runs.id, "--undo"], runs.state)


def promises(runs):
    return [record["kind"] for record in journal.so_far(runs)].count("intent")


CASES = [a_finished_run_is_taken_back_though_its_process_is_killed]
