"""What the self-test and the end-to-end test share: counting results, waiting, and looking for leftovers."""

import os
import subprocess
import sys
import time
import traceback
from pathlib import Path

from .kubeapi import ApiError

# Deadlines only end what will never come; a machine that has much else to do is given so many times as long before it fails a test.
PATIENCE = 4
GROUND = str(Path(__file__).resolve().parent.parent / "ground")


class Skipped(Exception):
    """What the test needs is not on this machine; the text says what."""


class Results:
    """Runs tests one after the other and counts them. `on_failure` is called with the test's name and its error."""

    def __init__(self, on_failure=None):
        self.passed = self.failed = self.skipped = 0
        self.on_failure = on_failure

    def check(self, name, test, *arguments):
        """Runs one test; its return value, where there is one, is a measured fact to print."""
        begun = time.monotonic()
        try:
            fact = test(*arguments)
        except Skipped as reason:
            self.skipped += 1
            print(f"skip {name}: {reason}", flush=True)
            return False
        except Exception as error:  # the others are worth running, too
            self.failed += 1
            print(f"FAIL {name}: {type(error).__name__}: {error}", flush=True)
            if not isinstance(error, AssertionError):
                traceback.print_exc(file=sys.stdout)
            if self.on_failure:
                self.on_failure(name, error)
            return False
        self.passed += 1
        print(f"ok   {name} ({f'{str(fact).strip()}; ' if fact else ''}{time.monotonic() - begun:.1f} s)", flush=True)
        return True

    def __str__(self):
        return f"{self.passed} passed, {self.failed} failed" + (f", {self.skipped} skipped" if self.skipped else "")


def expect(value, text):
    if not value:
        raise AssertionError(text)


def until(what, condition, seconds):
    """Waits for a condition and returns how long it took; `seconds` are for a machine that has nothing else to do."""
    begun = time.monotonic()
    last, seconds = None, seconds * PATIENCE
    while time.monotonic() - begun < seconds:
        try:
            last = condition()
            if last:
                return time.monotonic() - begun
        except (ApiError, OSError, KeyError, StopIteration) as error:
            last = error
        time.sleep(0.1)
    raise AssertionError(f"{what} did not happen in {seconds} s (last: {last})")


def ground(*arguments):
    """A `ground` command from outside, as a user would give it."""
    result = subprocess.run([GROUND, *map(str, arguments)], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    expect(result.returncode == 0, f"ground {' '.join(map(str, arguments))}: exit code {result.returncode}: {result.stderr.strip()}")
    return result.stdout


def namespaces_of(init):
    """What a ground's namespaces are called as long as anything is in them."""
    return {kind: os.readlink(f"/proc/{init}/ns/{kind}") for kind in ("net", "mnt", "pid")}


def leftovers(spaces, root, directory_too=True):
    """What is still there of a ground: processes in its namespaces, mounts, the directory."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        for kind, link in spaces.items():
            try:
                if os.readlink(path / "ns" / kind) == link:
                    found.append(f"process {path.name}")
            except OSError:
                pass
        try:
            if str(root).encode() in (path / "cmdline").read_bytes() and path.name != str(os.getpid()):
                found.append(f"process {path.name}")
        except OSError:
            pass
    if str(root) in Path("/proc/self/mounts").read_text():
        found.append("mount")
    if directory_too and Path(root).exists():
        found.append(f"directory {root}")
    return found


def all_gone(spaces, root, directory_too=True):
    begun = time.monotonic()
    while (left := leftovers(spaces, root, directory_too)) and time.monotonic() - begun < 8 * PATIENCE:
        time.sleep(0.1)
    expect(not left, f"left behind: {', '.join(left)}")
    return f"gone after {time.monotonic() - begun:.1f} s"
