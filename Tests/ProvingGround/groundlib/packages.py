"""Debian packages the ground runs on: find what is missing, install it when root, say the command when not."""

import os
import shutil
import subprocess
from pathlib import Path

from .errors import GroundError

# Debian puts several of these outside of an ordinary user's PATH.
SYSTEM_DIRS = ["/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/local/bin", "/usr/bin", "/bin", "/usr/lib/go-1.19/bin"]

# program that must be found -> package that brings it
TO_RUN = {
    "etcd": "etcd-server",
    "haproxy": "haproxy",
    "ip": "iproute2",
    "openssl": "openssl",
    "unshare": "util-linux",
    "nsenter": "util-linux",
}
TO_BUILD = {
    "/usr/lib/go-1.19/bin/go": "golang-1.19-go",
    "dpkg-source": "dpkg-dev",
    "xz": "xz-utils",
    "/usr/share/gocode/src/github.com/modern-go/reflect2": "golang-github-modern-go-reflect2-dev",
}

POLICY = Path("/usr/sbin/policy-rc.d")


def find_program(name):
    """Absolute path of a program (or of any file or folder that is asked for by its path), or None. Looks beyond PATH, since sbin is often not in it."""
    if name.startswith("/"):
        return name if os.path.exists(name) else None
    search = os.pathsep.join([os.environ.get("PATH", "")] + SYSTEM_DIRS)
    return shutil.which(name, path=search)


def program(name):
    """Like find_program, but a missing one is an error that says where it comes from."""
    path = find_program(name)
    if path is None:
        package = {**TO_RUN, **TO_BUILD}.get(name, name)
        raise GroundError(f"{name} is not installed: run `apt-get install --no-install-recommends {package}` as root, "
                          "or `ground build` as root, which installs what is missing")
    return path


def missing(programs):
    """The packages of those programs that are not there, each once, in order."""
    return list(dict.fromkeys(package for name, package in programs.items() if find_program(name) is None))


def ensure(programs, say=print):
    """Installs what is missing. Services of the packages are not started: the ground runs its own copies."""
    wanted = missing(programs)
    if not wanted:
        return
    command = ["apt-get", "install", "--yes", "--no-install-recommends", *wanted]
    if os.geteuid() != 0:
        raise GroundError(f"packages are missing: run `sudo {' '.join(command)}`, then try again")
    if shutil.which("apt-get") is None:
        raise GroundError(f"programs are missing ({', '.join(wanted)} in Debian's naming) and this machine has no apt-get")
    say(f"installing {' '.join(wanted)}")
    with _no_service_starts():
        result = _apt(command)
        if result.returncode != 0:
            # A fresh machine has no package lists, and old ones name files that are gone.
            result = _apt(["apt-get", "update"])
            if result.returncode == 0:
                result = _apt(command)
    if result.returncode != 0:
        tail = "\n".join(result.stderr.strip().splitlines()[-5:])
        raise GroundError(f"`{' '.join(result.args)}` failed:\n{tail}")
    still = missing(programs)
    if still:
        raise GroundError(f"after the installation these are still missing: {', '.join(still)}")


def _apt(command):
    # Another apt may be at work: it is waited for.
    return subprocess.run([command[0], "-o", "DPkg::Lock::Timeout=120", *command[1:]], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})


class _no_service_starts:
    """Debian's documented way to install a daemon without starting it: a policy-rc.d that answers 101."""

    def __enter__(self):
        self.ours = not POLICY.exists()
        if self.ours:
            POLICY.write_text("#!/bin/sh\nexit 101\n")
            POLICY.chmod(0o755)

    def __exit__(self, *_):
        if self.ours:
            POLICY.unlink(missing_ok=True)
