"""What a run did by the API server's own account, held against what its journal says."""

import collections

from groundlib.testing import expect

from . import journal


def acts_of(world, runs):
    """What a run changed, without its id: comparable between runs."""
    return {(change[0].removeprefix(f"{runs.id}/"), *change[1:]) for change in world.audit.changes(runs.id)}


def acts_happened_once(world, runs):
    """By the API server's own account no change was made twice, all that the journal calls done was done, and nothing is left open."""
    changes = world.audit.changes(runs.id)
    twice = {change: count for change, count in collections.Counter(changes).items() if count > 1}
    expect(not twice, f"these happened more than once: {twice}")
    records = runs.records()
    expect(not journal.open_intents(records), f"the journal leaves open what became of {journal.open_intents(records)}")
    known = {request[0] for request in changes + world.audit.unanswered(runs.id)}
    without = journal.kept_promises(records) - known
    expect(not without, f"the journal says that these were done, the API server knows nothing of them: {without}")


def results_of(records):
    """What every act that changes something gave, by position: an undo puts back what stands there."""
    found, promised = {}, {}
    for record in records:
        position = record.get("position")
        if record["kind"] == "intent" and record["call"].startswith(("kube.", "haproxy.")):
            promised[position] = record
        elif position in promised and record["kind"] == "outcome" and "result" in record:
            found[position] = record["result"]
        elif position in promised and record["kind"] == "settled" and record["state"] == "done":
            found[position] = record.get("result", promised[position]["observation"].get("result"))
    return found


def has_ended(runs):
    """Whether the last record says so: whoever is killed then was killed too late."""
    records = journal.so_far(runs)
    return bool(records) and records[-1]["kind"] == "ended"


def resume_says_that_it_has_ended(world, runs):
    """And changes nothing."""
    before, journal_before = world.cluster.snapshot(), runs.journal_path().read_bytes()
    words = {"succeeded": "succeeded", "rolledBack": "rolled back"}[runs.records()[-1]["status"]]
    runs.resume(runs.id).exited(4, f"the run has ended: {words}")
    expect(world.cluster.snapshot() == before, "resuming what has ended changed something")
    expect(runs.journal_path().read_bytes() == journal_before, "resuming what has ended wrote to the journal")


def undone(world, runs, before):
    """The cluster is as it was, no act happened twice, and the lock is free."""
    after = world.cluster.snapshot()
    expect(after == before, f"the cluster is not as before: {after}, not {before}")
    acts_happened_once(world, runs)
    expect(world.cluster.holder() == "", "the lock was not given back")
