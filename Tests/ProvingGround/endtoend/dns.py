"""Cases: a zone is taken out of the DNS by updates, with BIND and Knot DNS as Debian has them: a primary of either, and a secondary of BIND that follows by zone transfer.
Unbound is the resolver that finds them."""

import base64
import contextlib
import os
import selectors
import shutil
import socket
import struct
import subprocess
import threading

from groundlib.packages import program
from groundlib.processes import die_with_parent
from groundlib.testing import expect, until

from .chat import CHAT

PROGRAMS = {"named": "bind9", "nsupdate": "bind9-dnsutils", "knotd": "knot", "unbound": "unbound"}
PORT = 5395
PRIMARY, SECONDARY, RELAY = "127.0.0.51", "127.0.0.52", "127.0.0.53"
RESOLVER, SILENT = "127.0.0.54", "127.0.0.55"
BOTH = {"192.0.2.10", "192.0.2.20"}
UPDATE = 5

ZONE = f"""$ORIGIN example.net.
$TTL 30
@ IN SOA ns1.example.net. hostmaster.example.net. ( 1 1h 10m 7d 30 )
@ IN NS ns1
@ IN NS ns2
ns1 IN A {PRIMARY}
ns2 IN A {SECONDARY}
chat IN A 192.0.2.10
chat IN A 192.0.2.20
"""
# Servers of which most are dead: their names alone do not fit into a datagram, so the resolver is asked by TCP.
LARGE_ZONE = ZONE + "".join(
    f"@ IN NS {name}\n{name} IN A {SILENT}\n" for name in (f"a-server-that-is-not-there-any-more-and-has-a-long-name-{number}" for number in range(9)))
# Of example.net it asks the servers themselves; of all else it knows nothing.
UNBOUND = """server:
    interface: {resolver}
    port: 53
    access-control: 127.0.0.0/8 allow
    do-not-query-localhost: no
    do-daemonize: no
    module-config: "iterator"
    username: ""
    chroot: ""
    directory: "{folder}"
    pidfile: "{folder}/pid"
    use-syslog: no
remote-control:
    control-enable: no
stub-zone:
    name: "example.net"
    stub-addr: {primary}@{port}
    stub-addr: {secondary}@{port}
"""
OPTIONS = """include "key.conf";
options {{ directory "{folder}"; listen-on port {port} {{ {address}; }}; listen-on-v6 {{ none; }}; pid-file none; session-keyfile none;
           recursion no; dnssec-validation no; transfer-source {address}; {more} }};
controls {{ }};
zone "example.net" {{ {zone} }};
"""
KNOT = """server:
    rundir: "{folder}"
    listen: {address}@{port}
log:
  - target: stderr
    any: info
database:
    storage: "{folder}/db"
key:
  - id: dr
    algorithm: hmac-sha256
    secret: {secret}
remote:
  - id: secondary
    address: {secondary}@{port}
    via: {address}
acl:
  - id: updates
    key: dr
    action: update
  - id: transfers
    address: {secondary}
    action: transfer
zone:
  - domain: example.net
    storage: "{folder}"
    file: zone
    notify: secondary
    acl: [updates, transfers]
"""
PROGRAM = """
use traffic

input primary: String = "%(relay)s"
input key_name: String = "dr"
input key_file: String

%(chat)s
traffic front for chat {
  via = dns {
    zone      = "example.net"
    host      = "chat"
    addresses = [az1: "192.0.2.10", az2: "192.0.2.20"]
    servers   = if primary == "" { [:] } else { ["ns1.example.net": primary, "ns2.example.net": "%(secondary)s"] }
    port      = %(port)d
    patience  = 3s
    key { name = key_name, secret = "file:\(key_file)" }
  }
}

runbook leave(from: Zone, to: Zone) {
  step "shift" within 1m {
    let before = weights(front)
    traffic.shift(front, [from: 0%%, to: 100%%])
    undo { traffic.shift(front, before) }
  }
  verify weights(front)[to] == 100%% within 5s
}

runbook look() { verify weights(front)[az1] == 50%% within 5s }

runbook empty() { step "shift" { traffic.shift(front, [az1: 0%%, az2: 0%%]) } }
""" % {"chat": CHAT, "relay": RELAY, "secondary": SECONDARY, "port": PORT}


