// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@Suite("dr import and dr graph")
struct ImportCommandTests {
  private let manifests = "Tests/Corpus/manifests"

  @Test("import reads a folder, writes a program that compiles, and says what became of everything")
  func folder() throws {
    try inFolder { folder in
      let file = "\(folder)/all.dr"
      let outcome = try run(dr, ["import", manifests, "--cluster", "prod", "-o", file])
      #expect(outcome.status == 0, "\(outcome.errors)")
      #expect(outcome.output == "")
      #expect(outcome.errors.contains("service catalogue: Deployment shop/catalogue"))
      #expect(outcome.errors.contains("no service: pod.initContainers"))
      #expect(outcome.errors.contains("left out Secret shop/orders-database"))
      #expect(outcome.errors.contains("compiled again they are equal"))
      #expect(try run(dr, ["compile", file]).status == 0)
      #expect(try run(dr, ["fmt", "--check", file]).status == 0)
    }
  }

  @Test("what cannot be read is told with its place; nothing to read is wrong usage")
  func refusals() throws {
    try inFolder { folder in
      let file = "\(folder)/broken.yaml"
      try "a: [1,\n".write(toFile: file, atomically: true, encoding: .utf8)
      let broken = try run(dr, ["import", file])
      #expect(broken.status == 1)
      #expect(broken.errors.contains("broken.yaml:2:"))
      try "kind: Kustomization\n".write(toFile: file, atomically: true, encoding: .utf8)
      let other = try run(dr, ["import", file])
      #expect(other.status == 1)
      #expect(other.errors.contains("it has no apiVersion, kind and metadata.name together"))
      #expect(try run(dr, ["import"]).status == 2)
      #expect(try run(dr, ["import", "\(folder)/nowhere.yaml"]).status == 2)
    }
  }

  @Test("graph writes SVG, Mermaid and DOT, the same each time")
  func graph() throws {
    for (format, beginning) in [("svg", "<svg "), ("mermaid", "---\ntitle:"), ("dot", "digraph ")] {
      let first = try run(dr, ["graph", scenario, "--format", format])
      #expect(first.status == 0)
      #expect(first.output.hasPrefix(beginning))
      #expect(first.output.contains("DeepSeek inference, redundant across two zones"))
      #expect(try run(dr, ["graph", scenario, "--format", format]).output == first.output)
    }
  }
}
