// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrEval
import DrSema
import Foundation
import Testing

/// What `stdlib` declares as `native` is there: pure functions in DrEval, calls on the world in
/// docs/drivers.md.
@Suite struct NativeTests {
  struct Native: Sendable, CustomTestStringConvertible {
    let name: String
    let effect: Effect
    let actClass: ActClass?
    let labels: [String]
    var testDescription: String { name }
  }

  static let declared: [Native] = {
    let program = check(
      "use kubernetes, inference, traffic, alerting, chaos", backends: true
    ).program
    return program.functions.compactMap { function in
      guard case .native(let name, let actClass) = function.body else { return nil }
      return Native(
        name: name, effect: function.effect, actClass: actClass,
        labels: function.parameters.map(\.label))
    }
  }()

  /// The rows of the table of drivers: name, effect and class, arguments.
  static let documented: [String: (effect: String, arguments: [String])] = {
    let data = FileManager.default.contents(atPath: Repository.path("docs/drivers.md")) ?? Data()
    var rows: [String: (effect: String, arguments: [String])] = [:]
    for line in String(decoding: data, as: UTF8.self).split(separator: "\n") {
      let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
      guard cells.count >= 3, cells[0].hasPrefix("`") else { continue }
      // `weights (object server: percent)`: what stands in parentheses explains; `timeout (optional
      // …)`.
      let plain = cells[2].replacing(/\s\(optional[^)]*\)/, with: "?")
        .replacing(/\s\([^)]*\)/, with: "")
      let arguments = plain.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
      for name in cells[0].split(separator: ",") {
        rows[name.trimmingCharacters(in: CharacterSet(charactersIn: " `"))] = (cells[1], arguments)
      }
    }
    return rows
  }()

  @Test("there are natives of every kind") func kinds() {
    #expect(Self.declared.contains { $0.effect == .pure })
    #expect(Self.declared.contains { $0.effect == .reads })
    #expect(Self.declared.contains { $0.effect == .acts })
    #expect(Self.documented.count > 10)
  }

  @Test("a pure native is bound, with as many parameters", arguments: declared)
  func bound(_ native: Native) throws {
    guard native.effect == .pure else { return }
    let found = try #require(Natives.all.first { $0.name == native.name })
    let inside = found.signature.dropFirst().prefix { $0 != ")" }
    let count = inside.isEmpty ? 0 : inside.split(separator: ",").count
    #expect(count == native.labels.count, "\(found.signature)")
  }

  @Test("an act of the library says how it is settled when in doubt")
  func actClass() {
    var options = CheckOptions()
    options.bindsNatives = true
    let checker = Checker(loader: MemoryLoader(), options: options)
    let text = """
      acts fn f(a: Int) -> Int = native "x.f"
      acts fn g(a: Int) -> Int = native "x.g" sometimes
      acts fn h(a: Int) -> Int = native "x.h" once
      """
    checker.check(path: "main.dr", bytes: Array(text.utf8))
    #expect(
      checker.diagnostics.map(\.code) == [.missingField, .unknownName], "\(checker.rendered)")
  }

  @Test("a file of the library may be checked by itself, one that was changed may not")
  func libraryFile() throws {
    let bytes = try #require(MemoryLoader.library["objects"])
    for (path, end, isRight) in [
      ("stdlib/objects.dr", "", true), ("objects.dr", "", true),
      ("stdlib/objects.dr", "\n# mine\n", false),
      ("mine.dr", "", false),
    ] {
      let checker = Checker(loader: MemoryLoader())
      checker.check(path: path, bytes: bytes + Array(end.utf8))
      #expect(checker.diagnostics.isEmpty == isRight, "\(path)")
      #expect(checker.diagnostics.allSatisfy { $0.code == .unexpectedToken })
    }
  }

  @Test("a call on the world is documented, with its effect and arguments", arguments: declared)
  func documented(_ native: Native) throws {
    guard native.effect != .pure, !native.name.hasPrefix("sim."),
      !["runs.failovers", "alerts.firing"].contains(native.name)
    else { return }
    let row = try #require(Self.documented[native.name])
    let effect =
      native.effect == .reads ? "reads" : "acts, \(native.actClass?.rawValue ?? "no class")"
    #expect(row.effect == effect)
    let arguments = row.arguments.filter {
      !$0.hasSuffix("?") || native.labels.contains("\($0.dropLast())")
    }
    #expect(arguments.map { $0.trimmingCharacters(in: ["?"]) } == native.labels)
  }
}