def a_zone_leaves_the_dns_on_every_server_and_comes_back(world):
    with Zone(world).served() as zone:
        plan = zone.start("dns-plan", "plan", "leave", "from=az1", "to=az2").exited(0, "A 192.0.2.10 of az1 is taken out", "the key dr at ns1.example.net")
        expect(zone.everywhere() == [BOTH, BOTH], "a plan changed something")
        shift = zone.leave("dns-shift").exited(0)
        expect(zone.everywhere() == [{"192.0.2.20"}] * 2, f"after the shift: {zone.everywhere()}")
        # What is so already is sent no more.
        updates = zone.relay.updates
        zone.leave("dns-again").exited(0)
        expect(zone.relay.updates == updates, "what was so already was sent again")
        runs = zone.runs("dns-shift")
        world.dr.start("dns-undo", ["resume", runs.id, "--undo"], runs.state).exited(0, "taken back")
        expect(zone.everywhere() == [BOTH, BOTH], f"after the undo: {zone.everywhere()}")
        zone.start("dns-empty", "run", "empty").exited(1, "would be left without the address of any zone")
        expect(zone.everywhere() == [BOTH, BOTH], "an empty set was published")
        zone.keeps_its_secret(plan, shift)
        return f"{shift.seconds:.2f} s with the read-back of both servers"


def knot_dns_takes_the_same_updates(world):
    with Zone(world).served(by="knotd") as zone:
        zone.start("knot-plan", "plan", "leave", "from=az1", "to=az2").exited(0, "A 192.0.2.10 of az1 is taken out")
        shift = zone.leave("knot-shift").exited(0)
        expect(zone.everywhere() == [{"192.0.2.20"}] * 2, f"after the shift: {zone.everywhere()}")
        runs = zone.runs("knot-shift")
        world.dr.start("knot-undo", ["resume", runs.id, "--undo"], runs.state).exited(0, "taken back")
        expect(zone.everywhere() == [BOTH, BOTH], f"after the undo: {zone.everywhere()}")
        wrong = zone.folder / "wrong.secret"
        wrong.write_bytes(base64.b64encode(b"wrong" * 8))
        zone.leave("knot-badsig", key_file=wrong).exited(1, "the signature of the key dr is wrong (BADSIG)")
        zone.leave("knot-badkey", key_name="other").exited(1, "does not know the key other")
        # What was seen is a condition of the update.
        zone.relay.hold()
        run = zone.leave("knot-intruder")
        until("an update", lambda: zone.relay.held is not None, 30)
        zone.update("update delete chat.example.net A 192.0.2.20\nupdate add chat.example.net 30 A 192.0.2.99")
        zone.relay.release(True)
        run.exited(1, "was changed by somebody else", "192.0.2.99")
        expect(zone.answer(PRIMARY) == {"192.0.2.10", "192.0.2.99"}, f"{zone.answer(PRIMARY)}")
        return f"{shift.seconds:.2f} s with the read-back of both servers"


def a_resolver_finds_the_servers_of_a_zone(world):
    """By SOA and NS records, with nothing declared, among dead servers and resolvers."""
    with Zone(world).served() as zone, zone.resolved() as resolver:
        zone.start("dns-found-look", "run", "look", before=resolver, primary="").exited(0)
        plan = zone.start("dns-found-plan", "plan", "leave", "from=az1", "to=az2", before=resolver, primary="")
        plan.exited(0, "A 192.0.2.10 of az1 is taken out", "the key dr at ns1.example.net")
        shift = zone.leave("dns-found", before=resolver, primary="").exited(0)
        expect(zone.everywhere() == [{"192.0.2.20"}] * 2, f"after the shift: {zone.everywhere()}")
        runs = zone.runs("dns-found")
        world.dr.start("dns-found-undo", ["resume", runs.id, "--undo"], runs.state, before=resolver).exited(0, "taken back")
        expect(zone.everywhere() == [BOTH, BOTH], f"after the undo: {zone.everywhere()}")
        with zone.without_resolver():
            zone.leave("dns-unresolved", before=resolver, primary="").exited(3, f"{RESOLVER} port 53")
        expect(zone.everywhere() == [BOTH, BOTH], "a change without a resolver")
    with Zone(world).served(zone=LARGE_ZONE) as zone, zone.resolved() as resolver:
        zone.start("dns-large-look", "run", "look", before=resolver, primary="").exited(0)
        zone.leave("dns-large", before=resolver, primary="").exited(0)
        expect(zone.everywhere() == [{"192.0.2.20"}] * 2, f"among dead servers: {zone.everywhere()}")
    return f"{shift.seconds:.2f} s with the finding and the read-back of both servers"


