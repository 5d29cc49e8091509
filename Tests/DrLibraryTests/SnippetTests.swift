// SPDX-License-Identifier: Apache-2.0
//
// The code of the documentation, compiled and run. A test compares the two texts.

import Dr
import Foundation
import Testing

// swift-format-ignore-file

@Suite("The documentation's code")
struct SnippetTests {
  @Test func overview() throws {
    let program = try Engine().load(
      source: #"""
        input region: String
        let zones = ["\(region)-az1", "\(region)-az2"]
        """#,
      inputs: ["region": "cn-beijing"])
    let zones: [String] = try program.value(of: "zones")
    #expect(zones == ["cn-beijing-az1", "cn-beijing-az2"])
  }

  @Test func evaluateSomething() throws {
    let engine = Engine(limits: Limits(fuel: 1_000_000, memory: .mebibytes(16), depth: 500))
    let program = try engine.load(
      source: """
        input replicas: Int = 2
        let wait = 30s * replicas
        fn enough(n: Int) -> Bool = n >= replicas
        """,
      name: "policy.dr", inputs: ["replicas": 3])

    let wait: Duration = try program.value(of: "wait")
    let sum: Int = try program.evaluate("replicas + 1")
    let enough = try program.function("enough", as: ((Int) -> Bool).self)
    let isEnough = try enough(4)
    #expect(wait == .seconds(90) && sum == 4 && isEnough)
  }

  @Test func readAModel() throws {
    let program = try Engine(files: FolderFiles(root: "\(repository)/examples/deepseek-cross-az"))
      .load(file: "deepseek.dr")
    struct Service: Decodable {
      var label: String
      var replicas: Int
      var zones: [String]
      var objective: Objective
    }
    struct Objective: Decodable { var rto: Duration }

    let service = try program.value(of: "deepseek", as: Service.self)
    #expect(service.zones == ["cn-beijing-az1", "cn-beijing-az2"] && service.replicas == 2)
  }

  @Test func offerFunctions() throws {
    var engine = Engine()
    try engine.register(
      """
      ## Requests that a zone serves per second.
      reads fn now_serving(zone: String) -> Rate
      """
    ) { (zone: String) in Rate(perSecond: zone == "az1" ? 50 : 0) }

    let program = try engine.load(
      source: """
        use host
        reads fn is_idle(zone: String) -> Bool = now_serving(zone) == 0rps
        """)
    let isIdle: Bool = try program.evaluate("is_idle(\"az2\")")
    #expect(isIdle)
  }

  @Test func answerLater() throws {
    var engine = Engine()
    try engine.declare("reads fn approved(by: String) -> Bool")
    let program = try engine.load(
      source: """
        use host
        reads fn go() -> Bool = approved(by: "oncall")
        """)

    let evaluation = try program.start("go()")
    while case .call(let request) = try evaluation.next() {
      try evaluation.resume(with: request["by"] == "oncall")
    }
    let isApproved: Bool = try evaluation.finish()
    #expect(isApproved)
  }

  @Test func somethingIsWrong() throws {
    do {
      _ = try Engine().load(source: "let wait = 5m + 16Gi\n", name: "policy.dr")
    } catch {
      print(error)
    }
  }

  @Test("is this code")
  func documentation() throws {
    let here = flat(try String(contentsOfFile: #filePath, encoding: .utf8))
    var count = 0
    for article in ["Dr.md", "GettingStarted.md"] {
      let text = try String(
        contentsOfFile: "\(repository)/Sources/Dr/Dr.docc/\(article)", encoding: .utf8)
      for part in text.components(separatedBy: "```swift\n").dropFirst() {
        let code = part.components(separatedBy: "```")[0].replacing("import Dr\n", with: "")
        #expect(here.contains(flat(code)), "\(article) has code that is not in this file:\n\(code)")
        count += 1
      }
    }
    #expect(count == 6)
  }

  /// Lines without their margins.
  private func flat(_ text: String) -> String {
    text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
      .filter { !$0.isEmpty }.joined(separator: "\n")
  }
}
