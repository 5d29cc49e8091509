// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Testing

/// A build without the network watches nothing.
private var canWatch: Bool {
  (try? run(dr, ["--help"]).output.contains("watch")) ?? false
}

@Suite("dr watch", .enabled(if: canWatch))
struct WatchCommandTests {
  /// One process of it, with its log in a file.
  private final class Watcher {
    let process = Process()
    let log: String

    init(
      _ folder: String, _ name: String, _ words: [String] = [], environment: [String: String] = [:]
    ) throws {
      log = "\(folder)/\(name).log"
      _ = FileManager.default.createFile(atPath: log, contents: nil)
      process.executableURL = URL(fileURLWithPath: dr)
      process.arguments =
        [
          "watch", "watched.dr", "--listen", "127.0.0.1:0", "--store", "\(folder)/state",
        ] + words
      process.currentDirectoryURL = URL(fileURLWithPath: folder)
      process.environment = ["HOME": folder, "PATH": "/usr/bin:/bin"].merging(environment) { $1 }
      process.standardInput = FileHandle.nullDevice
      process.standardOutput = FileHandle(forWritingAtPath: log)
      process.standardError = FileHandle(forWritingAtPath: log)
      try process.run()
    }

    deinit { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }

    var text: String { (try? String(contentsOfFile: log, encoding: .utf8)) ?? "" }

    func says(_ words: String, times: Int = 1) throws {
      let end = Date(timeIntervalSinceNow: patience)
      while Date() < end {
        if text.components(separatedBy: words).count > times { return }
        try #require(process.isRunning, "it ended before it said “\(words)”: \(text)")
        usleep(50_000)
      }
      Issue.record("it did not say “\(words)”: \(text)")
    }

    func port() throws -> String {
      try says("listens on")
      let rest = text.components(separatedBy: "listens on 127.0.0.1:").last ?? ""
      return String(rest.prefix { $0.isNumber })
    }

    func ask(_ path: String, post body: String? = nil, token: String? = nil) throws -> String {
      var arguments = ["-s", "-w", "%{http_code}", "http://127.0.0.1:\(try port())\(path)"]
      if let body { arguments += ["-X", "POST", "--data-binary", body] }
      if let token { arguments += ["-H", "authorization: Bearer \(token)"] }
      return try run("/usr/bin/curl", arguments).output
    }

    func end(_ signal: Int32) {
      kill(process.processIdentifier, signal)
      process.waitUntilExit()
    }
  }

