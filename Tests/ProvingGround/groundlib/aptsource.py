"""Downloads a Debian source package using the machine's own apt entries, without changing its apt configuration.

A `deb-src` entry is made from every `deb` entry that names the wanted suite, in a private configuration directory with
private package lists. No host name is written into this project: mirrors and proxies stay the machine's business.
"""

import re
import shlex
import subprocess
from pathlib import Path

from .errors import GroundError
from .packages import program

SOURCES_LIST = Path("/etc/apt/sources.list")
SOURCES_PARTS = Path("/etc/apt/sources.list.d")
# How options of the one-line format are called in the deb822 format.
OPTION_NAMES = {"signed-by": "Signed-By", "trusted": "Trusted", "check-valid-until": "Check-Valid-Until"}


def read_entries(sources_list=SOURCES_LIST, parts=SOURCES_PARTS):
    """All active entries as dicts of deb822 fields, whichever of the two formats they are written in."""
    entries = []
    lists = [sources_list] if sources_list.exists() else []
    if parts.is_dir():
        lists += sorted(parts.glob("*.list")) + sorted(parts.glob("*.sources"))
    for path in lists:
        text = path.read_text(errors="replace")
        entries += _deb822(text) if path.suffix == ".sources" else _one_line(text)
    return [entry for entry in entries if entry.get("Enabled", "yes").lower() not in ("no", "false", "0")]


def _one_line(text):
    for line in text.splitlines():
        match = re.match(r"\s*(deb|deb-src)\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s*([^#]*)", line)
        if not match:
            continue
        kind, options, uri, suite, components = match.groups()
        entry = {"Types": kind, "URIs": uri, "Suites": suite, "Components": components.strip()}
        for option in shlex.split(options or ""):
            name, _, value = option.partition("=")
            if name.lower() in OPTION_NAMES:
                entry[OPTION_NAMES[name.lower()]] = value.replace(",", " ")
        yield entry


def _deb822(text):
    for stanza in re.split(r"\n[ \t]*\n", text):
        entry, name = {}, None
        for line in stanza.splitlines():
            if line.startswith("#"):
                continue
            if line[:1] in (" ", "\t") and name:  # continuation, for instance a key given in place
                entry[name] += "\n" + line
            elif ":" in line:
                key, _, value = line.partition(":")
                name = next((n for n in ("Types", "URIs", "Suites", "Components", "Enabled", *OPTION_NAMES.values())
                             if n.lower() == key.strip().lower()), key.strip())
                entry[name] = value.strip()
        if "URIs" in entry:
            yield entry


def source_stanzas(suite, entries):
    """deb822 text with one deb-src stanza per entry that serves this suite's main component."""
    stanzas = []
    for entry in entries:
        if suite not in entry.get("Suites", "").split() or "main" not in entry.get("Components", "").split():
            continue
        fields = {"Types": "deb-src", "URIs": entry["URIs"], "Suites": suite, "Components": "main"}
        fields.update({name: entry[name] for name in OPTION_NAMES.values() if name in entry})
        stanza = "".join(f"{name}: {value}\n" for name, value in fields.items())
        if stanza not in stanzas:
            stanzas.append(stanza)
    if not stanzas:
        raise GroundError(f"none of this machine's apt entries names the suite {suite}, which has the source package: "
                          f"add one for {suite} main, or set KUBEBUILDER_ASSETS to a folder with the binaries")
    return "\n".join(stanzas)


def download(package, suite, into, log):
    """Downloads the source package into the folder `into` and returns the path of its .dsc file."""
    into.mkdir(parents=True, exist_ok=True)
    private = into / "apt"
    for folder in ("parts", "lists/partial", "cache/archives/partial"):
        (private / folder).mkdir(parents=True, exist_ok=True)
    (private / "parts" / "source.sources").write_text(source_stanzas(suite, read_entries()))
    options = []
    for name, value in {
        "Dir::Etc::sourcelist": "/dev/null",
        "Dir::Etc::sourceparts": private / "parts",
        "Dir::State::lists": private / "lists",
        "Dir::Cache": private / "cache",
        "APT::Sandbox::User": "root",
        "APT::Get::List-Cleanup": "false",
    }.items():
        options += ["-o", f"{name}={value}"]
    apt = program("apt-get")
    for arguments in (["update"], ["source", "--download-only", f"{package}"]):
        result = subprocess.run([apt, *options, *arguments], cwd=into, stdin=subprocess.DEVNULL,
                                stdout=log, stderr=subprocess.STDOUT)
        if result.returncode != 0:
            raise GroundError(f"`apt-get {' '.join(arguments)}` failed; its output is in {log.name}")
    found = sorted(into.glob(f"{package}_*.dsc"))
    if len(found) != 1:
        raise GroundError(f"apt-get downloaded {len(found)} .dsc files of {package}, expected one; see {log.name}")
    return found[0]
