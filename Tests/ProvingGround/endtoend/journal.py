"""Reads what a run left behind: its journal, and its requests in the API server's audit log.

Both readers are written anew here, not taken from dr: a mistake in dr's own reader must not hide one in its writer.
"""

import hashlib
import json
import re
import struct

MAGIC = b"\x89drj\r\n\x1a\n"
HEADER, FRAME = 16, 44
# How an intent looks in the file, to count them without reading the records.
INTENT = b'"kind":"intent"'
CHANGES = ("create", "patch", "update", "delete")


def records(path):
    """The whole records of a journal in order; a tail that a crash cut off is left out, a broken chain of hashes is an error."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return []
    if len(data) < HEADER:
        return []
    if not data.startswith(MAGIC):
        raise AssertionError(f"{path} is no journal")
    previous, offset, found = hashlib.sha256(data[:HEADER]).digest(), HEADER, []
    while offset + FRAME <= len(data):
        length = struct.unpack_from("<I", data, offset)[0]
        payload = data[offset + FRAME:offset + FRAME + length]
        if len(payload) < length:
            break
        previous = hashlib.sha256(previous + data[offset:offset + 4] + payload).digest()
        if previous != data[offset + 12:offset + FRAME]:
            raise AssertionError(f"{path}: the chain of hashes is broken at byte {offset}")
        found.append(json.loads(payload))
        offset += FRAME + length
    return found


def last_frame(data):
    """The last whole record as it stands in the file, frame included."""
    offset, frame = HEADER, b""
    while offset + FRAME <= len(data):
        end = offset + FRAME + struct.unpack_from("<I", data, offset)[0]
        if end > len(data):
            break
        frame, offset = data[offset:end], end
    return frame


def so_far(runs):
    """The bytes of the newest run's journal, also while it is being written; none where it has not begun."""
    try:
        return runs.journal_path().read_bytes() if runs.ids else b""
    except FileNotFoundError:
        return b""


def open_intents(found):
    """Acts that were promised and of which the journal does not say what became of them: position -> record."""
    waiting = {}
    for record in found:
        if record["kind"] == "intent":
            waiting[record["position"]] = record
        elif record["kind"] in ("outcome", "settled"):
            waiting.pop(record.get("position"), None)
    return waiting


def kept_promises(found):
    """Keys of the acts that are said to have changed something at the API server; one that found everything done changes nothing."""
    promised, kept = {}, set()
    for record in found:
        position = record.get("position")
        if record["kind"] == "intent" and record["call"].startswith("kube."):
            promised.setdefault(position, []).append(record)
        elif record["kind"] == "outcome" and "result" in record or record["kind"] == "settled" and record["state"] == "done":
            kept |= {intent["key"] for intent in promised.get(position, []) if intent["observation"].get("changes")}
    return kept


class Audit:
    """The audit log, read on from where it was read last."""

    def __init__(self, path):
        self.path, self.offset, self.lines = path, 0, []

    def read(self):
        with open(self.path, "rb") as log:
            log.seek(self.offset)
            for line in log:
                if not line.endswith(b"\n"):
                    break
                self.offset += len(line)
                self.lines.append(json.loads(line))
        return self.lines

    def changes(self, run):
        """What a run changed, locks left out (a lease is renewed): (key, verb, resource, namespace, name, subresource), as often as it did."""
        return [change for change in self.requests(run) if not change[0].startswith(f"{run}/lock/")]

    def requests(self, run, succeeded=True, least=0):
        """The same with the lock, or only the requests that failed; with an answer code of at least `least`."""
        found = []
        for line in self.read():
            key = _key(line.get("userAgent", ""))
            code = line.get("responseStatus", {}).get("code", 0)
            if not key or not key.startswith(f"{run}/") or line["stage"] != "ResponseComplete" or line["verb"] not in CHANGES:
                continue
            if (code < 300) == succeeded and code >= least:
                place = line["objectRef"]
                found.append((key, line["verb"], place["resource"], place.get("namespace", ""), place.get("name", ""), place.get("subresource", "")))
        return found

    def unanswered(self, run):
        """Requests whose client died before the answer: the log has 500 for them, whether the change was made or not."""
        return [request for request in self.requests(run, succeeded=False, least=500) if not request[0].startswith(f"{run}/lock/")]

    def users(self, run):
        return {line["user"]["username"] for line in self.read() if (_key(line.get("userAgent", "")) or "").startswith(f"{run}/")}

    def successes_of(self, user):
        """Changes by that user, whoever sent them; what only asks (access reviews) is not one."""
        return [line for line in self.read() if line["user"]["username"] == user and line["verb"] in CHANGES
                and line.get("responseStatus", {}).get("code", 0) < 300 and not line["objectRef"]["resource"].endswith("reviews")]


def _key(agent):
    match = re.fullmatch(r"dr/\S+ \((.+)\)", agent)
    return match and match[1]