  private func inState(pause: String = "3s", _ body: (String) throws -> Void) throws {
    let document = try String(contentsOfFile: "\(root)/docs/watch.md", encoding: .utf8)
    let program = try #require(
      document.components(separatedBy: "```dr file=watched.dr\n").dropFirst().first?
        .components(separatedBy: "```").first)
    try inFolder { folder in
      try program.replacing("pause 3s", with: "pause \(pause)")
        .write(toFile: "\(folder)/watched.dr", atomically: true, encoding: .utf8)
      try body(folder)
    }
  }

  private func alert(_ zone: String, at start: String = "2026-11-27T18:00:00Z") -> String {
    """
    {"version": "4", "groupKey": "{}:{}", "status": "firing", "receiver": "dr", "alerts": [{
      "status": "firing", "labels": {"alertname": "ZoneDark", "zone": "\(zone)"},
      "startsAt": "\(start)", "fingerprint": "\(zone)"}]}
    """
  }

  @Test("an alert told twice starts one run, and another copy goes on where the first was killed")
  func takesOver() throws {
    // Long enough to be killed in.
    try inState(pause: "20s") { folder in
      let first = try Watcher(folder, "first")
      try first.says("leads")
      let second = try Watcher(folder, "second")
      try second.says("follows: another copy holds")
      #expect(try second.ask("/readyz") == "follows\n200")
      #expect(try second.ask("/alerts", post: alert("az1")).hasSuffix("503"))
      #expect(try first.ask("/alerts", post: alert("az1")) == "1 new, 0 known, 0 resolved\n200")
      #expect(try first.ask("/alerts", post: alert("az1")) == "0 new, 1 known, 0 resolved\n200")
      try first.says("… pause 20s")
      first.end(SIGKILL)
      try second.says("goes on: keep_serving.dark(az1)")
      try second.says("ended, succeeded")
      #expect(try second.ask("/alerts", post: alert("az1")) == "0 new, 1 known, 0 resolved\n200")
      let metrics = try second.ask("/metrics")
      #expect(metrics.contains("\ndr_watch_leader 1\n"))
      #expect(metrics.contains("\ndr_runs_finished_total{status=\"succeeded\"} 1\n"))
      second.end(SIGTERM)
      #expect(second.process.terminationStatus == 143)
      let runs = try run(dr, ["runs"], environment: ["DR_STATE": "\(folder)/state"]).output
      #expect(runs.split(separator: "\n").count == 1, "\(runs)")
      #expect(runs.contains("succeeded"))
    }
  }

  @Test("a run is gone on with in the clusters in which it began, and left to a person elsewhere")
  func staysInItsClusters() throws {
    try inState(pause: "20s\n  verify ready(chat, in: z) >= 0") { folder in
      for port in 1...2 {
        try """
        current-context: prod
        clusters: [{name: c, cluster: {server: "https://127.0.0.1:\(port)"}}]
        users: [{name: u, user: {token: t}}]
        contexts: [{name: prod, context: {cluster: c, user: u}}]
        """.write(toFile: "\(folder)/config\(port)", atomically: true, encoding: .utf8)
      }
      let first = try Watcher(folder, "first", environment: ["KUBECONFIG": "\(folder)/config1"])
      try first.says("leads")
      #expect(try first.ask("/alerts", post: alert("az1")) == "1 new, 0 known, 0 resolved\n200")
      try first.says("… pause 20s")
      first.end(SIGKILL)
      let moved = try Watcher(folder, "moved", environment: ["KUBECONFIG": "\(folder)/config2"])
      try moved.says(
        "is not run: it began in another cluster: then cluster prod: https://127.0.0.1:1 ")
      try moved.says("now cluster prod: https://127.0.0.1:2 (context prod, user u); if that is")
      moved.end(SIGTERM)
      let resumed = try run(
        dr, ["resume", "--store", "\(folder)/state"],
        environment: ["HOME": folder, "KUBECONFIG": "\(folder)/config2"], in: folder)
      #expect(resumed.status == 4)
      #expect(resumed.errors.contains("began in another cluster; nothing was done"))
      let again = try Watcher(folder, "again", environment: ["KUBECONFIG": "\(folder)/config1"])
      try again.says("goes on: keep_serving.dark(az1)")
      #expect(!again.text.contains("another cluster"))
      again.end(SIGKILL)
    }
  }

  @Test("who cannot open the lock of the store says so, and leads once it can")
  func unopenedLock() throws {
    try inState { folder in
      let lock = "\(folder)/state/watch.lock"
      try FileManager.default.createDirectory(atPath: lock, withIntermediateDirectories: true)
      let watch = try Watcher(folder, "only")
      try watch.says("nobody leads here: ")
      #expect(try watch.ask("/readyz") == "it is not known who leads\n503")
      try FileManager.default.removeItem(atPath: lock)
      try watch.says("leads\n")
      #expect(watch.text.components(separatedBy: "nobody leads here").count == 2)
      watch.end(SIGTERM)
    }
  }

  @Test("what is no payload starts nothing, and is told why")
  func badPayloads() throws {
    try inState { folder in
      let watch = try Watcher(folder, "only", environment: ["DR_WATCH_TOKEN": "s3cret"])
      try watch.says("leads")
      #expect(try watch.ask("/alerts", post: alert("az1")).hasSuffix("401"))
      #expect(try watch.ask("/alerts", post: alert("az1"), token: "s3cres").hasSuffix("401"))
      let bad: [(String, String)] = [
        ("{", "this is no JSON"), ("[]", "Alertmanager's payload is a JSON object"),
        (#"{"version": "3"}"#, #"version "3" of the payload is not known, only "4""#),
        (#"{"version": "4", "groupKey": "k"}"#, "`alerts` of the payload must be a list"),
        (
          #"{"version": "4", "groupKey": "k", "alerts": [{"status": "maybe"}]}"#,
          #"`status` of alert 1 must be firing or resolved, not "maybe""#
        ),
      ]
      for (body, sentence) in bad {
        let answer = try watch.ask("/alerts", post: body, token: "s3cret")
        #expect(answer.hasSuffix("400") && answer.contains(sentence), "\(answer)")
      }
      #expect(try watch.ask("/alerts?policy=none", post: "{}", token: "s3cret").hasSuffix("400"))
      #expect(try watch.ask("/alerts").hasSuffix("405"))
      #expect(try watch.ask("/").hasSuffix("404"))
      #expect(try watch.ask("/healthz") == "ok\n200")
      #expect(!watch.text.contains("begins"))
      watch.end(SIGINT)
      #expect(watch.process.terminationStatus == 130)
    }
  }

  @Test(
    "who may post alerts is read from a file each time, and what they post twice starts nothing twice"
  )
  func tokenFile() throws {
    try inState { folder in
      func write(_ token: String) throws {
        try token.write(toFile: "\(folder)/token", atomically: true, encoding: .utf8)
      }
      try write("")
      let empty = try run(
        dr, ["watch", "watched.dr", "--token-file", "token"],
        environment: ["DR_STATE": "\(folder)/other"], in: folder)
      #expect(empty.status == 2)
      #expect(empty.errors.contains("token holds no token"), "\(empty.errors)")
      try write("f1rst-c4nary\n")
      let watch = try Watcher(folder, "only", ["--token-file", "\(folder)/token"])
      try watch.says("leads")
      #expect(try watch.ask("/alerts", post: alert("az1")) == "it takes a bearer token\n401")
      #expect(try watch.ask("/alerts", post: "{}", token: "f1rst-c4nary").hasSuffix("400"))
      try write("sec0nd-c4nary")
      #expect(
        try watch.ask("/alerts", post: alert("az1"), token: "f1rst-c4nary")
          == "this is not the bearer token that it takes\n401")
      #expect(
        try watch.ask("/alerts", post: alert("az1"), token: "sec0nd-c4nary")
          == "1 new, 0 known, 0 resolved\n200")
      try FileManager.default.removeItem(atPath: "\(folder)/token")
      #expect(
        try watch.ask("/alerts", post: alert("az1"), token: "").hasSuffix("cannot be read now\n401")
      )
      #expect(!watch.text.contains("c4nary"))
      watch.end(SIGINT)
    }
  }

  @Test("connections that say nothing, and a flood of what is no payload, keep it from nothing")
  func flooded() throws {
    try inState { folder in
      let watch = try Watcher(folder, "only")
      try watch.says("leads")
      let port = try #require(UInt16(try watch.port()))
      let idle = (0..<300).map { _ in connected(to: port) }
      defer { for socket in idle { close(socket) } }
      let bad = (0..<20).map { "{\"version\": \"\($0 % 2)\"}" }
      for body in bad { #expect(try watch.ask("/alerts", post: body).hasSuffix("400")) }
      let deep = "\(folder)/deep"
      try Data(repeating: 0x5b, count: 500_000).write(to: URL(fileURLWithPath: deep))
      #expect(try watch.ask("/alerts", post: "@\(deep)").hasSuffix("400"))
      let large = "\(folder)/large"
      try Data(repeating: 0x5b, count: 2 << 20).write(to: URL(fileURLWithPath: large))
      #expect(try watch.ask("/alerts", post: "@\(large)").hasSuffix("413"))
      let answer = try watch.ask("/alerts", post: alert("az1"))
      #expect(answer == "1 new, 0 known, 0 resolved\n200")
      try watch.says("begins: keep_serving.dark(az1)")
      try watch.says("ended, succeeded")
      watch.end(SIGTERM)
      #expect(watch.process.terminationStatus == 143)
    }
  }

  private func connected(to port: UInt16) -> Int32 {
    let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = in_addr_t(0x7f00_0001).bigEndian
    _ = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    return socket
  }

  @Test("a program without policies, or a place that is no address, is refused at once")
  func refusals() throws {
    try inFolder { folder in
      try "let a = 1\n".write(toFile: "\(folder)/a.dr", atomically: true, encoding: .utf8)
      let none = try run(dr, ["watch", "a.dr"], in: folder)
      #expect(none.status == 1)
      #expect(none.errors == "a.dr has no policy: there is nothing to watch\n")
      #expect(try run(dr, ["watch", "a.dr", "--listen", "here"], in: folder).status == 2)
      #expect(try run(dr, ["watch", "a.dr", "--lease", "only-a-name"], in: folder).status == 2)
    }
  }
}
