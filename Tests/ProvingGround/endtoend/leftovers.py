"""Case: a test that is killed leaves nothing behind; that one which ends does not, either, is checked at the very end."""

import json
import subprocess
import time

from groundlib.testing import all_gone, expect

from .world import World

# The argument by which the test starts itself as the one that is killed.
HOLD = "--hold"


def hold():
    """Starts a ground and a client like any other test, says where, and waits to be killed."""
    world = World(0, "--nodes-per-zone", "1")
    with world.entered(), world.client("held"):
        print(json.dumps({"root": str(world.layout.root), "spaces": world.spaces}), flush=True)
        time.sleep(600)


def a_test_that_is_killed_leaves_nothing_behind(executable):
    other = subprocess.Popen([executable, HOLD], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    try:
        line = other.stdout.readline()
        expect(line, f"the other test ended with exit code {other.poll()}")
        held = json.loads(line)
    finally:
        other.kill()
        other.wait()
    return all_gone(held["spaces"], held["root"])
