"""Load plans as their tools run them: for seconds, against a server on loopback that keeps what arrives."""

import http.server
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

from groundlib import packages

PROGRAM = """\
use load

input to: String

cluster prod { region north { zone az1, zone az2 } }

service web {
  on    = prod
  image = "registry.example.net/web:1"
  needs { cpu = 1, memory = 1Gi }
  spread { over = [az1, az2] }
  objective { rto = 5m }
}

load_plan plan for web {
  to = to, path = "/infer?a=1&b=2", body = { prompt: "<${x}> \\"q\\" \\\\ 你好" }
  rate = 20rps, timeout = 1s, lasting = 2s, tools = ["locust", "k6", "jmeter"]
}
"""
BODY = {"prompt": '<${x}> "q" \\ 你好'}
LEAST = 20  # of 40 in two seconds: a busy machine is late

DEBIAN_JMETER = Path("/usr/share/jmeter")
# Debian's JMeter is older than its XStream, which reads no class that was not named to it: so they are named.
DEBIAN_START = """
setAccessibility(true);
org.apache.jmeter.util.JMeterUtils.setJMeterHome("/usr/share/jmeter");
org.apache.jmeter.util.JMeterUtils.loadJMeterProperties("/usr/share/jmeter/bin/jmeter.properties");
org.apache.jmeter.save.SaveService.JMXSAVER.allowTypesByWildcard(new String[] { "org.apache.**" });
new org.apache.jmeter.JMeter().start(bsh.args);
"""


class Listener(http.server.ThreadingHTTPServer):
    """Answers every POST, and keeps method, path, type and body."""

    request_queue_size = 256
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answer)
        self.seen = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request, client_address):
        pass  # a client that is stopped leaves its last request


class Answer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.seen.append((self.path, self.headers.get("Content-Type", ""), body))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_):
        pass


def run(report, dr, scratch):
    """Compiles one plan for all tools, runs those that are there, and looks at what they sent."""
    listener = Listener()
    program, folder = scratch / "load.dr", scratch / "load-plans"
    program.write_text(PROGRAM)
    to = f"http://127.0.0.1:{listener.server_address[1]}"
    subprocess.run([dr, "compile", program, "--set", f"to={to}", "-o", folder], check=True, capture_output=True)
    for tool, command in commands(folder / "load", scratch).items():
        if command is None:
            report.note(f"{tool} is not installed: its plan was not run")
            continue
        listener.seen.clear()
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=scratch, stdin=subprocess.DEVNULL)
        report.add(f"{tool} run", "plan", mistake(done, list(listener.seen)))
    listener.shutdown()


def commands(plans, scratch):
    k6 = packages.find_program("k6")
    return {
        "locust": [sys.executable, "-m", "locust", "-f", plans / "plan.py", "--headless"],
        "jmeter": jmeter(plans / "plan.jmx", scratch),
        "k6": k6 and [k6, "run", "--quiet", plans / "plan.js"],
    }


def jmeter(plan, scratch):
    words = ["-n", "-t", plan, "-l", scratch / "plan.jtl", "-j", scratch / "jmeter.log"]
    if not (DEBIAN_JMETER / "lib/ext/ApacheJMeter_http.jar").exists():
        program = packages.find_program("jmeter")
        return program and [program, *words]
    start = scratch / "start.bsh"
    start.write_text(DEBIAN_START)
    jars = [DEBIAN_JMETER / "bin/ApacheJMeter.jar", *sorted((DEBIAN_JMETER / "lib/ext").glob("*.jar"))]
    return ["java", "-Djava.awt.headless=true", f"-Djmeter.home={DEBIAN_JMETER}", "-cp", os.pathsep.join(map(str, jars)), "bsh.Interpreter", start, *words]


def mistake(done, seen):
    if done.returncode:
        return f"exit status {done.returncode}\n{(done.stdout + done.stderr)[-2000:]}"
    if len(seen) < LEAST:
        return f"{len(seen)} requests arrived, fewer than {LEAST}\n{(done.stdout + done.stderr)[-2000:]}"
    for path, kind, body in seen:
        if path != "/infer?a=1&b=2" or not kind.startswith("application/json") or json.loads(body) != BODY:
            return f"what arrived is not what the plan says: {path} {kind} {body!r}"
    return None
