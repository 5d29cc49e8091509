// SPDX-License-Identifier: Apache-2.0

import DrActions
import DrData
import DrRun
import Testing

struct InferenceTests {
  private let second: Int64 = 1_000_000_000
  private let infer = #"POST http://10.1.0.5:8000/infer {"prompt":"ping","max_tokens":1}"#

  private func serving(_ turns: [Transcript.Turn]) -> Transcript.End {
    Transcript(turns).run(
      "inference.serving",
      ["url": "http://10.1.0.5:8000/", "api": "infer", "model": "m", "timeout": .int(3 * second)],
      .read)
  }

  @Test(
    "only generated text counts as serving",
    arguments: [
      (200, #"{"text":"x"}"#, true), (200, #"{"output":"x","model":"m"}"#, true),
      (200, #"{"response":" "}"#, true), (200, #"{"text":""}"#, false), (200, "ok", false),
      (200, #"{"text":"x","model":"other"}"#, false), (500, "", false), (404, "", false),
    ])
  func serves(status: Int, body: String, serves: Bool) {
    #expect(serving([turn(infer, status, body)]) == .finish(.bool(serves)))
  }

  @Test("no answer is not serving; saturation is waited out")
  func waits() {
    #expect(serving([turn(infer, .notSent("refused"))]) == .finish(false))
    #expect(serving([turn(infer, .lostAnswer("timeout"))]) == .finish(false))
    #expect(
      serving([
        turn(infer, 503, "", headers: [("retry-after", "1")]), sleep(1000),
        turn(infer, 429), sleep(1000), turn(infer, 200, #"{"text":"x"}"#),
      ]) == .finish(true))
    #expect(serving([turn(infer, 503, "", headers: [("retry-after", "3")])]) == .finish(false))
  }

  @Test("speaks the OpenAI protocol, where usage counts too")
  func openAI() {
    let order =
      #"POST http://h/v1/completions {"model":"m","prompt":"ping","max_tokens":1,"temperature":0}"#
    for (body, serves) in [
      (#"{"model":"m","choices":[{"text":"x"}]}"#, true),
      (#"{"choices":[{"text":""}],"usage":{"completion_tokens":1}}"#, true),
      (#"{"choices":[{"text":""}],"usage":{"completion_tokens":0}}"#, false),
    ] {
      #expect(
        Transcript([turn(order, 200, body)]).run(
          "inference.serving",
          ["url": "http://h", "api": "openai", "model": "m", "timeout": .int(second)], .read)
          == .finish(.bool(serves)))
    }
  }

  @Test("generating gives the text; an empty answer fails")
  func generates() {
    let arguments: Document = [
      "url": "http://h", "api": "infer", "model": "", "prompt": "hi", "max_tokens": 5,
      "timeout": .int(second),
    ]
    let order = #"POST http://h/infer {"prompt":"hi","max_tokens":5}"#
    let phase = CallPhase.perform(observed: observed(.null, ""))
    func generate(_ turns: [Transcript.Turn]) -> Transcript.End {
      Transcript(turns).run("inference.generate", arguments, phase)
    }
    #expect(generate([turn(order, 200, #"{"text":"hello"}"#)]) == .finish("hello"))
    #expect(
      generate([turn(order, 200, #"{"text":""}"#)])
        == .fail(.busy("http://h/infer generated nothing")))
    #expect(
      generate([turn(order, 400, #"{"error":{"message":"too long"}}"#)])
        == .fail(.refused("http://h/infer answers 400: too long")))
    #expect(generate([turn(order, .lostAnswer("reset"))]) == .fail(.unreachable("reset")))
  }

  @Test("canaries are sent at their pace, and the rate is of all that were sent")
  func probes() {
    func ok(_ elapsed: Int64) -> Transcript.Turn {
      turn(infer, 200, #"{"text":"x"}"#, elapsed: elapsed)
    }
    #expect(
      Transcript([
        ok(100_000_000), sleep(900), ok(second), turn(infer, 500, "", elapsed: 2 * second),
      ]).run(
        "probe.success_rate",
        [
          "url": "http://10.1.0.5:8000", "api": "infer", "model": "m", "over": .int(4 * second),
          "every": .int(second),
        ], .read) == .finish(666_666_666))
  }

  private let metrics = "GET http://h/metrics "
  private let completion =
    #"POST http://h/v1/completions {"model":"m","prompt":"ping","max_tokens":1,"temperature":0}"#

  private func counted(_ turns: [Transcript.Turn]) -> Transcript.End {
    Transcript(turns).run(
      "inference.serving",
      [
        "url": "http://h", "api": "openai", "model": "m", "timeout": .int(second), "counted": true,
      ], .read)
  }

  private func generated(_ count: Int, by engine: String = "vllm") -> String {
    "\(engine):generation_tokens_total{model_name=\"m\"} \(count)"
  }

  @Test("a token counts only where the engine has counted it, for vLLM and SGLang")
  func countedTokens() {
    let token = turn(completion, 200, #"{"choices":[{"text":"x"}]}"#)
    for engine in ["vllm", "sglang"] {
      let before = turn(metrics, 200, generated(7, by: engine))
      #expect(
        counted([before, token, turn(metrics, 200, generated(8, by: engine))]) == .finish(true))
      // A cache answered in its place.
      let same = turn(metrics, 200, generated(7, by: engine))
      let looks = [same, sleep(200), same, sleep(200), same, sleep(200), same, sleep(200), same]
      #expect(counted([before, token] + looks) == .finish(false))
      #expect(
        counted([before, token, same, sleep(200), turn(metrics, 200, generated(8, by: engine))])
          == .finish(true))
    }
    #expect(counted([turn(metrics, .notSent("refused"))]) == .finish(false))
    #expect(
      counted([turn(metrics, 200, "up 1")])
        == .fail(.refused("http://h/metrics has neither vLLM's nor SGLang's count of tokens")))
  }

  private func pause(_ turns: [Transcript.Turn], _ phase: CallPhase) -> Transcript.End {
    Transcript(turns).run(
      "inference.pause", ["url": "http://h", "timeout": .int(60 * second)], phase)
  }

  private func paused(_ value: Bool) -> Transcript.Turn {
    turn("GET http://h/is_paused ", 200, #"{"is_paused":\#(value)}"#)
  }

  private func running(_ count: Int) -> Transcript.Turn {
    turn(metrics, 200, "vllm:num_requests_running \(count)")
  }

  @Test("a paused engine is drained once nothing runs in it")
  func drains() {
    let perform = CallPhase.perform(observed: observed(.null, false))
    let settle = CallPhase.settle(observed: observed(.null, false))
    let order = turn("POST http://h/pause?mode=wait ", 200, #"{"status":"paused"}"#)
    #expect(pause([paused(false), order], perform) == .finish(false))
    // Paused by a life that was killed: what still runs is waited for by asking once more.
    #expect(pause([paused(true), running(2), order], perform) == .finish(false))
    #expect(pause([paused(true), running(0)], perform) == .finish(false))
    #expect(pause([paused(true), running(2)], settle) == settled("not_done"))
    #expect(pause([paused(true), running(0)], settle) == settled("done", false))
    #expect(pause([paused(true), turn(metrics, 404, "")], settle) == settled("done", false))
    #expect(
      pause([turn("GET http://h/is_paused ", 404, "")], perform)
        == .fail(
          .refused(
            "http://h cannot pause: vLLM serves it with VLLM_SERVER_DEV_MODE=1 only")))
    #expect(
      Transcript([paused(true), turn("POST http://h/resume ", 200, #"{"status":"resumed"}"#)]).run(
        "inference.resume", ["url": "http://h", "timeout": .int(second)],
        .perform(observed: observed(.null, true))) == .finish(true))
  }

  @Test("an engine says what it serves, each in its own words")
  func identities() {
    func identity(_ turns: [Transcript.Turn]) -> Transcript.End {
      Transcript(turns).run("inference.identity", ["url": "http://h"], .read)
    }
    let models = turn(
      "GET http://h/v1/models ", 200,
      #"{"data":[{"id":"m","root":"/models/m","max_model_len":8192},{"id":"adapter"}]}"#)
    #expect(
      identity([
        models, turn("GET http://h/model_info ", 404, ""),
        turn("GET http://h/version ", 200, #"{"version":"0.33.0"}"#),
      ])
        == .finish([
          "models": ["m", "adapter"], "longest": 8192, "engine": "vllm", "version": "0.33.0",
          "from": "/models/m", "revision": "",
        ]))
    #expect(
      identity([
        models,
        turn(
          "GET http://h/model_info ", 200, #"{"model_path":"/weights/m","weight_version":"r7"}"#),
      ])
        == .finish([
          "models": ["m", "adapter"], "longest": 8192, "engine": "sglang", "version": "",
          "from": "/weights/m", "revision": "r7",
        ]))
    #expect(
      identity([turn("GET http://h/v1/models ", 404, "")])
        == .fail(.refused("cannot list its models: http://h answers 404")))
  }
}
