"""The sub-commands of `ground`: argument parsing, and what each of them prints."""

import argparse
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

from . import layout as layouts
from .errors import GroundError
from .settings import Settings

HOME = Path(__file__).resolve().parent.parent


def main(executable):
    parser = _parser()
    options = parser.parse_args()
    options.executable = executable
    try:
        return options.run(options) or 0
    except GroundError as error:
        print(f"ground: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _parser():
    parser = argparse.ArgumentParser(prog="ground", description="A real Kubernetes control plane and two zones on one machine.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name, run, text):
        sub = commands.add_parser(name, help=text, description=text, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
        sub.set_defaults(run=run)
        if name != "build":
            sub.add_argument("--state", metavar="DIR", help="state directory to make; default: a fresh one under $TMPDIR"
                             if name == "up" else
                             "state directory; default: $DR_GROUND_STATE, or the only ground that runs")
        return sub

    command("build", build, "make the control plane's programs available")
    up_parser = command("up", up, "start a ground")
    up_parser.add_argument("--zones", default="az1,az2", help="names of the zones, comma separated")
    up_parser.add_argument("--nodes-per-zone", type=int, default=3)
    up_parser.add_argument("--zone-label-prefix", default="cn-beijing-", help="what precedes a zone's name in its label")
    up_parser.add_argument("--region", default="cn-beijing")
    up_parser.add_argument("--cpu", default="16", help="allocatable per node")
    up_parser.add_argument("--memory", default="64Gi", help="allocatable per node")
    up_parser.add_argument("--gpus", type=int, default=1, help="nvidia.com/gpu per node")
    up_parser.add_argument("--max-pods", type=int, default=110, help="pods per node")
    up_parser.add_argument("--crds", action="append", metavar="DIR", help="install the definitions in these folders (comma separated, may be repeated)")
    up_parser.add_argument("--service", default="deepseek", metavar="NAMESPACE[/PREFIX]", help="services whose pods HAProxy serves")
    up_parser.add_argument("--slots", type=int, default=10, help="HAProxy slots per zone")
    up_parser.add_argument("--front-checks", choices=["on", "off"], default="off", help="let HAProxy take a zone out by itself")
    up_parser.add_argument("--eviction-seconds", type=int, default=10, help="how long pods stay on a node that is not ready")
    up_parser.add_argument("--load-seconds", type=float, default=0.5, help="model load time of a pod without LOAD_SECONDS")
    up_parser.add_argument("--latency-ms", type=float, default=20, help="latency of a pod without LATENCY_MS")
    up_parser.add_argument("--detach", action="store_true", help="return when ready; `ground down` ends it")
    up_parser.add_argument("--owner-pid", type=int, metavar="PID", help="with --detach: end when this process ends")
    up_parser.add_argument("--keep-state", action="store_true", help="leave the state directory (logs, audit log) at the end")

    exec_parser = command("exec", execute, "run a command where the API server, the pods and HAProxy are reachable")
    exec_parser.add_argument("command", nargs=argparse.REMAINDER, metavar="-- CMD…")
    for name, text in (("lose", "cut zones off"), ("restore", "bring zones back")):
        sub = command(name, lose if name == "lose" else restore, text)
        sub.add_argument("zones", nargs="+", metavar="ZONE")
    command("status", status, "zones, nodes and parts").add_argument("--json", action="store_true")
    command("down", down, "end a ground")
    command("env", environment, "print shell exports")
    client_parser = command("client", client, "send requests the whole time and measure outages")
    client_parser.add_argument("--url", help="default: HAProxy's front")
    client_parser.add_argument("--every", default="20ms", help="between two requests")
    client_parser.add_argument("--for", dest="duration", default="0", help="how long; 0: until SIGTERM or SIGINT")
    client_parser.add_argument("--out", required=True, metavar="FILE", help="one line of JSON per request")
    client_parser.add_argument("--timeout", default="6s", help="give a request up after this")
    client_parser.add_argument("--prompt", default="Is this zone alive?")
    client_parser.add_argument("--max-tokens", type=int, default=8)
    client_parser.add_argument("--json", action="store_true", help="print the summary as JSON")
    return parser


def build(_):
    from . import build as builder
    builder.build(lambda line: print(line, flush=True))


def up(options):
    from . import assets, packages
    if os.geteuid() != 0:
        raise GroundError("`ground up` makes network, mount and process namespaces: run it as root")
    if options.owner_pid and not options.detach:
        raise GroundError("--owner-pid goes with --detach: in the foreground the owner is this process")
    assets.require()
    for name in packages.TO_RUN:
        if name != "etcd":
            packages.program(name)
    settings = Settings(
        zones=[zone for zone in options.zones.split(",") if zone], nodes_per_zone=options.nodes_per_zone, zone_label_prefix=options.zone_label_prefix,
        region=options.region, cpu=options.cpu, memory=options.memory, gpus=options.gpus, max_pods=options.max_pods,
        crds=[str(Path(folder).absolute()) for group in options.crds or [] for folder in group.split(",") if folder],
        service=options.service, slots=options.slots, front_checks=options.front_checks == "on", eviction_seconds=options.eviction_seconds,
        load_seconds=options.load_seconds, latency_ms=options.latency_ms)
    begun = time.monotonic()
    layout = layouts.create(options.state)
    keeper = _start_keeper(layout, settings, options)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        _wait_ready(layout, keeper)
        print(f"ready after {time.monotonic() - begun:.1f} s\n{_hints(layout, settings)}", flush=True)
        if not options.detach:
            _report(layout, keeper)
            if keeper.wait() != 0:
                raise GroundError("the ground has ended by itself; --keep-state keeps its logs")
            print("ended", flush=True)
    except BaseException as error:
        # Only in the foreground, and when starting failed: a detached ground that is up is not ours to end.
        keeper.terminate()
        keeper.wait()
        if not options.keep_state:
            layouts.remove(layout)
        if isinstance(error, KeyboardInterrupt):
            print("ended", flush=True)
            return 0
        raise


def _start_keeper(layout, settings, options):
    settings_path = layout.private / "settings.json"
    layout.write(settings_path, settings.as_dict())
    command = [sys.executable, "-m", "groundlib.keeper", "--state", str(layout.root), "--settings", str(settings_path)]
    owner = options.owner_pid if options.detach else os.getpid()
    if owner:
        command += ["--owner-pid", str(owner)]
    if options.keep_state:
        command.append("--keep-state")
    with open(layout.logs / "keeper.log", "ab") as log:
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True, cwd="/",
                                start_new_session=True, env={**os.environ, "PYTHONPATH": str(HOME), "PYTHONUNBUFFERED": "1"})


def _wait_ready(layout, keeper):
    line = keeper.stdout.readline()
    report = json.loads(line) if line else {"error": f"the keeper ended with exit code {keeper.wait()}"}
    if "error" in report:
        raise GroundError(f"starting failed: {report['error']}\n(with --keep-state the logs are left in {layout.logs})")


def _report(layout, keeper):
    """In the foreground: says which part ended, until all of it ends."""
    for line in keeper.stdout:
        report = json.loads(line)
        if "ended" in report:
            print(f"{report['ended']} ended with exit code {report['exit']}; its log is {layout.logs / report['ended']}.log", flush=True)


def _hints(layout, settings):
    zone = settings.zones[0]
    return (f"state       {layout.root}\n"
            f"kubeconfig  {layout.kubeconfig}\n"
            f"audit log   {layout.audit_log}\n"
            f"HAProxy     {layout.front_url} (inside), runtime socket {layout.haproxy_socket}\n"
            f"go on with  ground exec -- kubectl get nodes;  ground lose {zone};  ground restore {zone};  ground status;  ground down")


def execute(options):
    from . import namespaces
    command = options.command[1:] if options.command[:1] == ["--"] else options.command
    if not command:
        raise GroundError("say which command: ground exec -- CMD…")
    layout = layouts.resolve(options.state)
    full = namespaces.enter_command(layout.init_pid(), command)
    try:
        os.execvpe(full[0], full, {**os.environ, **layout.exports()})
    except OSError as error:
        raise GroundError(f"cannot run {full[0]}: {error.strerror}") from None


def _settings(layout):
    return Settings(**layout.read(layout.marker)["settings"])


def lose(options):
    _cut(options, up=False)


def restore(options):
    _cut(options, up=True)


def _cut(options, up):
    from . import namespaces
    layout = layouts.resolve(options.state)
    init = layout.init_pid()
    settings = _settings(layout)
    for zone in options.zones:
        settings.index(zone)
    for zone in options.zones:
        namespaces.set_uplink(settings, zone, up, init)
        print(f"{zone} {'restored' if up else 'lost'} at {time.time():.3f}", flush=True)


def status(options):
    from . import haproxy, kubeconfig, namespaces
    from .kubeapi import Api, ApiError
    layout = layouts.resolve(options.state)
    init = layout.init_pid()
    if not namespaces.is_inside(init):
        flags = ["--json"] if options.json else []
        full = namespaces.enter_command(init, [sys.executable, options.executable, "status", "--state", str(layout.root), *flags])
        os.execv(full[0], full)
    settings = _settings(layout)
    token = (layout.private / "tokens.csv").read_text().splitlines()[0].split(",")[0]
    report = {"state": str(layout.root), "parts": layout.read(layout.components) or {}, "zones": {}}
    try:
        nodes = Api(kubeconfig.server(), str(layout.pki / "ca.crt"), token).get("/api/v1/nodes")["items"]
    except ApiError as error:
        nodes = []
        report["api"] = str(error)
    try:
        front = haproxy.servers(layout.haproxy_socket, haproxy.BACKEND)
        pods = {zone: haproxy.servers(layout.haproxy_socket, haproxy.zone_backend(zone)) for zone in settings.zones}
    except OSError as error:
        front, pods = {}, {}
        report["haproxy"] = str(error)
    for zone in settings.zones:
        report["zones"][zone] = {
            "label": settings.label(zone), "uplink": "up" if namespaces.uplink_is_up(settings, zone, init) else "down",
            "weight": front.get(settings.label(zone), {}).get("weight"),
            "serving": sum(not slot["disabled"] and slot["up"] for slot in pods.get(zone, {}).values()),
            "nodes": {node["metadata"]["name"]: next((c["status"] for c in node["status"]["conditions"] if c["type"] == "Ready"), "Unknown")
                      for node in nodes if node["metadata"]["name"] in settings.nodes(zone)}}
    if options.json:
        print(json.dumps(report))
        return
    print(f"state {report['state']}")
    for zone, state in report["zones"].items():
        ready = sum(value == "True" for value in state["nodes"].values())
        print(f"{zone} ({state['label']}): uplink {state['uplink']}, {ready} of {len(state['nodes'])} nodes ready, "
              f"weight {state['weight']}, {state['serving']} pods behind HAProxy")
    for name, state in report["parts"].items():
        if "exit" in state:
            print(f"{name} ENDED with exit code {state['exit']}: {layout.logs / name}.log")
    for part in ("api", "haproxy"):
        if part in report:
            print(f"{part}: {report[part]}")


def down(options):
    layout = layouts.resolve(options.state)
    marker = layout.read(layout.marker)
    if not marker:
        raise GroundError(f"{layout.root} is no ground's state directory")
    if layout.alive():
        os.kill(marker["keeper"], signal.SIGTERM)
        deadline = time.monotonic() + 60
        while layout.alive():
            if time.monotonic() > deadline:
                raise GroundError(f"the keeper (process {marker['keeper']}) does not end")
            time.sleep(0.05)
    else:
        layouts.remove(layout)  # killed earlier, together with its owner
    print("ended")


def environment(options):
    layout = layouts.resolve(options.state)
    layout.init_pid()
    for name, value in layout.exports().items():
        print(f"export {name}={shlex.quote(value)}")


def client(options):
    from . import client as open_loop
    every, timeout, seconds = (_duration(value) for value in (options.every, options.timeout, options.duration))
    if every <= 0:
        raise GroundError("--every wants a time above zero")
    url = options.url
    if url is None or re.match(r"https?://(127\.|localhost|10\.77\.)", url):
        from . import namespaces
        layout = layouts.resolve(options.state)
        init = layout.init_pid()
        url = url or layout.front_url
        if not namespaces.is_inside(init):
            full = namespaces.enter_command(init, [sys.executable, *sys.argv])
            os.execve(full[0], full, {**os.environ, "DR_GROUND_STATE": str(layout.root)})
    return open_loop.main(url, every, seconds, options.out, timeout, options.prompt, options.max_tokens, options.json)


def _duration(text):
    """20ms, 1.5s, 2m, or plain seconds."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s|m)?", text)
    if not match:
        raise GroundError(f"{text!r} is not a time: write 20ms, 1.5s or 2m")
    return float(match[1]) * {"ms": 0.001, "s": 1, "m": 60, None: 1}[match[2]]
