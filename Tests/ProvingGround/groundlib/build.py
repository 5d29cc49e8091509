"""`ground build`: makes kube-apiserver, kube-controller-manager and kube-scheduler from Debian 12's source package.

The work happens in a folder beside the cache entry, which is renamed into place at the end, under a lock: an interrupted build
leaves no half-made entry, and two builds at once make one.
"""

import fcntl
import os
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from . import aptsource, assets, packages
from .errors import GroundError

SUITE = "bookworm"
PACKAGE = "kubernetes"
GO = "/usr/lib/go-1.19/bin/go"
IMPORT_PATH = "k8s.io/kubernetes"
# A library that reaches into the runtime: the vendored release faults under Go 1.18 and later, in the first custom resource
# that is created. Debian has the release that knows these runtimes.
REFLECT2 = "github.com/modern-go/reflect2"
REFLECT2_FIXED = Path("/usr/share/gocode/src") / REFLECT2
OPENAPI_TAG = b"+k8s:openapi-gen=true"
VERSION_FILES = ["staging/src/k8s.io/component-base/version/base.go", "staging/src/k8s.io/client-go/pkg/version/base.go"]


def build(say=print):
    if assets.from_environment():
        packages.ensure({name: package for name, package in packages.TO_RUN.items() if name != "etcd"}, say)
        say(f"using the programs in KUBEBUILDER_ASSETS={os.environ['KUBEBUILDER_ASSETS']}")
        return
    packages.ensure(packages.TO_RUN, say)
    target = assets.cached()
    target.parent.mkdir(parents=True, exist_ok=True)
    with open(target.parent / f"{target.name}.lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another build is running: waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        if assets.find():
            say(f"already built: {target}")
            return
        packages.ensure(packages.TO_BUILD, say)
        _collect_interrupted(target)
        _build_into(target, say)


def _collect_interrupted(target):
    """Work folders of builds that were killed; we hold the lock, so none of them is in use."""
    for folder in target.parent.glob(f"{target.name}.build-*"):
        shutil.rmtree(folder, ignore_errors=True)


def _build_into(target, say):
    work = Path(tempfile.mkdtemp(prefix=f"{target.name}.build-", dir=target.parent))
    log_path = target.parent / f"{target.name}.log"
    started = time.monotonic()

    def step(text):
        say(f"[{time.monotonic() - started:4.0f} s] {text}")

    try:
        with open(log_path, "w") as log:
            step(f"downloading the source package {PACKAGE} of {SUITE}")
            dsc = aptsource.download(PACKAGE, SUITE, work / "download", log)
            step(f"unpacking {dsc.name}")
            tree = work / "go/src" / IMPORT_PATH
            tree.parent.mkdir(parents=True)
            _run([packages.program("dpkg-source"), "--no-check", "--extract", dsc, tree], work, log)
            _stamp_version(tree)
            _replace_reflect2(tree)
            environment = _go_environment(work)
            step("generating the OpenAPI definitions")
            _generate_openapi(tree, work, environment, log)
            made = work / "bin"
            for component in assets.COMPONENTS:
                step(f"compiling {component}")
                _run([GO, "build", "-trimpath", "-ldflags", "-s -w", "-o", made / component, f"./cmd/{component}"], tree, log, environment)
            (made / "VERSION").write_text(f"{assets.RECIPE}\n{dsc.name}\n")
            shutil.rmtree(target, ignore_errors=True)
            made.rename(target)
            step(f"done: {target}; removing the work folder")
        log_path.unlink()
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _run(command, folder, log, environment=None):
    command = [str(part) for part in command]
    log.write(f"$ {' '.join(command)[:400]}\n")
    log.flush()
    result = subprocess.run(command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
    if result.returncode != 0:
        log.flush()
        tail = "\n".join(Path(log.name).read_text(errors="replace").splitlines()[-15:])
        raise GroundError(f"{Path(command[0]).name} {command[1] if len(command) > 1 else ''} failed (all output is in {log.name}):\n{tail}")


def _go_environment(work):
    """Go 1.19 refuses this old tree in module mode, hence GOPATH mode; nothing may be fetched and nothing lands in $HOME."""
    keep = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    return {**keep, "HOME": str(work), "GOPATH": str(work / "go"), "GOCACHE": str(work / "go-build"), "GOTMPDIR": str(work), "GO111MODULE": "off",
            "GOFLAGS": "", "GOPROXY": "off", "GOTOOLCHAIN": "local", "CGO_ENABLED": "0"}


def _stamp_version(tree):
    """The programs report v0.0.0 unless the constants are edited: `-X` has no effect on them in GOPATH mode with vendoring."""
    major, minor, _ = assets.VERSION.split(".")
    values = {"gitMajor": major, "gitMinor": minor, "gitVersion": f"v{assets.VERSION}", "gitTreeState": "clean"}
    for name in VERSION_FILES:
        path = tree / name
        text = path.read_text()
        for variable, value in values.items():
            text = re.sub(rf'(?m)^(\s*{variable}\s+(?:string\s+)?=\s*)"[^"]*"', rf'\g<1>"{value}"', text)
        if f'"v{assets.VERSION}"' not in text:
            raise GroundError(f"{name} has no gitVersion to set: this source package is not the one the ground knows")
        path.write_text(text)


def _replace_reflect2(tree):
    vendored = tree / "vendor" / REFLECT2
    if not vendored.is_dir():
        raise GroundError(f"the source package has no vendor/{REFLECT2}: it is not the one the ground knows")
    shutil.rmtree(vendored)
    vendored.mkdir()
    for path in REFLECT2_FIXED.iterdir():
        if path.suffix in (".go", ".s") and not path.name.endswith("_test.go"):
            shutil.copyfile(path, vendored / path.name)


def _generate_openapi(tree, work, environment, log):
    """The API server does not compile without a generated package that Debian's source package leaves out."""
    generator = work / "openapi-gen"
    _run([GO, "build", "-o", generator, "./vendor/k8s.io/kube-openapi/cmd/openapi-gen"], tree, log, environment)
    inputs = ",".join(f"{IMPORT_PATH}/{name}" for name in _tagged_packages(tree))
    _run([generator, "-O", "zz_generated.openapi", "-p", f"{IMPORT_PATH}/pkg/generated/openapi", "-h", "hack/boilerplate/boilerplate.generatego.txt",
          "-r", work / "openapi-violations", "-i", inputs], tree, log, {**environment, "PATH": f"{Path(GO).parent}:{environment.get('PATH', '')}"})


def _tagged_packages(tree):
    """Packages, as paths in the tree, with a file that carries the tag; those of k8s.io are symbolic links under vendor."""
    found = set()
    for root in ("cmd", "pkg", "vendor/k8s.io"):
        for folder, folders, files in os.walk(tree / root, followlinks=True):
            folders[:] = [f for f in folders if f != "testdata" and f != "vendor" and not f.startswith(("_", ".", "sample-"))]
            for name in files:
                if name.endswith(".go") and not name.endswith("_test.go") and OPENAPI_TAG in Path(folder, name).read_bytes():
                    found.add(os.path.relpath(folder, tree))
                    break
    return sorted(found)
