// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrData
import DrEmit
import DrEval
import DrSema
import DrStdlib
import Foundation
import Testing

@testable import DrImport

private let root = URL(filePath: #filePath).resolvingSymlinksInPath()
  .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

private struct EmbeddedLoader: ModuleLoader {
  var standardModules: [String] { StandardLibrary.modules }
  func standardModule(_ path: String) -> [UInt8]? { StandardLibrary.module(path) }
  func file(_ path: String) -> Result<[UInt8], LoadFailure> { .failure(.notFound) }
}

/// The objects that a program compiles to, or what is wrong with it.
private func compile(_ program: String) -> (objects: [Document], diagnostics: String) {
  var options = CheckOptions()
  options.includesBackends = true
  let checker = Checker(loader: EmbeddedLoader(), options: options)
  checker.check(path: "imported.dr", bytes: Array(program.utf8))
  var diagnostics = checker.diagnostics
  var objects: [Document] = []
  if !diagnostics.hasErrors {
    let machine = Machine(program: Program(checker.program), limits: Limits())
    diagnostics += machine.modelFailures()
    if !diagnostics.hasErrors {
      var compiler = Compiler(machine: machine, format: .json)
      let result = compiler.compile(target: nil)
      diagnostics += result.diagnostics
      objects = result.manifests.compactMap { try? JSON.parse(Array($0.text)) }
    }
  }
  let renderer = DiagnosticRenderer(sources: checker.program.sources, colour: false)
  return (objects, renderer.render(diagnostics.filter { $0.severity == .error }))
}

/// The files of `Tests/Corpus/manifests`.
private enum Corpus {
  static let folder = root.appending(path: "Tests/Corpus/manifests")
  static let files: [String] = {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.filter { !$0.hasSuffix(".md") }.sorted()
  }()

  static func set(_ name: String) throws -> ManifestSet {
    var set = ManifestSet()
    let bytes = Array(try Data(contentsOf: folder.appending(path: name)))
    for document in try YAML.parse(bytes) { set.add(document, origin: name) }
    return set
  }
}

@Suite("Importing manifests")
struct ImportTests {
  @Test("there are fifty files of manifests")
  func count() { #expect(Corpus.files.count >= 50) }

  @Test("word for word, a program gives the very objects again", arguments: Corpus.files)
  func verbatim(_ name: String) throws {
    let set = try Corpus.set(name)
    #expect(set.problems.isEmpty)
    var options = Importer.Options()
    options.keepsAll = true
    let result = try Importer(set, options: options).result()
    #expect(result.services.isEmpty && result.manifests.count == set.objects.count)
    let (objects, diagnostics) = compile(result.program)
    #expect(diagnostics.isEmpty, "\(diagnostics)\n\(result.program)")
    #expect(RoundTrip.differences(result, compiled: objects).isEmpty)
    #expect(objects.count == set.objects.count)
  }

  @Test("as services, an app runs as it did", arguments: Corpus.files)
  func services(_ name: String) throws {
    let set = try Corpus.set(name)
    let result = try Importer(set, options: Importer.Options()).result()
    let (objects, diagnostics) = compile(result.program)
    #expect(diagnostics.isEmpty, "\(diagnostics)\n\(result.program)")
    #expect(RoundTrip.differences(result, compiled: objects).isEmpty)
    if name.hasPrefix("app-") {
      let reasons = result.manifests.flatMap(\.reasons)
      #expect(result.services.count == 1, "\(reasons)")
      #expect(result.manifests.isEmpty, "\(result.manifests.map(\.object.title))")
    }
    if name.hasPrefix("kept-") {
      #expect(result.services.isEmpty)
      #expect(result.manifests.contains { !$0.reasons.isEmpty })
    }
  }

  @Test("what a changed object would be is told as a difference")
  func finds() throws {
    let set = try Corpus.set("app-autoscaled.yaml")
    let result = try Importer(set, options: Importer.Options()).result()
    let changed = result.program
      .replacingOccurrences(of: "max = 12", with: "max = 11")
      .replacingOccurrences(of: ":1.4.2", with: ":1.4.3")
    #expect(changed != result.program)
    #expect(
      RoundTrip.differences(result, compiled: compile(changed).objects) == [
        "the service checkout has another image", "the service checkout has another autoscaler",
      ])
    let texts = try Corpus.set("config-map-texts.yaml")
    let kept = try Importer(texts, options: Importer.Options()).result()
    #expect(
      RoundTrip.differences(kept, compiled: []) == ["ConfigMap office/texts is missing"])
  }

  @Test("what dr compiled becomes the service that it was")
  func own() throws {
    let source = """
      use kubernetes
      cluster prod { kubernetes = "1.30", region north { zone a { }, zone b { } } }
      service web {
        on = prod
        namespace = "shop"
        image = "registry.example.net/web:1"
        replicas = 3
        needs { cpu = 0.5, memory = 512Mi }
        spread { over = [a, b] }
        probe ready { get = "/ready" }
        volume cache { at = "/cache", size = 1Gi }
        autoscale { min = 3, max = 9 }
        objective { rto = 5m }
      }
      """
    let before = compile(source)
    #expect(before.diagnostics.isEmpty, "\(before.diagnostics)")
    var set = ManifestSet()
    for object in before.objects { set.add(object, origin: "compiled") }
    var options = Importer.Options()
    options.version = "1.30"
    options.cluster = "prod"
    let result = try Importer(set, options: options).result()
    #expect(result.services.count == 1 && result.manifests.isEmpty, "\(result.program)")
    let after = compile(result.program)
    #expect(after.objects == before.objects, "\(result.program)\n\(after.diagnostics)")
  }

  @Test("the program is one that a person could have written")
  func golden() throws {
    for name in [
      "app-autoscaled", "app-gpu", "app-with-claim", "app-with-security", "kept-environment-from",
      "config-map-texts",
    ] {
      let result = try Importer(
        try Corpus.set("\(name).yaml"), options: Importer.Options()
      ).result()
      let url = root.appending(path: "Tests/Golden/import/\(name).dr")
      if ProcessInfo.processInfo.environment["DR_BLESS"] == "1" {
        try FileManager.default.createDirectory(
          at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(result.program.utf8).write(to: url)
      }
      let expected = (try? String(contentsOf: url, encoding: .utf8)) ?? ""
      #expect(result.program == expected, "\(url.path) differs; DR_BLESS=1 swift test rewrites it")
    }
  }

  @Test("from a cluster comes what people made, not what controllers made of it")
  func live() throws {
    let service = """
      apiVersion: v1
      kind: Service
      metadata:
        name: web
        namespace: shop
        uid: 7d
        resourceVersion: "12"
        creationTimestamp: 2026-01-01T00:00:00Z
        managedFields: [{manager: kubectl}]
        annotations: {kubectl.kubernetes.io/last-applied-configuration: "{}"}
        labels: {dr.run/program: shop}
      spec: {type: LoadBalancer, clusterIP: 10.0.0.7, clusterIPs: [10.0.0.7], ports: [{port: 80, nodePort: 30123}]}
      status: {loadBalancer: {}}
      """
    let owned = """
      apiVersion: apps/v1
      kind: ReplicaSet
      metadata: {name: web-5d, namespace: shop, ownerReferences: [{kind: Deployment, name: web}]}
      """
    let root =
      "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: kube-root-ca.crt, namespace: shop}"
    let secret =
      "apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: shop}\ndata: {a: Yg==}"
    var set = ManifestSet()
    for text in [service, owned, root, secret] {
      for document in try YAML.parse(Array(text.utf8)) {
        set.add(document, origin: "prod", isLive: true)
      }
    }
    set.removeSecrets()
    #expect(set.objects.map(\.title) == ["Service shop/web"])
    #expect(
      JSON.write(.object(set.objects[0].document))
        == #"{"apiVersion":"v1","kind":"Service","metadata":{"name":"web","namespace":"shop"},"#
        + #""spec":{"type":"LoadBalancer","ports":[{"port":80}]}}"#)
    #expect(set.leftOut.count == 1 && set.leftOut[0].hasPrefix("Secret shop/s:"))
  }

  @Test("an object that is there twice, and not the same, is told; so is what is no object")
  func problems() throws {
    var set = ManifestSet()
    let text = """
      {apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {x: "1"}}
      ---
      {apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {x: "1"}}
      ---
      {apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {x: "2"}}
      ---
      {kind: Kustomization, resources: [a.yaml]}
      ---
      [1, 2]
      ---
      """
    for document in try YAML.parse(Array(text.utf8)) { set.add(document, origin: "f") }
    #expect(set.objects.count == 1)
    #expect(
      set.problems.map(\.reason) == [
        "ConfigMap a is also in f, and not the same",
        "it has no apiVersion, kind and metadata.name together", "it is no object",
      ])
  }
}

