// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrLint
import Testing

private let autoscaler = """
  # Of the old cluster.
  apiVersion: autoscaling/v2beta2
  kind: HorizontalPodAutoscaler
  metadata:
    name: web
  spec:
    scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: web }
    maxReplicas: 4
  ---
  apiVersion: apps/v1
  kind: Deployment
  metadata: { name: web }
  spec:
    template:
      spec:
        containers:
          - name: web
            image: "registry.example.net/web:1"
  """

@Suite struct ManifestTests {
  @Test("YAML that no program made is looked at, and findings point into it")
  func places() throws {
    let (report, sources) = try lint(yaml: autoscaler, version: "1.26")
    #expect(report.findings.map(\.shownCode) == ["DR201"])
    let span = try #require(report.findings.first?.span)
    #expect(sources.location(span) == "web.yaml:2")
    #expect(sources.text(span) == "autoscaling/v2beta2")
  }

  @Test("a finding depends on the version of the cluster")
  func version() throws {
    #expect(try lint(yaml: autoscaler, version: "1.25").report.findings == [])
    #expect(try lint(yaml: autoscaler).report.findings.map(\.shownCode) == ["DR201"])
  }

  @Test("what is mended safely says so, in the text's own quotes")
  func fixes() throws {
    let plain = try lint(yaml: autoscaler, version: "1.26").report.findings[0].fixes
    #expect(plain.map(\.replacement) == ["autoscaling/v2"])
    #expect(plain.map(\.applicability) == [.safe])
    let quoted = autoscaler.replacing("autoscaling/v2beta2", with: "\"autoscaling/v2beta2\"")
    let fixes = try lint(yaml: quoted, version: "1.26").report.findings[0].fixes
    #expect(fixes.map(\.replacement) == ["\"autoscaling/v2\""])
  }

  @Test("a comment allows a finding in YAML, and one that allows nothing is told")
  func suppressions() throws {
    let above =
      "# dr:allow DR201 until May\n"
      + autoscaler.split(separator: "\n").dropFirst()
      .joined(separator: "\n")
    #expect(try lint(yaml: above, version: "1.26").report.allowed == 1)
    let behind = autoscaler.replacing("v2beta2", with: "v2beta2 # dr:allow removed-api until May")
    #expect(try lint(yaml: behind, version: "1.26").report.findings == [])
    let elsewhere = autoscaler.replacing("kind: H", with: "# dr:allow DR201 until May\nkind: H")
    #expect(
      try lint(yaml: elsewhere, version: "1.26").report.findings.map(\.shownCode) == [
        "DR201", "E0704",
      ])
  }

  @Test(
    "what cannot be read is told with its place",
    arguments: [
      ("a: [1", 1), ("kind: Service\n", 1), ("- 1\n- 2\n", 1),
      ("apiVersion: v1\nkind: List\nitems:\n  - kind: Service\n", 4),
    ])
  func unreadable(_ text: String, _ line: Int) throws {
    let (report, sources) = try lint(yaml: text)
    #expect(report.failures.map(\.code) == [.unreadableManifest])
    let span = try #require(report.failures.first?.span)
    #expect(sources.location(span) == "web.yaml:\(line)")
    #expect(report.exitStatus() == 7)
  }

  @Test("characters of several bytes before a value do not move its place")
  func unicode() throws {
    let text = autoscaler.replacing(
      "metadata:\n  name: web\nspec:", with: "metadata: { name: 网-é, labels: { \"ü\": a } }\nspec:"
    ).replacing("kind: Deployment, name: web", with: "kind: Deployment, name: \"缺\"")
    let (report, sources) = try lint(
      yaml: text, version: "1.25", selection: RuleSelection(select: ["DR210"]))
    #expect(report.findings.compactMap(\.span).map(sources.text) == ["\"缺\""])
  }

  @Test("rules see the objects of a program: its own, and all with those of the library's backends")
  func program() throws {
    let text = """
      use manifests

      cluster prod { region north { zone az1, zone az2 } }

      service web {
        on    = prod
        image = "registry.example.net/web:1"
        needs { cpu = 1, memory = 1Gi }
        spread { over = [az1, az2] }
        objective { rto = 10m }
      }

      manifest settings {
        object = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "settings" }, data: { a: "b" } }
      }

      emit note(c: Cluster, to: Target) {
        yield { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "note" }, data: { version: to.kubernetes } }
      }

      rule OPS1 own note {
        for m in manifests.own { report m, "\\(m.metadata.name)", at: "data" }
      }

      rule OPS2 counted note {
        let deployments = [for m in manifests.all if m.kind == "Deployment": m]
        if len(deployments) != 2 { report model.clusters[0], "\\(len(deployments)) Deployments" }
        for m in manifests.own { if manifests.kubernetes != "1.30" { report m, "for \\(manifests.kubernetes)" } }
      }
      """
    let (report, program) = try lint(text, selection: RuleSelection(select: ["OPS"]))
    #expect(report.failures == [])
    #expect(report.findings.map(\.message) == ["settings", "note"])
    let spans = report.findings.compactMap(\.span)
    #expect(spans.map(program.sources.location) == ["main.dr:14", "main.dr:18"])
    #expect(spans.map(program.sources.text) == ["{ a: \"b\" }", "{ version: to.kubernetes }"])
  }

  @Test("a path that is none stops its rule, which is told")
  func brokenPath() throws {
    let text = """
      use manifests
      manifest settings { object = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "settings" } } }
      rule OPS1 broken note { for m in manifests.own { report m, "x", at: "a..b" } }
      """
    let (report, _) = try lint(text, selection: RuleSelection(select: ["OPS"]))
    #expect(report.failures.map(\.message) == ["`a..b` is no path of an object's member"])
  }
}
