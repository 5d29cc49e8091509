// SPDX-License-Identifier: Apache-2.0

import DrActions
import DrData
import DrRun
import Testing

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

struct RegistryTests {
  /// Names and effects of the table in docs/drivers.md.
  private func documented() throws -> [(name: String, acts: Bool)] {
    var path = #filePath.split(separator: "/").dropLast(3)
    path += ["docs", "drivers.md"]
    let text = try String(
      contentsOfFile: "/" + path.joined(separator: "/"), encoding: .utf8)
    var rows: [(name: String, acts: Bool)] = []
    for line in text.split(separator: "\n") where line.hasPrefix("| `") {
      let cells = line.split(separator: "|")
      for name in cells[0].split(separator: "`") where name.contains(".") {
        rows.append((String(name), cells[1].contains("acts")))
      }
    }
    return rows.sorted { $0.name < $1.name }
  }

  @Test("docs/drivers.md and the registry name the same functions, in order")
  func sameNames() throws {
    let documented = try documented()
    #expect(documented.map(\.name) == Drivers.names)
    #expect(Drivers.names == Drivers.names.sorted())
    for (name, acts) in documented { #expect(Drivers.acts(name) == acts, "\(name)") }
  }

  @Test("a call that no driver has, or that is asked the wrong way, is unavailable")
  func unavailable() {
    #expect(
      Transcript([]).run("kube.explode", [:], .read)
        == .fail(.unavailable("no driver is called kube.explode")))
    #expect(
      Transcript([]).run("kube.reachable", ["cluster": "a"], .observe)
        == .fail(.unavailable("kube.reachable cannot be asked that way")))
  }

  @Test("arguments of another type are refused by name")
  func mismatch() {
    #expect(
      Transcript([]).run(
        "kube.scale", ["cluster": "a", "namespace": "n", "name": "d", "replicas": "2"], .observe)
        == .fail(.refused("kube.scale: the argument `replicas` must be a whole number")))
    #expect(
      Transcript([]).run("kube.pods", ["cluster": "a", "selector": ["a": [1]]], .read)
        == .fail(
          .refused("kube.pods: the argument `selector` must be an Object of label values")))
  }
}