def a_wrong_key_is_explained(world):
    with Zone(world).served() as zone:
        wrong = zone.folder / "wrong.secret"
        wrong.write_bytes(base64.b64encode(b"wrong" * 8))
        zone.leave("dns-badsig", key_file=wrong).exited(1, "the signature of the key dr is wrong (BADSIG)")
        zone.leave("dns-badkey", key_name="other").exited(1, "does not know the key other", "BADKEY")
        zone.leave("dns-nokey", key_file=zone.folder / "none").exited(1, "there is no such file")
        expect(zone.everywhere() == [BOTH, BOTH], "a change without the right key")


def a_secondary_that_lags_is_named_and_the_run_goes_on_once_it_follows(world):
    with Zone(world).served() as zone:
        zone.pauses_transfers(True)
        run = zone.leave("dns-lag")
        run.says("ns2.example.net", 30)
        run.exited(1, "is not over", "still answers 192.0.2.10, 192.0.2.20, serial 1", "resume the run", seconds=120)
        expect(zone.everywhere() == [{"192.0.2.20"}, BOTH], f"{zone.everywhere()}")
        zone.pauses_transfers(False)
        until("the secondary to follow", lambda: zone.answer(SECONDARY) == {"192.0.2.20"}, 30)
        zone.runs("dns-lag").resume().exited(0)
        expect(zone.relay.updates == 1, f"{zone.relay.updates} updates")


def a_kill_while_an_update_is_under_way_is_settled_by_reading_back(world):
    with Zone(world).served() as zone:
        for name, carried in (("dns-killed-done", True), ("dns-killed-not", False)):
            zone.relay.hold()
            run = zone.leave(name)
            until("an update", lambda: zone.relay.held is not None, 30)
            run.kill()
            zone.relay.release(carried)
            if carried:
                until("the update to be carried out", lambda: zone.answer(PRIMARY) == {"192.0.2.20"}, 10)
            before = zone.relay.updates
            zone.runs(name).resume().exited(0)
            expect(zone.everywhere() == [{"192.0.2.20"}] * 2, f"{name}: {zone.everywhere()}")
            sent = zone.relay.updates - before
            expect(sent == (0 if carried else 1), f"{name}: {sent} updates after the kill")
            runs = zone.runs(name)
            world.dr.start(f"{name}-verify", ["runs", "verify", runs.id], runs.state).exited(0)
            zone.update("update add chat.example.net 30 A 192.0.2.10")
            until("both as before", lambda: zone.everywhere() == [BOTH, BOTH], 20)


def a_change_of_somebody_else_is_not_overwritten(world):
    with Zone(world).served() as zone:
        zone.relay.hold()
        run = zone.leave("dns-intruder")
        until("an update", lambda: zone.relay.held is not None, 30)
        zone.update("update delete chat.example.net A 192.0.2.20\nupdate add chat.example.net 30 A 192.0.2.99")
        zone.relay.release(True)
        run.exited(1, "was changed by somebody else", "192.0.2.99", "find out who changes it")
        expect(zone.answer(PRIMARY) == {"192.0.2.10", "192.0.2.99"}, f"{zone.answer(PRIMARY)}")


