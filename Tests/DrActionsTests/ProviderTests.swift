// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun
import Testing

@testable import DrActions

/// The API of a provider as a value: what it shows, when, and what a write makes of it.
private struct Provider {
  var shown: Document
  /// How often a GET still shows what was there before a write.
  var lag = 0
  var version = 1
  var sendsTags = true
  /// Answers to writes, instead of carrying them out.
  var refusals: [(status: Int, retryAfter: String?)] = []
  /// What somebody else writes when the next write is on its way.
  var intruder: Document?
  var losesAnswer = false
  /// Health URLs and their statuses.
  var health: [String: Int] = [:]
  private(set) var writes: [HTTPRequest] = []
  private(set) var slept: Int64 = 0
  private var stale: (document: Document, left: Int)?

  init(_ shown: Document) { self.shown = shown }

  static let pools: Document = [
    "success": true,
    "result": [
      "name": "chat.example.net",
      "random_steering": [
        "default_weight": 0, "pool_weights": ["p1": 1, "p2": 0, "other": .float(0.5)],
      ],
    ],
  ]
  static let cloudflare: [(String, Document)] = [
    ("url", "https://api.example.net/lb/1"), ("whole", 1), ("decimals", 2), ("part", "/result"),
    (
      "paths",
      [
        "az1": "/result/random_steering/pool_weights/p1",
        "az2": "/result/random_steering/pool_weights/p2",
      ]
    ),
  ]

  mutating func run(
    _ name: String, _ phase: CallPhase, _ weights: Document = [:],
    _ more: [(String, Document)] = Provider.cloudflare
  ) -> Transcript.End {
    var arguments = DocumentObject([
      ("name", "front"), ("domain", "chat.example.net"), ("whole", 100), ("decimals", 0),
      ("headers", ["Authorization": "Bearer env:TOKEN"]), ("method", "PATCH"), ("write_url", ""),
      ("part", ""), ("body", .object(DocumentObject())), ("weights", weights),
      ("patience", 5_000_000_000), ("health", .object(DocumentObject())),
      ("even_if_unhealthy", false),
    ])
    for (name, value) in more { arguments[name] = value }
    let call = WorldCall(
      name: name, arguments: arguments, effect: phase == .read ? .reads : .acts,
      actClass: phase == .read ? nil : .verify, key: "run/1")
    return Transcript.drive(call, phase) { step in
      switch step {
      case .send(.http(let request)): return answer(request)
      case .sleep(let nanoseconds): slept += nanoseconds
      case .send(let request): Issue.record("not for a provider: \(request)")
      case .finish, .fail: break
      }
      return nil
    }
  }

  private mutating func answer(_ request: HTTPRequest) -> Reply.Answer {
    if let status = health[request.url] {
      return .response(status: status, headers: [], body: [])
    }
    // What is secret is named, and nothing more.
    #expect(request.headers.contains(.init("authorization", "Bearer env:TOKEN")))
    guard request.method != .get else {
      var document = shown
      if let stale, stale.left > 0 {
        document = stale.document
        self.stale?.left -= 1
      }
      let tags = sendsTags ? [HTTPRequest.Header("etag", "\"\(version)\"")] : []
      return .response(status: 200, headers: tags, body: Array(JSON.write(document).utf8))
    }
    writes.append(request)
    if let intruder {
      shown = intruder
      version += 1
      self.intruder = nil
    }
    let tag = request.headers.first { $0.name == "if-match" }?.value
    if let tag, tag != "\"\(version)\"" { return .response(status: 412, headers: [], body: []) }
    if !refusals.isEmpty {
      let refusal = refusals.removeFirst()
      let headers = refusal.retryAfter.map { [HTTPRequest.Header("retry-after", $0)] } ?? []
      return .response(
        status: refusal.status, headers: headers, body: Array("{\"error\":\"no\"}".utf8))
    }
    stale = (shown, lag)
    version += 1
    let body = (try? JSON.parse(request.body)) ?? .null
    shown = Self.merged(shown, ["result": body])
    return losesAnswer
      ? .failure(.lostAnswer("closed")) : .response(status: 200, headers: [], body: [])
  }

