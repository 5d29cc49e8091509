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
}
