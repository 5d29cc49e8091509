"""Case: an engine is drained, as vLLM's development mode lets it, while a request is under way in its process."""

import json
import threading
import urllib.error
import urllib.request

from groundlib.testing import expect, until

from . import journal

RUNBOOKS = """runbook empty(zone: Zone) {
  for p in pods(deepseek, in: zone) {
    step "drain" within 5m {
      inference.pause(p)
      undo { inference.resume(p) }
    }
  }
  wait until inference.in_flight(deepseek, in: zone) == 0 within 1m
}

runbook look(zone: Zone) {
  for p in pods(deepseek, in: zone) {
    let it = inference.identity(p)
    require it.models == [inference.model(deepseek)] and it.engine == "vllm" else "\\(p.name) is \\(it)"
    require inference.serves(p, counted: true) else "\\(p.name) does not serve"
  }
}

runbook evacuate("""


def a_drained_engine_answers_what_it_has_and_takes_nothing_new_until_the_undo(world):
    world.cluster.reset()
    program = world.variant("engines", ("runbook evacuate(", RUNBOOKS))
    runs = world.dr.runs("engines")
    pod = world.cluster.pods("az2")[0]
    base = f"http://{pod['status']['podIP']}:{pod['spec']['containers'][0]['ports'][0]['containerPort']}"
    answers = []
    request = threading.Thread(target=lambda: answers.append(generate(base)), daemon=True)
    # From here on a request does not end before the test lets it.
    post(base, "/-/hang")
    try:
        request.start()
        until("a request to be under way", lambda: in_flight(base) == 1, 60)
        first = runs.run("empty", "zone=az2", program=program)
        until("the engine to be paused", lambda: asked(base, "/is_paused")["is_paused"], 60)
        first.kill()
        expect(journal.open_intents(runs.records()), "the intent is not open")
        second = runs.resume()
        until("the resumed run to look at it", lambda: settled(runs), 60)
        expect(not answers and not second.ended(), f"the drain ended before the request did: {answers}")
    finally:
        post(base, "/-/resume")
    request.join(60)
    expect(answers == [200], f"the request that was under way was answered with {answers}")
    second.exited(0)
    expect(settled(runs) == ["not_done"], f"settled as {settled(runs)} while a request was under way")
    expect(generate(base) == 503, "a drained engine takes new requests")
    world.dr.start("engines-undo", ["resume", runs.id, "--undo"], runs.state).exited(0, "taken back")
    expect(generate(base) == 200, "it was not resumed")
    world.dr.runs("engines-look").run("look", "zone=az2", program=program).exited(0)
    return pod["metadata"]["name"]


def settled(runs):
    return [record["state"] for record in runs.records() if record["kind"] == "settled"]


def in_flight(base):
    with urllib.request.urlopen(base + "/metrics", timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    return int(next(line for line in lines if line.startswith("vllm:num_requests_running")).split()[-1])


def post(base, path, body=None):
    data = json.dumps(body or {}).encode()
    with urllib.request.urlopen(urllib.request.Request(base + path, data), timeout=120) as answer:
        return answer.status


def asked(base, path):
    with urllib.request.urlopen(base + path, timeout=10) as answer:
        return json.load(answer)


def generate(base):
    try:
        return post(base, "/infer", {"prompt": "a question", "max_tokens": 4})
    except urllib.error.HTTPError as error:
        return error.code


CASES = (a_drained_engine_answers_what_it_has_and_takes_nothing_new_until_the_undo,)