class Zone:
    """The zone example.net on two servers, with a relay before the primary."""

    def __init__(self, world):
        self.world, self.folder = world, world.work / "dns"
        self.folder.mkdir(exist_ok=True)
        self.program = self.folder / "dns.dr"
        self.program.write_text(PROGRAM)
        self.secret = base64.b64encode(os.urandom(32)).decode()
        (self.folder / "key.conf").write_text(f'key "dr" {{ algorithm hmac-sha256; secret "{self.secret}"; }};\n')

    @contextlib.contextmanager
    def served(self, by="named", zone=ZONE):
        # named listens on addresses of interfaces only.
        for address in (PRIMARY, SECONDARY, RELAY, RESOLVER):
            subprocess.run([program("ip"), "address", "replace", f"{address}/8", "dev", "lo"], check=True)
        shutil.rmtree(self.folder / "primary", ignore_errors=True)
        (self.folder / "primary").mkdir()
        (self.folder / "primary" / "zone").write_text(zone)
        if by == "knotd":
            self.primary = self.start_knot("primary", PRIMARY)
        else:
            self.primary = self.start_server("primary", PRIMARY, f"notify explicit; also-notify {{ {SECONDARY} port {PORT}; }}; notify-source {PRIMARY};",
                                             'type primary; file "zone"; allow-update { key dr; }; notify-delay 0;')
        until("the primary", lambda: self.answer(PRIMARY) == BOTH, 20)
        self.secondary_config = "type secondary; primaries { %s port %d; };" % (PRIMARY, PORT)
        self.secondary = self.start_server("secondary", SECONDARY, "notify no;", self.secondary_config)
        self.relay = Relay()
        try:
            until("the secondary", lambda: self.answer(SECONDARY) == BOTH, 20)
            yield self
        finally:
            self.relay.stop()
            for process in (self.primary, self.secondary):
                process.kill()
                process.wait()

    def start_server(self, name, address, more, zone):
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        (folder / "key.conf").write_text((self.folder / "key.conf").read_text())
        (folder / "named.conf").write_text(OPTIONS.format(folder=folder, port=PORT, address=address, more=more, zone=zone))
        with open(self.folder / f"{name}.log", "ab") as log:
            return subprocess.Popen([program("named"), "-g", "-c", folder / "named.conf"], cwd=folder, stdin=subprocess.DEVNULL, stdout=log,
                                    stderr=subprocess.STDOUT, preexec_fn=die_with_parent)

    def start_knot(self, name, address):
        folder = self.folder / name
        (folder / "db").mkdir()
        (folder / "knot.conf").write_text(KNOT.format(folder=folder, port=PORT, address=address, secondary=SECONDARY, secret=self.secret))
        with open(self.folder / f"{name}.log", "ab") as log:
            return subprocess.Popen([program("knotd"), "-c", folder / "knot.conf"], cwd=folder, stdin=subprocess.DEVNULL, stdout=log,
                                    stderr=subprocess.STDOUT, preexec_fn=die_with_parent)

    @contextlib.contextmanager
    def resolved(self):
        """What begins a process that finds names by Unbound. Its /etc/resolv.conf has a resolver first that is not there, and a domain to search
        that is none."""
        folder = self.folder / "unbound"
        folder.mkdir(exist_ok=True)
        (folder / "resolv.conf").write_text(f"search invalid\noptions ndots:5\nnameserver {SILENT}\nnameserver {RESOLVER}\n")
        (folder / "unbound.conf").write_text(
            UNBOUND.format(resolver=RESOLVER, folder=folder, primary=PRIMARY, secondary=SECONDARY, port=PORT))
        self.resolver = self.start_resolver()
        try:
            yield [program("unshare"), "-m", "sh", "-c", 'mount --bind "$0" /etc/resolv.conf && exec "$@"', folder / "resolv.conf"]
        finally:
            self.stop_resolver()

    def start_resolver(self):
        folder = self.folder / "unbound"
        with open(self.folder / "unbound.log", "ab") as log:
            process = subprocess.Popen([program("unbound"), "-d", "-c", folder / "unbound.conf"], cwd=folder, stdin=subprocess.DEVNULL, stdout=log,
                                       stderr=subprocess.STDOUT, preexec_fn=die_with_parent)
        until("the resolver", lambda: self.answer(RESOLVER, 53) == BOTH, 20)
        return process

    def stop_resolver(self):
        self.resolver.kill()
        self.resolver.wait()

    @contextlib.contextmanager
    def without_resolver(self):
        self.stop_resolver()
        yield
        self.resolver = self.start_resolver()

    def pauses_transfers(self, paused):
        """A secondary that answers, but hears of no change: it is started anew as a primary of what it has, and back."""
        self.secondary.kill()
        self.secondary.wait()
        folder = self.folder / "secondary"
        (folder / "old").write_text(ZONE)
        config = 'type primary; file "old";' if paused else self.secondary_config
        self.secondary = self.start_server("secondary", SECONDARY, "notify no;", config)
        until("the secondary", lambda: bool(self.answer(SECONDARY)), 20)

    # What dr is asked

    def runs(self, name):
        return self.world.dr.runs(name)

    def start(self, name, command, runbook, *words, before=(), **sets):
        runs = self.runs(name)
        flags = [word for pair in {"key_file": self.folder / "key.conf", **sets}.items() for word in ("--set", "=".join(map(str, pair)))]
        if command == "run":
            flags.append("--yes")
        return self.world.dr.start(name, [command, self.program, runbook, *words, *flags], runs.state, before=before)

    def leave(self, name, **sets):
        return self.start(name, "run", "leave", "from=az1", "to=az2", **sets)

    def keeps_its_secret(self, *invocations):
        for invocation in invocations:
            expect(self.secret not in invocation.text, "the secret was told")
        for path in self.world.work.rglob("*"):
            if path.is_file() and self.folder not in path.parents:
                expect(self.secret.encode() not in path.read_bytes(), f"the secret stands in {path}")

    # What the servers are asked

    def update(self, commands):
        text = f"server {PRIMARY} {PORT}\nzone example.net\n{commands}\nsend\n"
        subprocess.run([program("nsupdate"), "-k", self.folder / "key.conf"], input=text, text=True, check=True, timeout=20)

    def answer(self, server, port=PORT):
        """The addresses of chat.example.net there; empty where it does not answer."""
        query = struct.pack(">HHHHHH", 7, 0x100, 1, 0, 0, 0) + b"\4chat\7example\3net\0" + struct.pack(">HH", 1, 1)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(2)
            client.connect((server, port))
            try:
                client.send(query)
                reply = client.recv(4096)
            except OSError:
                return set()
        count = struct.unpack(">H", reply[6:8])[0]
        # BIND points to the name of the question.
        records = (reply[len(query) + 16 * number:][:16] for number in range(count))
        return {socket.inet_ntoa(record[12:]) for record in records}

    def everywhere(self):
        return [self.answer(PRIMARY), self.answer(SECONDARY)]


