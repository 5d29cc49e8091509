"""Where the control plane's programs are: $KUBEBUILDER_ASSETS (the convention of envtest) or the ground's own cache."""

import os
from pathlib import Path

from .errors import GroundError
from .packages import find_program, program

VERSION = "1.20.2"
# Counts changes of how the programs are built: what an older recipe made is built again.
RECIPE = f"{VERSION} recipe 2"
COMPONENTS = ["kube-apiserver", "kube-controller-manager", "kube-scheduler"]


def cache_root():
    """$DR_CACHE, or `dr` in the user's cache folder."""
    if os.environ.get("DR_CACHE"):
        return Path(os.environ["DR_CACHE"]).absolute()
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base).absolute() / "dr"


def cached():
    return cache_root() / f"kubernetes-{VERSION}"


def _complete(folder, names):
    return [name for name in names if not os.access(folder / name, os.X_OK)]


def _recipe(folder):
    try:
        return (folder / "VERSION").read_text().splitlines()[0]
    except (OSError, IndexError):
        return None


def from_environment():
    """The programs in $KUBEBUILDER_ASSETS, None where it is not set; an incomplete folder is an error, not a fallback."""
    value = os.environ.get("KUBEBUILDER_ASSETS")
    if not value:
        return None
    folder = Path(value)
    lacking = _complete(folder, [*COMPONENTS, "etcd"])
    if lacking:
        raise GroundError(
            f"KUBEBUILDER_ASSETS={value} lacks {', '.join(lacking)}. envtest's archive holds kube-apiserver and etcd only; the "
            "ground also runs the controller manager and the scheduler of the same release: put them into that folder, or unset "
            "KUBEBUILDER_ASSETS so that `ground build` makes all of them")
    return {name: str(folder / name) for name in [*COMPONENTS, "etcd"]}


def find():
    """Program name -> path, or None when nothing has been built yet."""
    given = from_environment()
    if given:
        return given
    folder = cached()
    if _complete(folder, COMPONENTS) or _recipe(folder) != RECIPE or find_program("etcd") is None:
        return None
    return {**{name: str(folder / name) for name in COMPONENTS}, "etcd": program("etcd")}


def require():
    found = find()
    if found is None:
        raise GroundError(f"the control plane is not built ({cached()} is not complete, or of an older recipe): run `ground build` first")
    return found
