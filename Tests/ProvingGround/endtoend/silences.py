"""Case: a runbook silences alerts of a real Alertmanager, and asks a real Prometheus."""

import contextlib
import http.server
import json
import threading
import time
import urllib.request

from groundlib import processes
from groundlib.packages import program
from groundlib.testing import expect, until

from . import journal
from .account import has_ended

PROMETHEUS, ALERTMANAGER = 9490, 9493
PROGRAM = """
use prometheus

runbook quiet(manager: String, server: String, fails: Bool) {
  step "look" { require (prometheus.query(server, "vector(41) + 1") ?? 0.0) == 42.0 else "Prometheus says something else" }
  step "nothing" { require prometheus.query(server, "absent_metric") == nil else "there is no such metric" }
  step "silence" within 1m {
    let id = prometheus.silence(manager, matching: { zone: "cn-beijing-az1" }, for: 10m, because: "evacuation of az1")
    undo { prometheus.end_silence(manager, id) }
  }
  require not fails else "as meant"
}

runbook brief(manager: String) {
  step "silence" { prometheus.silence(manager, matching: { zone: "cn-beijing-az2" }, for: 2s, because: "for a moment") }
}
"""


class Gate(http.server.ThreadingHTTPServer):
    """Stands before Alertmanager. While it is shut, a new silence is made and its answer is held back for ever."""

    daemon_threads = True

    def __init__(self):
        self.shut, self.made = False, threading.Event()
        super().__init__(("127.0.0.1", 0), Passing)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, *_):
        """The process that asked was killed."""


class Passing(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def pass_on(self):
        length = int(self.headers.get("content-length") or 0)
        request = urllib.request.Request(f"http://127.0.0.1:{ALERTMANAGER}{self.path}", self.rfile.read(length) or None,
                                         {"content-type": "application/json"}, method=self.command)
        with urllib.request.urlopen(request, timeout=10) as answer:
            body, date = answer.read(), answer.headers["date"]
        if self.server.shut and self.command == "POST":
            self.server.made.set()
            time.sleep(3600)
        self.send_response_only(200)
        self.send_header("date", date)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_DELETE = pass_on


def silences_are_made_once_and_end_with_the_undo_by_themselves_and_after_a_lost_answer(world):
    path = world.work / "quiet.dr"
    path.write_text(PROGRAM)
    with servers(world):
        gate = Gate()
        try:
            words = [f'manager="{gate.url}"', f'server="http://127.0.0.1:{PROMETHEUS}"']
            runs = world.dr.runs("quiet")
            # The answer to the new silence never comes, and the process is killed between intent and outcome.
            gate.shut = True
            first = runs.run("quiet", *words, "fails=false", program=path, sets={})
            expect(gate.made.wait(120), f"no silence was made{first.tail()}")
            first.kill()
            expect(journal.open_intents(runs.records()), "the intent is not open")
            gate.shut = False
            runs.resume(runs.id).exited(0)
            expect(len(active("cn-beijing-az1")) == 1, f"the act that happened was done again: {active('cn-beijing-az1')}")
            settled = [record["state"] for record in runs.records() if record["kind"] == "settled"]
            expect(settled == ["done"], f"it was not settled by looking: {settled}")
            made = active("cn-beijing-az1")[0]
            expect(made["createdBy"] == f"dr {runs.id}/2.0" and made["comment"] == "evacuation of az1", f"it says {made}")
            # Taken back by hand.
            world.dr.start("quiet-undo", ["resume", runs.id, "--undo"], runs.state).exited(0, "taken back")
            expect(not active("cn-beijing-az1"), "the silence was not ended")
            # Taken back because the run failed.
            failing = world.dr.runs("quiet-failing")
            failing.run("quiet", *words, "fails=true", program=path, sets={}).exited(6, "everything done was undone")
            expect(not active("cn-beijing-az1") and has_ended(failing), "the silence of a failed run was not ended")
            # It ends by itself.
            brief = world.dr.runs("brief")
            brief.run("brief", words[0], program=path, sets={}).exited(0)
            until("the silence to end by itself", lambda: not active("cn-beijing-az2"), 30)
            expect([one["status"]["state"] for one in silences("cn-beijing-az2")] == ["expired"], "it was never there")
            return f"{len(silences())} silences"
        finally:
            gate.shutdown()
            gate.server_close()


def silences(zone=None):
    with urllib.request.urlopen(f"http://127.0.0.1:{ALERTMANAGER}/api/v2/silences", timeout=5) as answer:
        found = json.load(answer)
    return [one for one in found if zone is None or any(matcher["value"] == zone for matcher in one["matchers"])]


def active(zone):
    return [one for one in silences(zone) if one["status"]["state"] != "expired"]


@contextlib.contextmanager
def servers(world):
    folder = world.work / "silences"
    folder.mkdir()
    (folder / "prometheus.yml").write_text("global: {scrape_interval: 5s}\n")
    (folder / "alertmanager.yml").write_text("route: {receiver: none}\nreceivers: [{name: none}]\n")
    commands = {
        "alertmanager": [program("prometheus-alertmanager"), "--config.file=alertmanager.yml", "--storage.path=alertmanager",
                         "--cluster.listen-address=", f"--web.listen-address=127.0.0.1:{ALERTMANAGER}"],
        "prometheus": [program("prometheus"), "--config.file=prometheus.yml", "--storage.tsdb.path=data",
                       f"--web.listen-address=127.0.0.1:{PROMETHEUS}"],
    }
    with processes.running(folder, commands):
        until("Prometheus and Alertmanager to answer", answering, 60)
        yield


def answering():
    for port in (PROMETHEUS, ALERTMANAGER):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/-/ready", timeout=5).close()
        except OSError:
            return False
    return True


CASES = [silences_are_made_once_and_end_with_the_undo_by_themselves_and_after_a_lost_answer]