class Relay:
    """Passes datagrams to the primary and back; holds an update where it is told to."""

    def __init__(self):
        self.updates, self.held, self.holding, self.over = 0, None, False, False
        self.server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.server.bind((RELAY, PORT))
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def hold(self):
        self.held, self.holding = None, True

    def release(self, passes):
        """Lets the held update go on, or drops it."""
        datagram, client = self.held
        self.held, self.holding = None, False
        if passes:
            self.forward(datagram, client)

    def serve(self):
        with selectors.DefaultSelector() as selector:
            selector.register(self.server, selectors.EVENT_READ)
            while not self.over:
                if not selector.select(0.05):
                    continue
                datagram, client = self.server.recvfrom(4096)
                if datagram[2] >> 3 & 15 == UPDATE:
                    self.updates += 1
                    if self.holding:
                        self.held = datagram, client
                        continue
                self.forward(datagram, client)

    def forward(self, datagram, client):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as outward:
            outward.settimeout(3)
            outward.connect((PRIMARY, PORT))
            try:
                outward.send(datagram)
                self.server.sendto(outward.recv(4096), client)
            except OSError:
                pass

    def stop(self):
        self.over = True
        self.thread.join()
        self.server.close()


CASES = [
    a_zone_leaves_the_dns_on_every_server_and_comes_back,
    knot_dns_takes_the_same_updates,
    a_resolver_finds_the_servers_of_a_zone,
    a_wrong_key_is_explained,
    a_secondary_that_lags_is_named_and_the_run_goes_on_once_it_follows,
    a_kill_while_an_update_is_under_way_is_settled_by_reading_back,
    a_change_of_somebody_else_is_not_overwritten,
]
