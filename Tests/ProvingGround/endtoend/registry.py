"""Cases: images between two registries as Debian has them."""

import contextlib
import hashlib
import http.client
import json
import os
import subprocess

from groundlib.packages import program
from groundlib.processes import die_with_parent
from groundlib.testing import expect, until

PROGRAMS = {"docker-registry": "docker-registry"}
PORTS = (5391, 5392)
INDEX, IMAGE = "application/vnd.oci.image.index.v1+json", "application/vnd.oci.image.manifest.v1+json"
# Larger than a piece of an upload, so that one needs two.
LAYER = 17 << 20
PROGRAM = """
use registry

runbook copy_image(from: String, to: String) {
  step "copy" within 2m {
    let digest = registry.copy(from: from, to: to)
    verify registry.digest(to) == digest within 10s
  }
}
"""


def an_image_is_copied_by_its_digest_between_registries_and_within_one(world):
    first, second = (Registry(world, port) for port in PORTS)
    with first.running(), second.running():
        digest = first.push_index("team/app", "1.0")
        program = world.work / "registry.dr"
        program.write_text(PROGRAM)
        across = copy(world, program, first.image("team/app:1.0"), second.image("copy/app:1.0"))
        expect(second.digest("copy/app", "1.0") == digest, "the copy has another digest")
        sent = second.count("PATCH")
        expect(sent >= 2, f"the layer went in {sent} pieces")
        # The same again sends nothing, and another tag of it no layer.
        copy(world, program, first.image("team/app:1.0"), second.image("copy/app:1.0"))
        copy(world, program, first.image("team/app:1.0"), second.image("copy/app:2.0"))
        expect(second.count("PATCH") == sent, "a layer that was there was sent again")
        expect(second.digest("copy/app", "2.0") == digest, "the second tag has another digest")
        # Within a registry, by a mount: nothing is uploaded.
        copy(world, program, second.image("copy/app:1.0"), second.image("mounted/app:1.0"))
        expect(second.count("PATCH") == sent, "within one registry a layer was sent")
        expect(second.digest("mounted/app", "1.0") == digest, "the mounted copy has another digest")
        # A tag that has moved is put back to what the source says.
        other = second.push_image("copy/app", "1.0", b"other")
        expect(second.digest("copy/app", "1.0") == other, "the tag did not move")
        copy(world, program, first.image("team/app:1.0"), second.image("copy/app:1.0"))
        expect(second.digest("copy/app", "1.0") == digest, "the tag was not put back")
        run(world, program, first.image("team/absent:1.0"), second.image("copy/app:3.0")).exited(1, "does not exist")
        expect(second.digest("copy/app", "3.0") is None, "a failed copy left a tag")
        return f"{LAYER >> 20} MiB in {across.seconds:.1f} s"


def run(world, program, source, target):
    return world.dr.runs("registry").run("copy_image", f'from="{source}"', f'to="{target}"', program=program, sets={})


def copy(world, program, source, target):
    return run(world, program, source, target).exited(0)


class Registry:
    """One docker-registry with a folder of its own."""

    def __init__(self, world, port):
        self.port, self.folder = port, world.work / f"registry-{port}"
        self.log = self.folder / "log"

    @contextlib.contextmanager
    def running(self):
        self.folder.mkdir()
        (self.folder / "config.yml").write_text(
            f"version: 0.1\nlog: {{level: info, accesslog: {{disabled: false}}}}\nstorage: {{filesystem: {{rootdirectory: {self.folder}/data}}}}\n"
            f"http: {{addr: '127.0.0.1:{self.port}'}}\n")
        with open(self.log, "wb") as log:
            process = subprocess.Popen([program("docker-registry"), "serve", self.folder / "config.yml"], stdin=subprocess.DEVNULL, stdout=log,
                                       stderr=subprocess.STDOUT, preexec_fn=die_with_parent)
        try:
            until("the registry", lambda: self.ask("GET", "/v2/")[0] == 200, 20)
            yield
        finally:
            process.kill()
            process.wait()

    def image(self, name):
        return f"127.0.0.1:{self.port}/{name}"

    def ask(self, method, path, body=None, **headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def count(self, method):
        return self.log.read_text().count(f'"{method} /v2/')

    def digest(self, repository, tag):
        status, headers, _ = self.ask("HEAD", f"/v2/{repository}/manifests/{tag}", Accept=f"{INDEX}, {IMAGE}")
        return headers["Docker-Content-Digest"] if status == 200 else None

    def push_blob(self, repository, data):
        digest = "sha256:" + hashlib.sha256(data).hexdigest()
        status, headers, _ = self.ask("POST", f"/v2/{repository}/blobs/uploads/")
        expect(status == 202, f"no upload: {status}")
        place = headers["Location"].split(f":{self.port}", 1)[-1]
        status, _, text = self.ask("PUT", f"{place}&digest={digest}", data, Content_Type="application/octet-stream")
        expect(status == 201, f"no blob: {status} {text}")
        return {"digest": digest, "size": len(data)}

    def put(self, repository, reference, kind, manifest):
        status, headers, text = self.ask("PUT", f"/v2/{repository}/manifests/{reference}", json.dumps(manifest), Content_Type=kind)
        expect(status == 201, f"no manifest: {status} {text}")
        return headers["Docker-Content-Digest"]

    def push_image(self, repository, tag, layer):
        config = {"mediaType": "application/vnd.oci.image.config.v1+json", **self.push_blob(repository, b'{"architecture":"amd64","os":"linux"}')}
        layers = [{"mediaType": "application/vnd.oci.image.layer.v1.tar", **self.push_blob(repository, layer)}]
        manifest = {"schemaVersion": 2, "mediaType": IMAGE, "config": config, "layers": layers}
        text = json.dumps(manifest)
        reference = tag or "sha256:" + hashlib.sha256(text.encode()).hexdigest()
        return self.put(repository, reference, IMAGE, manifest)

    def push_index(self, repository, tag):
        """An image of two platforms."""
        digests = [self.push_image(repository, None, layer) for layer in (os.urandom(LAYER), b"small")]
        images = []
        for digest in digests:
            _, _, text = self.ask("GET", f"/v2/{repository}/manifests/{digest}", Accept=IMAGE)
            images.append({"mediaType": IMAGE, "digest": digest, "size": len(text), "platform": {"architecture": "amd64", "os": "linux"}})
        return self.put(repository, tag, INDEX, {"schemaVersion": 2, "mediaType": INDEX, "manifests": images})


CASES = [an_image_is_copied_by_its_digest_between_registries_and_within_one]
