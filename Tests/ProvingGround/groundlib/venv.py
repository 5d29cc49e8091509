"""The Python packages of our tests, in a virtual environment in the cache folder."""

import os
import subprocess
import sys
from pathlib import Path

from .assets import cache_root

PACKAGES = ["kubernetes-validate", "PyYAML", "jsonschema", "locust"]


def enter(script):
    """Runs a script again with the interpreter of the virtual environment, which is made when it is not there."""
    venv = Path(cache_root()) / "venv"
    python = venv / "bin/python3"
    if Path(sys.prefix) == venv.resolve():
        return
    has_all = [python, "-c", "import kubernetes_validate, yaml, jsonschema, locust"]
    if not python.exists() or subprocess.run(has_all, stderr=subprocess.DEVNULL).returncode:
        venv.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run([sys.executable, "-m", "venv", venv], check=True)
        subprocess.run([python, "-m", "pip", "install", "-q", *PACKAGES], check=True)
    os.execv(python, [str(python), script, *sys.argv[1:]])
