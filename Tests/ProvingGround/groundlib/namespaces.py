"""Entering the ground's network from outside, and the cables between its namespaces.

`run`-style helpers here are used from both sides: the supervisor lays the cables from inside, `ground lose` pulls them from
outside by way of nsenter.
"""

import contextlib
import ctypes
import os
import subprocess

from .errors import GroundError
from .packages import program
from .settings import BRIDGE, CONTROL_ADDRESS

CLONE_NEWNET = 0x40000000


def ip(*arguments, inside=None):
    """Runs ip(8), in the network namespace of process `inside` where one is given."""
    command = [program("ip"), *[str(part) for part in arguments]]
    if inside is not None:
        command = [program("nsenter"), f"--net=/proc/{inside}/ns/net", *command]
    result = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if result.returncode != 0:
        raise GroundError(f"`{' '.join(command)}` failed: {result.stderr.strip()}")
    return result.stdout


def lay_bridge():
    ip("link", "set", "lo", "up")
    ip("link", "add", BRIDGE, "type", "bridge")
    ip("addr", "add", f"{CONTROL_ADDRESS}/16", "dev", BRIDGE)
    ip("link", "set", BRIDGE, "up")


def lay_cable(settings, zone, holder):
    """A veth pair from the bridge into the namespace that the process `holder` keeps open."""
    uplink = settings.uplink(zone)
    ip("link", "add", uplink, "type", "veth", "peer", "name", "eth0", "netns", holder)
    ip("link", "set", uplink, "master", BRIDGE, "up")
    ip("link", "set", "lo", "up", inside=holder)
    ip("addr", "add", f"{settings.node_address(zone)}/16", "dev", "eth0", inside=holder)
    ip("link", "set", "eth0", "up", inside=holder)


def set_uplink(settings, zone, up, init):
    ip("link", "set", settings.uplink(zone), "up" if up else "down", inside=init)


def uplink_is_up(settings, zone, init):
    flags = ip("-o", "link", "show", "dev", settings.uplink(zone), inside=init).split("<", 1)[1].split(">", 1)[0]
    return "UP" in flags.split(",")


def is_inside(init):
    """Whether this process is in the ground's network already."""
    return os.stat("/proc/self/ns/net").st_ino == os.stat(f"/proc/{init}/ns/net").st_ino


def enter_command(init, command):
    """The command line that runs `command` in the ground's network; files, processes and user stay the caller's."""
    if is_inside(init):
        return list(command)
    if os.geteuid() != 0:
        raise GroundError("entering the ground's network needs root: use sudo")
    return [program("nsenter"), f"--net=/proc/{init}/ns/net", "--", *command]


@contextlib.contextmanager
def entered(init):
    """This process's main thread, and what it starts meanwhile, is in the ground's network; a ground must not end while somebody is."""
    home = os.open("/proc/self/ns/net", os.O_RDONLY)
    try:
        there = os.open(f"/proc/{init}/ns/net", os.O_RDONLY)
        try:
            _set_network(there)
        finally:
            os.close(there)
        try:
            yield
        finally:
            _set_network(home)
    finally:
        os.close(home)


def _set_network(descriptor):
    # os.setns comes with Python 3.12 only.
    if ctypes.CDLL(None, use_errno=True).setns(descriptor, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "cannot change the network namespace")
