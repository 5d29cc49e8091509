"""Cases: what dr compiles is what a real API server takes."""

import re

from groundlib.kubeapi import ApiError
from groundlib.testing import expect, until

from .cluster import LABELS, ask
from .world import REPOSITORY, require_definitions

MANAGER = "end-to-end"
PLATFORM = REPOSITORY / "examples/model-platform/platform.dr"


class Manifest:
    """One document of the stream; its few fields that matter here are found without a YAML reader, which Python does not have."""

    def __init__(self, text):
        self.text = text
        self.version, self.kind = self.field(r"^apiVersion: (\S+)"), self.field(r"^kind: (\S+)")
        metadata = re.search(r"^metadata:\n((?:  .*\n)+)", text, re.M)[1]
        self.name = re.search(r"^  name: (\S+)", metadata, re.M)[1].strip("\"'")
        namespace = re.search(r"^  namespace: (\S+)", metadata, re.M)
        self.namespace = namespace and namespace[1].strip("\"'")
        self.root = f"/apis/{self.version}" if "/" in self.version else f"/api/{self.version}"
        # Groups with a dot that Kubernetes does not own.
        self.is_custom = "." in self.version.split("/")[0] and ".k8s.io/" not in self.version

    def field(self, pattern):
        return re.search(pattern, self.text, re.M)[1].strip("\"'")

    def path(self, api):
        resources = api.get(self.root)["resources"]
        plural = next(item["name"] for item in resources if item["kind"] == self.kind and "/" not in item["name"])
        return f"{self.root}{f'/namespaces/{self.namespace}' if self.namespace else ''}/{plural}/{self.name}"

    def apply(self, api, dry_run=False):
        try:
            return api.apply(self.path(api), self.text.encode(), MANAGER + "&dryRun=All" * dry_run)
        except ApiError as error:
            raise AssertionError(f"{self.kind} {self.name} is not accepted: {error}") from None


def compiled(world):
    """The stream, in its order, and the faults of drills, which only a folder has."""
    folder = world.work / "compiled" / "all"
    world.dr.compile("-o", folder)
    faults = [path.read_text() for path in sorted(folder.glob("*/drills/**/*.yaml")) if path.name != "kustomization.yaml"]
    texts = world.dr.compile().decode().strip().split("\n---\n")
    expect(faults and not any("chaos-mesh.org" in text for text in texts), "a stream that is applied as it comes must inject no fault")
    documents = [Manifest(text.strip() + "\n") for text in texts + faults]
    expect(len(documents) > 5, "fewer objects than the example declares")
    return documents


def two_compiles_give_the_same_bytes(world):
    expect(world.dr.compile() == world.dr.compile(), "two compiles differ on standard output")
    trees = []
    for name in ("one", "two"):
        folder = world.work / "compiled" / name
        world.dr.compile("-o", folder)
        trees.append({str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()})
    expect(trees[0] == trees[1], "two compiles differ in their folders")
    return f"{len(trees[0])} files"


def the_api_server_accepts_every_object_of_its_own(world):
    objects = [manifest for manifest in compiled(world) if not manifest.is_custom]
    for manifest in objects:
        manifest.apply(world.cluster.api)
    return f"{len(objects)} objects"


def the_api_server_accepts_every_custom_resource(world):
    require_definitions()
    objects = [manifest for manifest in compiled(world) if manifest.is_custom]
    expect({manifest.version.split("/")[0] for manifest in objects} >= {"monitoring.coreos.com", "chaos-mesh.org"}, "custom resources are missing")
    for manifest in objects:
        manifest.apply(world.cluster.api)
    return f"{len(objects)} objects"


def the_api_server_accepts_the_objects_of_the_model_platform(world):
    """By a dry run, but for its namespaces: nothing of it is to run here."""
    api, accepted, unknown = world.cluster.api, [], set()
    documents = [Manifest(text.strip() + "\n") for text in world.dr.compile(program=PLATFORM).decode().strip().split("\n---\n")]
    namespaces = [manifest for manifest in documents if manifest.kind == "Namespace"]
    for name in sorted({manifest.namespace for manifest in documents if manifest.namespace} - {it.name for it in namespaces}):
        api.ensure("/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    for manifest in namespaces:
        manifest.apply(api)
    for manifest in documents:
        try:
            manifest.path(api)
        except (ApiError, StopIteration):
            unknown.add(f"{manifest.version} {manifest.kind}")
            expect(manifest.is_custom or ".k8s.io/" in manifest.version, f"{manifest.version} {manifest.kind} is not served")
            continue
        manifest.apply(api, dry_run=True)
        accepted.append(manifest)
    expect(len(accepted) > 40, f"only {len(accepted)} objects were looked at")
    return f"{len(accepted)} objects; without a definition here: {', '.join(sorted(unknown)) or 'none'}"


def both_zones_become_ready(world):
    return f"after {until('a ready pod in both zones', lambda: all(world.cluster.serves(zone, 1) for zone in LABELS), 90):.1f} s"


def applying_the_same_again_changes_nothing(world):
    api = world.cluster.api
    for manifest in compiled(world):
        try:
            path = manifest.path(api)
        except ApiError as error:
            expect(manifest.is_custom and error.status == 404, error)
            continue
        # A controller may write a status in between; it does not do so time and again.
        pairs = [(api.get(path)["metadata"]["resourceVersion"], manifest.apply(api)["metadata"]["resourceVersion"]) for _ in range(3)]
        expect(any(before == after for before, after in pairs), f"{manifest.kind} {manifest.name} changes with each apply: {pairs}")


def traffic_flows_through_haproxy_to_both_zones(world):
    summary = ask(world.layout)
    expect(summary["failed"] == 0, f"requests fail: {summary}")
    expect(set(summary["byZone"]) == set(LABELS.values()), f"not both zones answer: {summary['byZone']}")
    return f"{summary['requests']} requests: {', '.join(f'{zone} {count}' for zone, count in sorted(summary['byZone'].items()))}"


CASES = [
    two_compiles_give_the_same_bytes,
    the_api_server_accepts_every_object_of_its_own,
    the_api_server_accepts_every_custom_resource,
    the_api_server_accepts_the_objects_of_the_model_platform,
    both_zones_become_ready,
    applying_the_same_again_changes_nothing,
    traffic_flows_through_haproxy_to_both_zones,
]
