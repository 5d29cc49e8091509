"""Case: a drill takes az1 away for real, again and again; what is measured stands beside what is proved and what is simulated."""

import json
import os
import signal

from groundlib import namespaces
from groundlib.testing import GROUND, expect

from .cluster import LABELS

TIMES = int(os.environ.get("DR_DRILLS") or 2)
INJECTOR = """#!/usr/bin/env python3
import subprocess, sys
word, kind, label = sys.argv[1:]
assert kind == "zone_outage", kind
zone = %r[label]
sys.exit(subprocess.call([%r, "lose" if word == "begin" else "restore", zone, "--state", %r]))
"""


def az1_dark_again_and_again_as_proved_and_simulated(world):
    program, injector = variant(world), write_injector(world)
    measured = []
    for number in range(TIMES):
        world.cluster.reset()
        invocation = drill(world, program, injector, f"drill-{number}", "--json")
        invocation.exited(0, seconds=300)
        events = [json.loads(line) for line in invocation.text.splitlines() if line.startswith("{")]
        report = next(event for event in events if event["event"] == "drill")
        expect(report["verdict"] == "kept", report)
        measured.append(report)
        expect(namespaces.uplink_is_up(world.cluster.settings, "az1", world.layout.init_pid()), "az1 is dark still")
    world.cluster.reset()
    return "\n" + table(measured)


def a_drill_that_is_stopped_takes_its_fault_back_and_one_that_was_killed_is_mended(world):
    program, injector = variant(world, lasting="10m"), write_injector(world)
    up = lambda: namespaces.uplink_is_up(world.cluster.settings, "az1", world.layout.init_pid())
    world.cluster.reset()
    stopped = drill(world, program, injector, "drill-stopped")
    stopped.says("✗ zone_outage", 60)
    expect(not up(), "az1 is not dark")
    stopped.stop(signal.SIGTERM)
    stopped.exited(1, "aborted: stopped by a signal", seconds=60)
    expect(up(), "az1 is dark still")
    world.cluster.reset()
    killed = drill(world, program, injector, "drill-killed")
    killed.says("✗ zone_outage", 60)
    killed.kill()
    expect(not up(), "az1 is not dark")
    drill(world, program, injector, "drill-killed").exited(1, "was cut short", seconds=60)
    drill(world, program, injector, "drill-killed", "--mend").exited(0, "is taken back", seconds=60)
    expect(up(), "az1 is dark still")
    world.cluster.reset()


def variant(world, lasting="30s"):
    """The example with a policy that is soon sure, nobody to ask, and a model as small as the ground's."""
    question = next(line + "\n" for line in world.dr.program.read_text().splitlines() if line.startswith('  approve "Shift all'))
    return world.variant(
        f"drilled-{lasting}", (question, ""), ("lasting 60s {", "lasting 5s {"), ("for 5m\n  expect", f"for {lasting}\n  expect"),
        ("size = 15GB, load_rate = 2GB/s, warm_up = 5s", "size = 1GB, load_rate = 2GB/s, warm_up = 0s"),
        ("over: 30s) >= 99% }", "over: 2s) >= 99% }"))


def write_injector(world):
    path = world.work / "injector"
    path.write_text(INJECTOR % ({label: zone for zone, label in LABELS.items()}, str(GROUND), str(world.layout.root)))
    path.chmod(0o755)
    return path


def drill(world, program, injector, name, *flags):
    sets = {"front_door": "haproxy", "haproxy_socket": world.dr.socket, "watch_traffic": "2s"}
    words = [f"{name}={value}" for name, value in sets.items()]
    command = ["drill", program, "az1_goes_dark", "--world", "real", "--injector", injector, "--load-url", world.layout.front_url.removesuffix("/infer"), *flags]
    for word in words:
        command += ["--set", word]
    return world.dr.start(name, command, world.dr.work / "state" / name)


def table(reports):
    """A row for each part, with a column for each time."""
    rows = [["", "predicted", "simulated", *(f"measured {number + 1}" for number in range(len(reports)))]]
    for index, part in enumerate(reports[0]["parts"]):
        predicted = "–" if "predicted_best_s" not in part else f"{part['predicted_best_s']:.1f} to {part.get('predicted_worst_s', float('inf')):.1f}"
        rows.append([part["part"], predicted, f"{part.get('simulated_s', float('nan')):.1f}",
                     *(f"{report['parts'][index].get('measured_s', float('nan')):.1f}" for report in reports)])
    rows.append(["requests failed", "", "", *(f"{report['load']['failed']} of {report['load']['sent']}" for report in reports)])
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows)


CASES = [a_drill_that_is_stopped_takes_its_fault_back_and_one_that_was_killed_is_mended, az1_dark_again_and_again_as_proved_and_simulated]
