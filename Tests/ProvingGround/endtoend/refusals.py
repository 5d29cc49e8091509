"""Cases: runs that must not go on, run beside another one, or have to be taken back."""

import time

from groundlib.testing import PATIENCE, expect

from . import journal
from .account import acts_happened_once, has_ended, resume_says_that_it_has_ended, undone
from .cluster import LABELS

APPROVAL = "Shift all traffic"
ROLLBACK_KILLS = 4
# On a busy machine one may be over before it is killed.
ROLLBACKS = 6
# verify gives up soon, and so does what must hold again: without requests neither can hold.
IMPATIENT = ('99% within 3m else "traffic is not served from', '99% within 4s else "traffic is not served from')
RESTORED = 'undo { verify success_rate(front, over: watch_traffic) >= 99% within 3m else "traffic is not served as before" }'
RESIGNED = (RESTORED, RESTORED.replace("3m", "4s"))


def the_operator_with_the_least_rights_can_do_the_whole_runbook(world):
    world.cluster.reset()
    runs = world.dr.runs("operator")
    with world.client("operator"):
        invocation = runs.run(flags=["--context", "deepseek-dr-cluster-operator"]).exited(0)
    expect(world.audit.users(runs.id) == {"dr"}, f"somebody else than dr acted: {world.audit.users(runs.id)}")
    expect(world.cluster.snapshot()["weights"] == {LABELS["az1"]: 0, LABELS["az2"]: 100}, "traffic was not shifted")
    refused = world.audit.requests(runs.id, succeeded=False)
    return f"{invocation.seconds:.1f} s; {len(world.audit.changes(runs.id))} changes, {len(refused)} requests refused"


def a_second_run_and_a_second_resume_are_refused_while_a_run_is_under_way(world):
    world.cluster.reset()
    runs, others = world.dr.runs("first"), world.dr.runs("second")
    first = runs.run(yes=False)
    with world.client("second"):
        try:
            # Nobody can answer, so it stays there as long as we like.
            first.says(APPROVAL)
            before = world.cluster.snapshot()
            others.run().exited(5, runs.id, seconds=60)
            runs.resume(runs.id).exited(5, seconds=60)
            expect(not world.audit.changes(others.id), f"the refused run acted: {world.audit.changes(others.id)}")
            expect(world.cluster.snapshot() == before, "the refused run changed something")
            expect(not first.ended(), f"the first run ended{first.tail()}")
            first.stop()
            # 128 + SIGTERM, as a shell reports it.
            first.exited(143, "paused", f"dr resume {runs.id}", seconds=60)
        finally:
            first.kill()
        runs.resume(runs.id).exited(0)
    expect(world.cluster.snapshot()["weights"][LABELS["az1"]] == 0, "the resumed run did not shift traffic")
    acts_happened_once(world, runs)


def of_two_operators_who_start_at_once_one_runs_and_the_other_is_told_who_does(world):
    world.cluster.reset()
    both = [world.dr.runs(f"at-once-{number}") for number in (1, 2)]
    with world.client("at-once"):
        ends = [(invocation.wait(), runs, invocation) for runs, invocation in [(runs, runs.run()) for runs in both]]
    ends.sort(key=lambda end: end[0])
    (won, winner, _), (lost, loser, told) = ends
    expect((won, lost) == (0, 5), f"exit codes {won} and {lost}{told.tail()}")
    expect(winner.id in told.text, f"it is not told that {winner.id} holds the lock{told.tail()}")
    acts_happened_once(world, winner)
    expect(not world.audit.changes(loser.id), f"who was refused acted: {world.audit.changes(loser.id)}")
    return f"told after {told.seconds:.1f} s"


def a_journal_that_was_changed_and_a_program_that_was_changed_are_refused(world):
    world.cluster.reset()
    runs = world.dr.runs("refused-journal")
    program = world.variant("changing")
    first = runs.run(program=program, yes=False)
    try:
        first.says(APPROVAL)
    finally:
        first.kill()
    before, path = world.cluster.snapshot(), runs.journal_path()
    whole, text = path.read_bytes(), program.read_bytes()
    # One bit in the middle, then a space in the program.
    place = len(whole) // 2
    path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1:])
    runs.resume(runs.id).exited(4, "journal is damaged at byte", seconds=60)
    path.write_bytes(whole)
    program.write_bytes(text + b"\n")
    runs.resume(runs.id).exited(4, "another program", seconds=60)
    expect(path.read_bytes() == whole, "a refused resume wrote to the journal")
    expect(world.cluster.snapshot() == before, "a refused resume changed something")
    program.write_bytes(text)
    with world.client("refused-journal"):
        runs.resume(runs.id).exited(0)
    acts_happened_once(world, runs)


