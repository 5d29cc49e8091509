"""HAProxy's configuration, and its runtime socket.

The outer backend `deepseek` has one server per zone, named by the zone's label: their weights are what a runbook shifts. Each
leads to a loopback frontend of that zone, whose backend has fixed slots that `endpoints` fills with the zone's pods.
"""

import socket

from .layout import FRONT_PORT

BACKEND = "deepseek"


def zone_backend(zone):
    return f"{BACKEND}-{zone}"


def configuration(layout, settings):
    # Closing idle connections keeps a zone's return visible at once.
    check = " check inter 1s fall 2 rise 1" if settings.front_checks else ""
    lines = [
        "global",
        "  log stdout format raw local0 notice",
        "  maxconn 4000",
        "  nbthread 1",
        f"  stats socket {layout.haproxy_socket} mode 600 level admin",
        "  stats timeout 10m",
        "defaults",
        "  mode http",
        "  log global",
        "  retries 0",
        "  timeout connect 1s",
        "  timeout client 30s",
        "  timeout server 3s",
        "  timeout check 1s",
        "  timeout queue 1s",
        "frontend front",
        f"  bind 0.0.0.0:{FRONT_PORT}",
        f"  default_backend {BACKEND}",
        f"backend {BACKEND}",
        "  balance roundrobin",
        "  option httpchk GET /readyz",
        # Longer than the zone's own, so that the answer says which stage gave up: 504 comes from the zone.
        "  timeout server 4s",
    ]
    for zone in settings.zones:
        lines.append(f"  server {settings.label(zone)} 127.0.0.1:{settings.inner_port(zone)} weight 100{check}")
    for zone in settings.zones:
        lines += [
            f"frontend zone-{zone}",
            f"  bind 127.0.0.1:{settings.inner_port(zone)}",
            f"  default_backend {zone_backend(zone)}",
            f"backend {zone_backend(zone)}",
            "  balance roundrobin",
            "  option httpchk GET /readyz",
            f"  http-response set-header X-Ground-Zone {zone}",
        ]
        lines += [f"  server {zone}-{slot} 127.0.0.1:1 check inter 1s fall 2 rise 1 disabled" for slot in range(settings.slots)]
    return "\n".join(lines) + "\n"


def command(path, text, timeout=2):
    """One command at the runtime socket, and its answer."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(timeout)
        client.connect(str(path))
        client.sendall(text.encode() + b"\n")
        answer = b""
        while chunk := client.recv(65536):
            answer += chunk
    return answer.decode().strip()


def servers(path, backend):
    """Slot name -> its address, port and whether an administrator (we) disabled it."""
    lines = command(path, f"show servers state {backend}").splitlines()
    names = next(line for line in lines if line.startswith("# ")).lstrip("# ").split()
    found = {}
    for line in lines:
        if line[:1].isdigit() and len(line.split()) >= len(names):
            row = dict(zip(names, line.split()))
            # srv_admin_state is a set of bits: 0x01 is "maintenance by order".
            found[row["srv_name"]] = {"address": row["srv_addr"], "port": int(row["srv_port"]), "disabled": bool(int(row["srv_admin_state"]) & 1),
                                      "up": row["srv_op_state"] == "2", "weight": int(row["srv_uweight"])}
    return found
