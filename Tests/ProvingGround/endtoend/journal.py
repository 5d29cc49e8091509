"""Reads what a run left behind: its journal, and its requests in the API server's audit log.

Both readers are written anew here, not taken from dr: a mistake in dr's own reader must not hide one in its writer.
"""

import hashlib
import json
import re
import struct

MAGIC = b"\x89drj\r\n\x1a\n"
HEADER, LEAD, TRAIL = 17, 8, 21
CHANGES = ("create", "patch", "update", "delete")
# In the order of their numbers, from 1.
KINDS = ("begun", "resumed", "step", "step_done", "step_failed", "retry", "attempt", "expired", "read", "intent", "outcome",
         "settled", "waiting", "verdict", "decision", "elapsed", "unwinding", "undone", "lock", "paused", "ended", "predicted", "objectives", "reopened", "accepted", "restored",
         "life")


def records(path):
    """The records of all whole batches of a journal; a tail that a crash cut off is left out, a broken chain of hashes is an error."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return []
    if len(data) < HEADER:
        return []
    if not data.startswith(MAGIC):
        raise AssertionError(f"{path} is no journal")
    reader, found = Reader(), []
    for start, end in batches(data):
        said = data[end - TRAIL + 4:end - 1]
        if hashlib.sha256(data[start - HEADER:end - TRAIL + 4]).digest()[:16] != said:
            raise AssertionError(f"{path}: the chain of hashes is broken at byte {start}")
        found += reader.records(data[start + LEAD:end - TRAIL])
    return found


def batches(data):
    """Where the whole batches of a journal begin and end."""
    start = HEADER
    while start + LEAD <= len(data):
        end = start + LEAD + struct.unpack_from("<I", data, start)[0] + TRAIL
        if end > len(data):
            return
        yield start, end
        start = end


def last_frame(data):
    """The last whole batch as it stands in the file."""
    return [data[start:end] for start, end in batches(data)][-1]


class Reader:
    """Records from bytes, as docs/journal.md describes them."""

    def __init__(self):
        self.texts, self.at, self.run = [], 0, ""

    def records(self, payload):
        self.data, self.place, found = payload, 0, []
        while self.place < len(payload):
            found.append(self.record())
        return found

    def record(self):
        lead = self.byte()
        self.at += self.whole()
        record = {"kind": KINDS[(lead & 0x7F) - 1], "at": self.at, "position": self.plain()}
        if lead & 0x80:
            record["attempt"] = self.whole()
        record.update(getattr(self, record["kind"], dict)(*[record["position"]] * (record["kind"] == "intent")))
        return record

    # What each kind has; those that are not here have nothing.

    def begun(self):
        self.run = self.plain()
        return {"run": self.run, "runbook": self.text(), "arguments": self.value(), "program": self.plain(),
                "sources": {self.plain(): self.plain() for _ in range(self.natural())}, "dr": self.plain(), "world": self.plain()}

    def step(self):
        return {"title": self.text(), "until": self.maybe(self.whole)}

    def step_failed(self):
        return {"why": self.text()}

    paused = step_failed

    def read(self):
        return {**self.call(), **self.answer()}

    def intent(self, position):
        said = {**self.call(), "class": self.text(name=True)}
        key = self.plain()
        said["key"] = f"{self.run}/{position}{key}" if self.byte() else key
        said["observation"] = {"target": self.text(), "changes": self.list(self.text), "permissions": self.list(self.text),
                               "state": self.value(), "result": self.value()}
        return said

    def outcome(self):
        return self.answer()

    def settled(self):
        said = {"state": self.text(name=True)}
        if self.byte():
            said["result"] = self.value()
        return {**said, "by": self.text()}

    def waiting(self):
        return {"for": self.text(name=True), "text": self.text(), "until": self.maybe(self.whole)}

    def verdict(self):
        return {"holds": bool(self.byte()), "message": self.text(), "evidence": self.list(self.read)}

    def decision(self):
        return {"approved": (None, False, True)[self.byte()], "by": self.text()}

    def retry(self):
        return {"next": self.whole(), "until": self.whole(), "why": self.text()}

    def attempt(self):
        return {"attempt": self.whole()}

    def unwinding(self):
        return {"undos": self.natural(), "why": self.text()}

    def undone(self):
        return {"failure": self.text()}

    def lock(self):
        return {"name": self.text(), "fencing": self.whole()}

    def ended(self):
        return {"status": self.text(name=True), "message": self.text()}

    def predicted(self):
        return {"worst_case": self.whole() if self.byte() else None,
                "steps": {self.plain(): self.whole() for _ in range(self.natural())}}

    def objectives(self):
        return {"services": {self.plain(): self.whole() for _ in range(self.natural())}}

    def reopened(self):
        return {"why": self.text(), "by": self.text()}

    def accepted(self):
        return {"program": self.plain(), "by": self.text()}

    def restored(self):
        return {"verified": bool(self.byte()), "why": self.text()}

    def life(self):
        return {"by": self.text(), "machine": self.text(), "dr": self.text(), "file": self.text(),
                "clusters": self.list(lambda: {name: self.text() for name in ("cluster", "context", "server", "user")})}

    def call(self):
        return {"call": self.text(name=True), "arguments": self.value()}

    def answer(self):
        if self.byte():
            return {"result": self.value()}
        return {"failure": self.text(name=True), "message": self.text()}

    # Parts

    def byte(self):
        self.place += 1
        return self.data[self.place - 1]

    def bytes(self, count):
        self.place += count
        return self.data[self.place - count:self.place]

    def natural(self):
        number, shift = 0, 0
        while True:
            byte = self.byte()
            number |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return number

    def whole(self):
        number = self.natural()
        return -(number >> 1) - 1 if number & 1 else number >> 1

    def plain(self):
        return self.bytes(self.natural()).decode()

    def text(self, name=False):
        number = self.natural()
        if number == 0:
            return None
        if number & 1:
            return self.texts[number >> 1]
        text = self.bytes((number >> 1) - 1)
        if 2 <= len(text) <= 255 and len(self.texts) < (4096 if name else 2048):
            self.texts.append(text.decode())
        return text.decode()

    def value(self):
        tag = self.byte()
        if tag <= 2:
            return (None, False, True)[tag]
        if tag == 7:
            return {self.text(name=True): self.value() for _ in range(self.natural())}
        return {3: self.whole, 4: lambda: struct.unpack("<d", self.bytes(8))[0], 5: self.text, 6: lambda: self.list(self.value)}[tag]()

    def list(self, part):
        return [part() for _ in range(self.natural())]

    def maybe(self, part):
        return part() if self.byte() else None


def so_far(runs):
    """The records of the newest run's journal, also while it is being written; none where it has not begun."""
    return runs.records() if runs.ids else []


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
        """What a run changed, locks and its record left out: (key, verb, resource, namespace, name, subresource), as often as it did."""
        return [change for change in self.requests(run) if not self._is_own(run, change)]

    def requests(self, run, succeeded=True, least=0):
        """The same with the lock, or only the requests that failed; with an answer code of at least `least`."""
        found = []
        for line in self.read():
            key = _key(line.get("userAgent", ""))
            code = line.get("responseStatus", {}).get("code", 0)
            if not key or not key.startswith(f"{run}/") or line["stage"] != "ResponseComplete" or line["verb"] not in CHANGES:
                continue
            if "dryRun=All" in line.get("requestURI", ""):
                continue
            if (code < 300) == succeeded and code >= least:
                place = line["objectRef"]
                found.append((key, line["verb"], place["resource"], place.get("namespace", ""), place.get("name", ""), place.get("subresource", "")))
        return found

    def unanswered(self, run):
        """Requests whose client died before the answer: the log has 500 for them, whether the change was made or not."""
        return [request for request in self.requests(run, succeeded=False, least=500) if not self._is_own(run, request)]

    @staticmethod
    def _is_own(run, request):
        """A lease is renewed and a journal kept in the cluster is written again and again."""
        return request[0].startswith((f"{run}/lock/", f"{run}/record"))

    def users(self, run):
        return {line["user"]["username"] for line in self.read() if (_key(line.get("userAgent", "")) or "").startswith(f"{run}/")}

    def successes_of(self, user):
        """Changes by that user, whoever sent them; what only asks (access reviews) is not one."""
        return [line for line in self.read() if line["user"]["username"] == user and line["verb"] in CHANGES
                and line.get("responseStatus", {}).get("code", 0) < 300 and not line["objectRef"]["resource"].endswith("reviews")]


def _key(agent):
    match = re.fullmatch(r"dr/\S+ \((.+)\)", agent)
    return match and match[1]