  /// RFC 7386.
  private static func merged(_ old: Document, _ patch: Document) -> Document {
    guard case .object(var object) = old, case .object(let changes) = patch else { return patch }
    for (name, value) in changes.members {
      object[name] = merged(object[name] ?? .null, value)
    }
    return .object(object)
  }
}

struct ProviderTests {
  private let all: Int64 = 1_000_000_000
  private let target = "chat.example.net at api.example.net"

  private func shift(_ az1: Int64, _ az2: Int64) -> Document {
    ["az1": .int(az1 * 10_000_000), "az2": .int(az2 * 10_000_000)]
  }

  private func seen(_ az1: Int64, _ az2: Int64) -> Document {
    observed(["weights": [.int(az1), .int(az2)]], ["az1": .int(all), "az2": 0])
  }

  @Test("reads the shares where the paths lead, with a point or without")
  func reads() {
    var provider = Provider(Provider.pools)
    #expect(provider.run("provider.weights", .read) == .finish(["az1": .int(all), "az2": 0]))
    provider = Provider([
      "routingPolicy": [
        "wrr": [
          "items": [
            ["weight": 30, "rrdatas": ["192.0.2.20"]],
            ["weight": .float(10), "rrdatas": ["192.0.2.10"]],
          ]
        ]
      ]
    ])
    let google: [(String, Document)] = [
      ("url", "https://dns.example.net/rrsets/chat"),
      (
        "paths",
        [
          "az1": "/routingPolicy/wrr/items/rrdatas.0=192.0.2.10/weight",
          "az2": "/routingPolicy/wrr/items/rrdatas.0=192.0.2.20/weight",
        ]
      ),
    ]
    #expect(
      provider.run("provider.weights", .read, [:], google)
        == .finish(["az1": 250_000_000, "az2": 750_000_000]))
  }

  @Test("says what is not where it should be")
  func misses() {
    var provider = Provider(["result": ["random_steering": ["pool_weights": ["p1": "x"]]]])
    #expect(
      provider.run("provider.weights", .read)
        == .fail(
          .refused(
            "GET https://api.example.net/lb/1 shows no weight of az1 at "
              + "/result/random_steering/pool_weights/p1 but \"x\"")))
    provider = Provider(["result": [:]])
    #expect(
      provider.run("provider.weights", .read)
        == .fail(
          .refused(
            "GET https://api.example.net/lb/1 shows nothing at "
              + "/result/random_steering/pool_weights/p1, where the weight of az1 should be")))
  }

  @Test("shows what would change, and that nobody looks at health")
  func observes() {
    var provider = Provider(Provider.pools)
    #expect(
      provider.run("provider.set_weights", .observe, shift(0, 100))
        == .finish([
          "target": .string(target),
          "changes": [
            "weight of az1 1 → 0", "weight of az2 0 → 1",
            "not looked at is whether it is healthy: az2 (the front declares no health of it)",
          ],
          "permissions": ["GET and PATCH of chat.example.net at api.example.net"],
          "state": ["weights": [100, 0]], "result": ["az1": .int(all), "az2": 0],
        ]))
    #expect(provider.writes.isEmpty)
  }

  @Test(
    "writes what leads to the weights, under the tag that was seen, and waits until it is shown")
  func performs() {
    var provider = Provider(Provider.pools)
    provider.lag = 3
    #expect(
      provider.run("provider.set_weights", .perform(observed: seen(100, 0)), shift(25, 75))
        == .finish(["az1": .int(all), "az2": 0]))
    #expect(provider.writes.count == 1)
    let write = provider.writes[0]
    #expect(
      String(decoding: write.body, as: UTF8.self)
        == "{\"random_steering\":{\"pool_weights\":{\"p1\":0.25,\"p2\":0.75}}}")
    #expect(write.headers.contains(.init("if-match", "\"1\"")))
    #expect(write.headers.contains(.init("idempotency-key", "run/1")))
    #expect(provider.slept == 3_000_000_000)
    // What is so already is sent no more.
    #expect(
      provider.run("provider.set_weights", .perform(observed: seen(100, 0)), shift(25, 75))
        == .finish(["az1": .int(all), "az2": 0]))
    #expect(provider.writes.count == 1)
  }

  @Test("a PUT sends the whole part with the new weights, and a body of the program goes as it is")
  func bodies() {
    var provider = Provider(Provider.pools)
    provider.sendsTags = false
    _ = provider.run(
      "provider.set_weights", .perform(observed: seen(100, 0)), shift(0, 100),
      Provider.cloudflare + [("method", "PUT")])
    #expect(
      provider.writes.map { String(decoding: $0.body, as: UTF8.self) } == [
        "{\"name\":\"chat.example.net\",\"random_steering\":{\"default_weight\":0,\"pool_weights\":"
          + "{\"p1\":0,\"p2\":1,\"other\":0.5}}}"
      ])
    #expect(!provider.writes[0].headers.contains { $0.name == "if-match" })
    provider = Provider(Provider.pools)
    _ = provider.run(
      "provider.set_weights", .perform(observed: seen(100, 0)), shift(0, 100),
      Provider.cloudflare + [
        ("body", ["weights": [0, 1]]), ("method", "POST"), ("patience", 0),
        ("write_url", "https://api.example.net/set"),
      ])
    #expect(provider.writes.map(\.url) == ["https://api.example.net/set"])
    #expect(
      provider.writes.map { String(decoding: $0.body, as: UTF8.self) } == ["{\"weights\":[0,1]}"])
  }

  @Test("looks again after 412 and 429, and overwrites nobody")
  func conflicts() {
    var provider = Provider(Provider.pools)
    provider.refusals = [(429, "2"), (412, nil)]
    #expect(
      provider.run("provider.set_weights", .perform(observed: seen(100, 0)), shift(0, 100))
        == .finish(["az1": .int(all), "az2": 0]))
    let keys = provider.writes.compactMap { $0.headers.first { $0.name == "idempotency-key" } }
    #expect(keys.map(\.value) == ["run/1", "run/1/2", "run/1/3"])
    #expect(provider.slept >= 2_000_000_000)

    provider = Provider(Provider.pools)
    provider.intruder = [
      "result": ["random_steering": ["pool_weights": ["p1": .float(0.5), "p2": .float(0.5)]]]
    ]
    #expect(
      provider.run("provider.set_weights", .perform(observed: seen(100, 0)), shift(0, 100))
        == .fail(
          .refused(
            "\(target) was changed by somebody else since it was looked at: it shows az1 0.5, az2 "
              + "0.5; find out who changes it, then run again")))
    #expect(provider.writes.count == 1)
  }

  @Test("refuses an empty set, an unknown zone and what the provider refuses")
  func refuses() {
    var provider = Provider(Provider.pools)
    #expect(
      provider.run("provider.set_weights", .observe, shift(0, 0))
        == .fail(.refused("\(target) would be left without any weight")))
    #expect(
      provider.run("provider.set_weights", .observe, ["az9": .int(all)])
        == .fail(.refused("\(target): where the weight of az9 stands is not known")))
    provider.refusals = [(422, nil)]
    #expect(
      provider.run("provider.set_weights", .perform(observed: seen(100, 0)), shift(0, 100))
        == .fail(
          .refused("PATCH https://api.example.net/lb/1 answers 422: {\"error\":\"no\"}")))
    provider.refusals = [(502, nil)]
    #expect(
      provider.run("provider.set_weights", .perform(observed: seen(100, 0)), shift(0, 100))
        == .fail(
          .inDoubt("PATCH https://api.example.net/lb/1 answers 502: {\"error\":\"no\"}")))
  }

  @Test("a doubt is settled by what is shown, however late that is")
  func settles() {
    var provider = Provider(Provider.pools)
    provider.losesAnswer = true
    provider.lag = 3
    let before = seen(100, 0)
    #expect(
      provider.run("provider.set_weights", .perform(observed: before), shift(0, 100))
        == .fail(.inDoubt("closed")))
    #expect(
      provider.run("provider.set_weights", .settle(observed: before), shift(0, 100))
        == settled("done", ["az1": .int(all), "az2": 0]))
    #expect(
      provider.run("provider.set_weights", .settle(observed: seen(0, 100)), shift(50, 50))
        == settled("not_done"))
    #expect(
      provider.run("provider.set_weights", .settle(observed: seen(30, 70)), shift(50, 50))
        == settled("unknown"))
    provider.lag = 100
    provider.losesAnswer = false
    #expect(
      provider.run("provider.set_weights", .perform(observed: seen(0, 100)), shift(50, 50))
        == .fail(
          .inDoubt(
            "\(target) has taken az1 0.5, az2 0.5, and still shows az1 0, az2 1 after 5s")))
  }

  @Test("does not empty a zone while the only other one fails its health URL")
  func health() {
    var provider = Provider(Provider.pools)
    provider.health = ["https://az2.example.net/health": 503]
    let declared = Provider.cloudflare + [("health", ["az2": "https://az2.example.net/health"])]
    func hindrance(_ end: Transcript.End) -> Document? {
      if case .finish(let document) = end { document["hindrance"] } else { nil }
    }
    #expect(
      hindrance(provider.run("provider.set_weights", .observe, shift(0, 100), declared))
        == .string(
          "\(target): az1 would lose the last requests, and none of the zones that keep a share is "
            + "healthy: az2 (https://az2.example.net/health answers 503)"))
    #expect(
      hindrance(provider.run("provider.set_weights", .observe, shift(10, 90), declared)) == nil)
    let forced = provider.run(
      "provider.set_weights", .observe, shift(0, 100), declared + [("even_if_unhealthy", true)])
    #expect(hindrance(forced) == nil)
    if case .finish(let document) = forced {
      #expect(
        document["changes"]?.arrayValue?.last
          == "not looked at is whether az2 is healthy (even_if_unhealthy)")
    }
    provider.health = ["https://az2.example.net/health": 204]
    #expect(
      hindrance(provider.run("provider.set_weights", .observe, shift(0, 100), declared)) == nil)
  }
}

struct ProviderPathTests {
  private let document: Document = [
    "a/b": ["~": [1, 2]], "items": [["name": "x", "w": 1], ["name": "y", "w": 2]],
  ]

  @Test(
    "finds values by names, places and members of elements",
    arguments: [
      ("/a~1b/~0/1", "2"), ("/items/name=y/w", "2"), ("/items/0/w", "1"),
      ("/items/w=2/name", "\"y\""),
      ("/items/name=z/w", "-"), ("/items/2", "-"), ("/items/w", "-"), ("/none", "-"),
    ])
  func finds(path: String, value: String) throws {
    let found = try #require(ProviderPath(path)).value(in: document)
    #expect(found.map { JSON.write($0) } ?? "-" == value)
  }

  @Test("puts a value in place and leaves the rest, and makes no places")
  func puts() throws {
    let path = try #require(ProviderPath("/items/name=y/w"))
    #expect(
      path.putting(9, into: document)?["items"]
        == [["name": "x", "w": 1], ["name": "y", "w": 9]])
    #expect(try #require(ProviderPath("/items/name=z/w")).putting(9, into: document) == nil)
    #expect(try #require(ProviderPath("/new")).putting(9, into: document) == nil)
    #expect(ProviderPath("items") == nil)
  }
}
