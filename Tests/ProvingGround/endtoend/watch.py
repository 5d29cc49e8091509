"""Case: nobody is there. Prometheus sees a zone go dark, Alertmanager tells `dr watch`, and the runbook heals it, though its process is killed.

Once the zone is well again, a person agrees that all goes back."""

import contextlib
import json
import re
import signal
import time
import urllib.request

from groundlib import processes
from groundlib.packages import program
from groundlib.testing import expect, until

from .account import undone
from .cluster import LABELS
from .failover import healed

PROGRAMS = {name: name for name in ("prometheus", "prometheus-alertmanager", "prometheus-node-exporter")}
PROMETHEUS, ALERTMANAGER, NODE_EXPORTER, COPIES = 9390, 9393, 9100, (9395, 9396)
LEASE = "default/dr-watch"

PROMETHEUS_CONFIG = """
global: {scrape_interval: 1s, scrape_timeout: 900ms, evaluation_interval: 1s}
rule_files: [rules.yml]
alerting: {alertmanagers: [{static_configs: [{targets: ["127.0.0.1:%d"]}]}]}
scrape_configs: [{job_name: nodes, static_configs: %s}]
"""
RULES = """
groups:
  - name: zones
    rules: [{alert: ZoneDark, expr: 'sum by (zone) (up{job="nodes"}) == 0', for: 3s, labels: {severity: critical}}]
"""
# It tells again after a few seconds: what is told twice must not be done twice.
ALERTMANAGER_CONFIG = """
route: {receiver: dr, group_by: [alertname, zone], group_wait: 0s, group_interval: 1s, repeat_interval: 4s}
receivers: [{name: dr, webhook_configs: %s}]
"""


def an_alert_of_a_real_prometheus_ends_in_a_finished_run_though_the_watcher_is_killed(world):
    before = world.cluster.reset()
    runs, watched = world.dr.runs("watch"), variant(world)
    with world.client("watch"), observed(world):
        # One after the other, so that it is known who leads.
        first = watch(world, runs, watched, COPIES[0])
        first.says("leads", 30)
        second = watch(world, runs, watched, COPIES[1])
        second.says("follows: ", 30)
        lost_at = time.time()
        world.cluster.lose("az1")
        first.says("told that ZoneDark", 60)
        first.says("begins: keep_serving.zone_dark", 30)
        begun = time.time() - lost_at
        first.says("✓ kube.scale", 30)
        first.kill()
        killed_at = time.time()
        second.says("goes on: keep_serving.zone_dark", 60)
        taken = time.time() - killed_at
        second.says("ended, succeeded", 150)
        done = time.time() - lost_at
        healed(world, runs)
        repeated(second)
        world.cluster.plug_in("az1")
        restored_at = time.time()
        second.says("goes back: ", 90)
        second.says("dr approve", 30)
        world.dr.start("watch-approve", ["approve", runs.id, "--by", "oncall"], runs.state).exited(0, "approved")
        second.says("ended, rolled back", 90)
        back = time.time() - restored_at
        undone(world, runs, before)
        second.stop(signal.SIGTERM)
        second.exited(143, "stops", seconds=30)
    expect(len(runs.ids) == 1, f"one alert began {len(runs.ids)} runs")
    return (f"the run began {begun:.1f} s after the loss, was taken over {taken:.1f} s after the kill, and ended {done:.1f} s after the loss; "
            f"all was as before {back:.1f} s after the zone was well")


def variant(world):
    """The example with a policy that believes alerts, and without the question to a person."""
    question = re.search(r'^  approve "Shift all.*$', world.dr.program.read_text(), re.MULTILINE)[0]
    return world.variant(
        "watched",
        ("on zone_lost(z in deepseek.zones) when serving(deepseek, in: z) < 50% lasting 60s {",
         "on zone_dark(z in deepseek.zones) when firing(ZoneDark, with: { zone: z.label }) {"),
        ("policy keep_serving for deepseek {",
         "alert ZoneDark for deepseek { when = `sum by (zone) (up) == 0`, summary = \"dark\" }\n\npolicy keep_serving for deepseek {"),
        (question, ""),
        # Goes back at once; the policy itself has just failed over.
        ("  every = 5s", "  every = 5s\n  cooldown = 1s"), ("last: 30m", "last: 5s"), ("failback after 30m", "failback after 10s"))


def watch(world, runs, watched, port):
    command = ["watch", watched, "--listen", f"127.0.0.1:{port}", "--lease", LEASE, "--store", runs.state]
    for name, value in {"front_door": "haproxy", "haproxy_socket": world.dr.socket, "watch_traffic": "10s"}.items():
        command += ["--set", f"{name}={value}"]
    invocation = world.dr.start(f"watch-{port}", command, runs.state)
    invocation.says("listens on", 30)
    until("an answer to /healthz", lambda: ask(port, "/healthz") == "ok\n", 10)
    return invocation


def ask(port, path):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
        return answer.read().decode()


def repeated(invocation):
    """Waits until Alertmanager has told the alert again and again, and nothing came of it."""
    def told():
        found = re.search(r"^dr_alerts_received_total (\d+)$", ask(COPIES[1], "/metrics"), re.MULTILINE)
        return int(found[1]) >= 3
    until("three tellings of the alert", told, 40)
    expect("begins:" not in invocation.text, f"a second run was begun{invocation.tail()}")
    metrics = ask(COPIES[1], "/metrics")
    expect("dr_watch_leader 1" in metrics, metrics)
    expect('dr_runs_finished_total{status="succeeded"} 1' in metrics, metrics)


@contextlib.contextmanager
def observed(world):
    """Prometheus and Alertmanager, as Debian has them, looking at the node exporters of both zones."""
    folder = world.work / "prometheus"
    folder.mkdir()
    exporters = {zone: f"{world.cluster.settings.node_address(zone)}:{NODE_EXPORTER}" for zone in LABELS}
    targets = [{"targets": [address], "labels": {"zone": LABELS[zone]}} for zone, address in exporters.items()]
    hooks = [{"url": f"http://127.0.0.1:{port}/alerts?policy=keep_serving"} for port in COPIES]
    (folder / "prometheus.yml").write_text(PROMETHEUS_CONFIG % (ALERTMANAGER, json.dumps(targets)))
    (folder / "rules.yml").write_text(RULES)
    (folder / "alertmanager.yml").write_text(ALERTMANAGER_CONFIG % json.dumps(hooks))
    commands = {
        "alertmanager": [program("prometheus-alertmanager"), "--config.file=alertmanager.yml", "--storage.path=alertmanager",
                         "--cluster.listen-address=", f"--web.listen-address=127.0.0.1:{ALERTMANAGER}"],
        "prometheus": [program("prometheus"), "--config.file=prometheus.yml", "--storage.tsdb.path=data",
                       f"--web.listen-address=127.0.0.1:{PROMETHEUS}"],
    }
    for zone, address in exporters.items():
        exporter = [program("prometheus-node-exporter"), f"--web.listen-address={address}"]
        commands[f"node-exporter-{zone}"] = world.cluster.inside(zone, exporter)
    with processes.running(folder, commands):
        until("Prometheus to see both zones", sees_both_zones, 40)
        yield


def sees_both_zones():
    found = json.loads(ask(PROMETHEUS, "/api/v1/query?query=sum%20by%20(zone)%20(up)%20%3E%200"))["data"]["result"]
    return len(found) == len(LABELS)


CASES = [an_alert_of_a_real_prometheus_ends_in_a_finished_run_though_the_watcher_is_killed]
