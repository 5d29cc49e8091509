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

  /// `dr import -` with a text on standard input.
  private func importing(_ text: String, _ options: String) throws -> Outcome {
    var outcome: Outcome?
    try inFolder { folder in
      let file = "\(folder)/in.yaml"
      try text.write(toFile: file, atomically: true, encoding: .utf8)
      outcome = try run("/bin/sh", ["-c", "exec \(dr) import - \(options) < \(file)"])
    }
    return try #require(outcome)
  }

  @Test("an app that does not say what it needs becomes a service with --needs")
  func needs() throws {
    let app = """
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: web}
      spec:
        selector: {matchLabels: {app: web}}
        template:
          metadata: {labels: {app: web}}
          spec: {containers: [{name: web, image: "registry.example.net/web:1", ports: [{containerPort: 80}]}]}

      """
    let plain = try importing(app, "--zones a,b")
    #expect(plain.status == 0, "\(plain.errors)")
    #expect(plain.errors.contains("no service: it does not say how much CPU and memory it needs"))
    let given = try importing(app, "--zones a,b --needs 100m,128Mi")
    #expect(given.status == 0, "\(given.errors)")
    #expect(given.output.contains("needs { cpu = 0.1, memory = 128Mi }"))
    #expect(given.errors.contains("it gets a limit of memory, 128Mi, as --needs says"))
    #expect(given.errors.contains("1 in 1 service, 0 word for word; compiled again they are equal"))
    for wrong in ["much", "100m", "0,1Gi", "1,2X"] {
      #expect(try importing(app, "--needs \(wrong)").status == 2)
    }
  }

  @Test("what later versions of Kubernetes do not have is imported for the last one that has it")
  func oldest() throws {
    let old = """
      apiVersion: networking.k8s.io/v1beta1
      kind: Ingress
      metadata: {name: web}
      spec: {backend: {serviceName: web, servicePort: 80}}
      ---
      apiVersion: rbac.authorization.k8s.io/v1
      kind: ClusterRole
      metadata: {name: "system:web"}
      rules: []

      """
    let outcome = try importing(old, "")
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.output.contains("kubernetes = \"1.21\""))
    #expect(
      outcome.errors.contains(
        "for Kubernetes 1.21: no later one has Ingress web in networking.k8s.io/v1beta1\n"))
    #expect(try importing(old, "--target kubernetes=1.30").status == 1)
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