def a_zone_that_cannot_hold_the_replicas_is_refused_and_nothing_is_changed(world):
    world.cluster.reset()
    nodes = world.cluster.settings.nodes("az2")
    for node in nodes:
        world.cluster.cordon(node)
    before = world.cluster.snapshot()
    runs = world.dr.runs("no-capacity")
    runs.run().exited(1, "cannot hold 2 replicas", seconds=60)
    expect(world.cluster.snapshot() == before, "something was changed")
    expect(not world.audit.changes(runs.id), f"not only the lock was touched: {world.audit.changes(runs.id)}")
    expect(world.cluster.holder() == "", "the lock was not given back")


def a_run_that_fails_undoes_all_that_it_did(world):
    before = world.cluster.reset()
    runs = world.dr.runs("undone")
    program = world.variant("impatient", IMPATIENT, RESIGNED)
    # No client sends, so success_rate has nothing to go by.
    invocation = runs.run(program=program).exited(6, "everything done was undone", "traffic is not served from")
    undone(world, runs, before)
    kinds = {change[2] for change in world.audit.changes(runs.id)}
    expect(kinds == {"deployments", "horizontalpodautoscalers", "nodes"}, f"it did not get as far as the last step: {kinds}")
    return f"{invocation.seconds:.1f} s, {len(world.audit.changes(runs.id))} changes"


def a_rollback_that_is_killed_goes_on_where_it_was(world):
    program = world.variant("impatient", IMPATIENT, RESIGNED)
    kills = within = number = 0
    while kills < ROLLBACK_KILLS:
        number += 1
        expect(number <= ROLLBACKS, f"only {kills} kills in {ROLLBACKS} rollbacks")
        before, runs = world.cluster.reset(), world.dr.runs(f"killed-rollback-{number}")
        invocation = runs.run(program=program)
        while kills < ROLLBACK_KILLS and promises_to_undo(runs, invocation, undo_intents(runs) + 1):
            time.sleep(world.random.uniform(0, 0.01))
            invocation.kill()
            if has_ended(runs):
                break
            kills += 1
            within += bool(journal.open_intents(runs.records()))
            invocation = runs.resume(runs.id)
        if not has_ended(runs):
            invocation.exited(6, "everything done was undone")
        undone(world, runs, before)
        resume_says_that_it_has_ended(world, runs)
    return f"{kills} kills in {number} rollbacks, {within} between intent and outcome"


def what_must_hold_again_is_looked_at_after_a_rollback_also_by_the_next_life(world):
    found = []
    for name, condition in (("verified", "ready(deepseek, in: from) >= 1 within 1m"), ("not-verified", "success_rate(front, over: watch_traffic) >= 99% within 8s")):
        before, runs = world.cluster.reset(), world.dr.runs(f"rolled-back-{name}")
        program = world.variant(name, IMPATIENT, (RESTORED, f'undo {{ verify {condition} else "\\(from) does not serve again" }}'))
        invocation = runs.run(program=program)
        while not looks_again(runs) and not invocation.ended():
            time.sleep(0.0005)
        if not invocation.ended():
            invocation.kill()
        killed = not has_ended(runs)
        if killed:
            invocation = runs.resume(runs.id)
        invocation.exited(6, f"everything done was undone, {name.replace('-', ' ')}", *["does not serve again"] * (name != "verified"))
        undone(world, runs, before)
        expect([record["verified"] for record in runs.records() if record["kind"] == "restored"] == [name == "verified"], "the journal says something else")
        found.append(f"{name}{', killed while it looked' * killed}")
    return "; ".join(found)


def looks_again(runs):
    kinds = [record["kind"] for record in journal.so_far(runs)]
    return "undone" in kinds and "waiting" in kinds[len(kinds) - kinds[::-1].index("undone"):]


def promises_to_undo(runs, invocation, count):
    """Waits until the journal has that many promises to undo; False when the process ended first."""
    deadline = time.monotonic() + 60 * PATIENCE
    while undo_intents(runs) < count:
        if invocation.ended():
            return False
        expect(time.monotonic() < deadline, f"no rollback in {60 * PATIENCE} s{invocation.tail()}")
        time.sleep(0.0005)
    return True


def undo_intents(runs):
    """How often the rollback, once it has begun, promised to act."""
    kinds = [record["kind"] for record in journal.so_far(runs)]
    return kinds[kinds.index("unwinding"):].count("intent") if "unwinding" in kinds else 0


CASES = [
    the_operator_with_the_least_rights_can_do_the_whole_runbook,
    a_second_run_and_a_second_resume_are_refused_while_a_run_is_under_way,
    of_two_operators_who_start_at_once_one_runs_and_the_other_is_told_who_does,
    a_journal_that_was_changed_and_a_program_that_was_changed_are_refused,
    a_zone_that_cannot_hold_the_replicas_is_refused_and_nothing_is_changed,
    a_run_that_fails_undoes_all_that_it_did,
    a_rollback_that_is_killed_goes_on_where_it_was,
    what_must_hold_again_is_looked_at_after_a_rollback_also_by_the_next_life,
]