@Suite("Writing data as literals")
struct SourceWriterTests {
  /// Values that are hard to write, and what they must be again.
  private static let values: [Document] = [
    "", "plain", "with \"quotes\" and \\(no) interpolation", "two\nlines", "a\nb\n", "\n\n\n",
    "  indented\n    more\n  less\n", "tab\there\nand\nthere\n", "\"\"\"\na\n\"\"\"\n",
    "ends with \\\nand\ngoes on", "\u{0}\u{7}\u{1B}[0m\u{85}\u{200B}", "北京 🚀 e\u{301}", "\r\n\r\n",
    .int(.max), .int(.min), .int(-1), .float(0.1), .float(1e-7), .float(2.5e20), .float(-3.25e-12),
    .float(1e300), .array([]), .object(DocumentObject()), ["a": ["b": [["c": 1]]]],
    ["nil": "a", "if": "b", "x-y/z": "c", "": "d", "für": "e", "1": "f"],
    .array([.bool(true), .bool(false)]), .array([["a": 1], ["b": "two"]]),
  ]

  @Test("gives the same data again", arguments: values)
  func roundTrip(_ value: Document) throws {
    var set = ManifestSet()
    set.add(
      [
        "apiVersion": "example.net/v1", "kind": "Thing", "metadata": ["name": "a"],
        "spec": ["value": value],
      ],
      origin: "test")
    let result = try Importer(set, options: Importer.Options()).result()
    let (objects, diagnostics) = compile(result.program)
    #expect(diagnostics.isEmpty, "\(diagnostics)")
    #expect(objects.first?["spec"]?["value"] == value, "\(result.program)")
  }
}
