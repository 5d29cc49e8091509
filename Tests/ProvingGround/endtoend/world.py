"""One ground, dr, and what every case needs of both."""

import os
import random
import shutil
import tempfile
from pathlib import Path

from groundlib import namespaces
from groundlib.layout import Layout
from groundlib.testing import Skipped, all_gone, expect, ground, namespaces_of

from .cluster import Cluster
from .invocation import Dr
from .journal import Audit

REPOSITORY = Path(__file__).resolve().parents[3]
PROGRAM = REPOSITORY / "examples/deepseek-cross-az/deepseek.dr"
DEFINITIONS = ("prometheus-operator", "chaos-mesh", "k8gb", "argo-rollouts", "argo-workflows", "cluster-api", "gateway-api", "inference-extension",
               "istio", "karmada", "keda", "kserve", "lws")


def binary():
    """$DR_BINARY, or what was built last."""
    given = os.environ.get("DR_BINARY")
    found = [Path(given).absolute()] if given else sorted(
        REPOSITORY.glob(".build/*/dr"), key=lambda path: path.stat().st_mtime, reverse=True)
    expect(found and os.access(found[0], os.X_OK), f"no dr to test: {'DR_BINARY=' + given if given else 'build it or set DR_BINARY'}")
    return found[0]


def definitions():
    """The folders of custom resource definitions, none where they are not on this machine."""
    shared = Path(os.environ.get("DR_SHARED") or REPOSITORY.parent / "shared")
    folders = [shared / "crds" / name for name in DEFINITIONS]
    return folders if all(folder.is_dir() for folder in folders) else []


def require_definitions():
    if not definitions():
        text = "the definitions of Prometheus Operator, Chaos Mesh, k8gb and others are not there: set DR_SHARED to the folder that has crds/"
        expect(os.environ.get("DR_REQUIRE_SHARED") != "1", text)
        raise Skipped(text)


class World:
    """A running ground. All that the test writes is in the ground's directory, which goes when the test does, however that ends."""

    def __init__(self, seed, *flags):
        program = binary()
        self.random = random.Random(seed)
        # What cases started in the ground's network, and must be over before the ground is.
        self.started = []
        root = Path(tempfile.mkdtemp(prefix="dr-e2e-"))
        self.layout = Layout(root)
        try:
            ground("up", "--detach", "--owner-pid", os.getpid(), "--state", root, *flags)
        except AssertionError:
            shutil.rmtree(root, ignore_errors=True)
            raise
        self.init = self.layout.init_pid()
        self.spaces = namespaces_of(self.init)
        self.work = root / "work"
        self.dr = Dr(program, PROGRAM, self.layout.kubeconfig, self.layout.haproxy_socket, self.work)
        self.audit = Audit(self.layout.audit_log)
        self.cluster = Cluster(self.layout)

    def entered(self):
        """Everything that talks to the ground happens within this."""
        return namespaces.entered(self.init)

    def client(self, name):
        return self.cluster.client(self.work / f"client-{name}.jsonl")

    def token(self, user="dr"):
        lines = (self.layout.private / "tokens.csv").read_text().splitlines()
        return next(line.split(",")[0] for line in lines if line.split(",")[1] == user)

    def variant(self, name, *changes):
        """The program with some words replaced; each must stand in it exactly once."""
        text = PROGRAM.read_text()
        for old, new in changes:
            expect(text.count(old) == 1, f"{PROGRAM.name} does not have {old!r} once")
            text = text.replace(old, new)
        path = self.work / f"{name}.dr"
        path.write_text(text)
        return path

    def keep(self):
        """A copy of what helps to find out why a case failed."""
        kept = Path(tempfile.mkdtemp(prefix="dr-e2e-failed-"))
        for name in ("logs", "work"):
            shutil.copytree(self.layout.root / name, kept / name, dirs_exist_ok=True)
        shutil.copy(self.layout.audit_log, kept)
        return kept

    def down(self):
        for process in self.started:
            process.kill()
            process.wait()
        ground("down", "--state", self.layout.root)
        return all_gone(self.spaces, self.layout.root)
