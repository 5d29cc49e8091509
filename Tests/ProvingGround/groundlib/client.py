"""`ground client`: an open-loop client, so that a failover is measured from outside.

Requests start at fixed times whether or not earlier ones have been answered: a service that stalls cannot slow its own
measurement down. Every request is a line of JSON: start (seconds since the epoch), latency_ms, status (0: no answer), and the pod and
zone that answered or the error.
"""

import concurrent.futures
import http.client
import json
import signal
import socket
import threading
import time
import urllib.parse

MOST_IN_FLIGHT = 400


class Client:
    def __init__(self, url, every, timeout, prompt, max_tokens, out):
        address = urllib.parse.urlsplit(url)
        self.host, self.port, self.prefix = address.hostname, address.port or 80, address.path.rstrip("/")
        self.every, self.timeout, self.out = every, timeout, out
        self.body = json.dumps({"prompt": prompt, "max_tokens": max_tokens})
        self.stop = threading.Event()
        self.lock = threading.Lock()
        self.records = []
        self.in_flight = 0

    def one(self, started):
        begun = time.monotonic()
        record = {"start": round(started, 4), "status": 0}
        # A connection of its own for each: a kept one would pin the client to what it met first.
        connection = http.client.HTTPConnection(self.host, self.port, timeout=self.timeout)
        try:
            connection.connect()
            connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.request("POST", f"{self.prefix}/infer", self.body, {"Content-Type": "application/json", "Connection": "close"})
            answer = connection.getresponse()
            data = answer.read()
            record["status"] = answer.status
            if answer.status == 200:
                value = json.loads(data)
                record.update(pod=value.get("pod"), zone=value.get("zone"))
                if not value.get("text"):
                    record["error"] = "empty text"
            elif answer.getheader("X-Ground-Zone"):
                record["via"] = answer.getheader("X-Ground-Zone")
        except (OSError, ValueError, http.client.HTTPException) as error:
            record["error"] = str(error) or type(error).__name__
        finally:
            connection.close()
        record["latency_ms"] = round((time.monotonic() - begun) * 1000, 2)
        self.keep(record)
        with self.lock:
            self.in_flight -= 1

    def keep(self, record):
        with self.lock:
            self.records.append(record)
            self.out.write(json.dumps(record) + "\n")
            self.out.flush()

    def run(self, seconds):
        """Until `seconds` have passed, or until `stop` is set; returns when the last answer is in."""
        first = time.monotonic()
        number = 0
        with concurrent.futures.ThreadPoolExecutor(MOST_IN_FLIGHT) as pool:
            while not self.stop.is_set():
                due = first + number * self.every
                if seconds and due - first >= seconds:
                    break
                if due > time.monotonic() and self.stop.wait(due - time.monotonic()):
                    break
                with self.lock:
                    room = self.in_flight < MOST_IN_FLIGHT
                    self.in_flight += room
                if room:
                    pool.submit(self.one, time.time())
                else:
                    self.keep({"start": round(time.time(), 4), "status": 0, "error": "too many requests in flight", "latency_ms": 0})
                number += 1


def succeeded(record):
    return record["status"] == 200 and "error" not in record


def summarize(records):
    """Counts, latencies, and the outages: stretches with failures and not one success, from success to success."""
    records = sorted(records, key=lambda record: record["start"] + record["latency_ms"] / 1000)
    good = [record for record in records if succeeded(record)]
    result = {"requests": len(records), "succeeded": len(good), "failed": len(records) - len(good), "byStatus": {}, "byZone": {}}
    for record in records:
        result["byStatus"][str(record["status"])] = result["byStatus"].get(str(record["status"]), 0) + 1
        if succeeded(record):
            result["byZone"][record["zone"]] = result["byZone"].get(record["zone"], 0) + 1
    latencies = sorted(record["latency_ms"] for record in good)
    if latencies:
        result["latencyMs"] = {f"p{p}": latencies[min(len(latencies) - 1, len(latencies) * p // 100)] for p in (50, 95, 99)}
    result["longestOutage"] = _longest_outage(records)
    result["degraded"] = _degraded(records)
    return result


def _ended(record):
    return record["start"] + record["latency_ms"] / 1000


def _longest_outage(records):
    """From the last success before to the first success after; open where the records begin or end with it."""
    longest = None
    last, failures = None, 0
    for record in [*records, None]:
        if record is not None and not succeeded(record):
            failures += 1
            continue
        if failures:
            begin = _ended(last) if last else records[0]["start"]
            end = _ended(record) if record else _ended(records[-1])
            found = {"seconds": round(end - begin, 3), "from": round(begin, 3), "to": round(end, 3), "failed": failures,
                     "complete": last is not None and record is not None}
            if longest is None or found["seconds"] > longest["seconds"]:
                longest = found
        last, failures = record, 0
    return longest


def _degraded(records):
    """From the start of the first request that failed to the end of the last: wider than an outage where one zone still answers."""
    failed = [record for record in records if not succeeded(record)]
    if not failed:
        return None
    begin, end = min(record["start"] for record in failed), max(map(_ended, failed))
    return {"seconds": round(end - begin, 3), "from": round(begin, 3), "to": round(end, 3)}


def describe(summary):
    lines = [f"{summary['requests']} requests, {summary['succeeded']} succeeded, {summary['failed']} failed"]
    if summary["byZone"]:
        lines.append("answered by " + ", ".join(f"{zone}: {count}" for zone, count in sorted(summary["byZone"].items())))
    if "latencyMs" in summary:
        lines.append("latency " + ", ".join(f"{name} {value} ms" for name, value in summary["latencyMs"].items()))
    outage = summary["longestOutage"]
    if outage:
        open_end = "" if outage["complete"] else "; it began before or lasts beyond the measurement"
        lines.append(f"longest outage {outage['seconds']} s ({outage['failed']} requests failed{open_end})")
        lines.append(f"first to last failure {summary['degraded']['seconds']} s")
    else:
        lines.append("no outage")
    return "\n".join(lines)


def main(url, every, seconds, out_path, timeout, prompt, max_tokens, as_json):
    with open(out_path, "w") as out:
        client = Client(url, every, timeout, prompt, max_tokens, out)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: client.stop.set())
        client.run(seconds)
    summary = summarize(client.records)
    print(json.dumps(summary) if as_json else describe(summary), flush=True)
    return 0
