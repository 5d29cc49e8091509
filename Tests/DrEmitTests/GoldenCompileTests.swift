// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrData
import DrEval
import DrSema
import Foundation
import Testing

@testable import DrEmit

/// One program and one version of Kubernetes. `Tests/Golden/compile/<case>/` holds `1.26.yaml` for
/// each version that it is compiled for, the diagnostics in `1.26.diagnostics` where it cannot be,
/// and `main.dr`; or `program`, which names a file of the repository. `only` names the block whose
/// objects are looked at.
struct CompileCase: Sendable, CustomTestStringConvertible {
  let name: String
  let version: String
  var testDescription: String { "\(name) for \(version)" }

  static let root = URL(filePath: #filePath).resolvingSymlinksInPath()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
  static let folder = root.appending(path: "Tests/Golden/compile")

  static let all: [CompileCase] = {
    let manager = FileManager.default
    let names = (try? manager.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.sorted().flatMap { name in
      let files = (try? manager.contentsOfDirectory(atPath: folder.path + "/" + name)) ?? []
      let versions = Set(
        files.compactMap { file -> String? in
          for suffix in [".yaml", ".diagnostics"] where file.hasSuffix(suffix) {
            return String(file.dropLast(suffix.count))
          }
          return nil
        })
      return versions.sorted().map { CompileCase(name: name, version: $0) }
    }
  }()

  private var program: URL {
    let own = Self.folder.appending(path: name)
    if let data = FileManager.default.contents(atPath: own.appending(path: "program").path) {
      let path = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .newlines)
      return Self.root.appending(path: path)
    }
    return own.appending(path: "main.dr")
  }

  /// What was compiled, the manifests as one stream with each file after them as a comment, and what
  /// is wrong.
  func compile(
    as format: ManifestFormat = .yaml, cluster: String? = nil, kind: String? = nil
  ) throws
    -> (result: CompileResult, stream: String, diagnostics: String)
  {
    var options = CheckOptions()
    options.includesBackends = true
    let folder = program.deletingLastPathComponent().path
    let checker = Checker(loader: Loader(folder: folder), options: options)
    checker.check(path: program.lastPathComponent)
    var result = CompileResult()
    result.diagnostics = checker.diagnostics
    if !checker.diagnostics.hasErrors {
      let machine = Machine(program: Program(checker.program), limits: Limits())
      result.diagnostics = machine.modelFailures()
      if result.diagnostics.isEmpty { result = compile(machine, format, cluster, kind) }
    }
    let renderer = DiagnosticRenderer(sources: checker.program.sources, colour: false)
    let stream =
      String(decoding: result.stream(format, drills: true), as: UTF8.self)
      + result.files.map(comment).joined()
    return (result, stream, renderer.render(result.diagnostics))
  }

  private var onlyBlock: String? {
    let file = Self.folder.appending(path: "\(name)/only").path
    return FileManager.default.contents(atPath: file).map {
      String(decoding: $0, as: UTF8.self).trimmingCharacters(in: .newlines)
    }
  }

  private func compile(
    _ machine: Machine, _ format: ManifestFormat, _ cluster: String?, _ kind: String?
  ) -> CompileResult {
    var compiler = Compiler(machine: machine, format: format)
    if cluster != nil || kind != nil {
      return compiler.compile(target: nil, kind: kind, cluster: cluster)
    }
    if version == "own" { return compiler.compile(target: nil, block: onlyBlock) }
    do throws(Diagnostic) {
      return compiler.compile(target: try Compiler.version(version, at: nil), block: onlyBlock)
    } catch {
      var result = compiler.compile(target: nil)
      (result.manifests, result.files, result.diagnostics) = ([], [], [error])
      return result
    }
  }

  private func comment(_ file: EmittedFile) -> String {
    let lines = file.text.split(separator: "\n", omittingEmptySubsequences: false)
    return "# \(file.path)\n" + lines.map { $0.isEmpty ? "#\n" : "# \($0)\n" }.joined()
  }

  func expected(_ suffix: String) -> URL {
    Self.folder.appending(path: "\(name)/\(version).\(suffix)")
  }
}

private struct Loader: ModuleLoader {
  let folder: String

  func standardModule(_ path: String) -> [UInt8]? {
    let file = CompileCase.root.appending(path: "stdlib/\(path).dr").path
    return FileManager.default.contents(atPath: file).map { Array($0) }
  }

  var standardModules: [String] {
    let folder = CompileCase.root.appending(path: "stdlib").path
    let found = FileManager.default.enumerator(atPath: folder)?.allObjects as? [String] ?? []
    return found.filter { $0.hasSuffix(".dr") }.map { String($0.dropLast(3)) }.sorted()
  }

  func file(_ path: String) -> Result<[UInt8], LoadFailure> {
    FileManager.default.contents(atPath: folder + "/" + path).map { .success(Array($0)) }
      ?? .failure(.notFound)
  }
}

@Suite struct GoldenCompileTests {
  static let isBlessing = ProcessInfo.processInfo.environment["DR_BLESS"] == "1"

  @Test("there are cases") func cases() {
    #expect(CompileCase.all.count >= 5)
  }

  @Test("gives the manifests, and only them", arguments: CompileCase.all)
  func manifests(_ sample: CompileCase) throws {
    let (_, yaml, diagnostics) = try sample.compile()
    for (text, suffix) in [(yaml, "yaml"), (diagnostics, "diagnostics")] {
      let url = sample.expected(suffix)
      if Self.isBlessing {
        try? FileManager.default.removeItem(at: url)
        if !text.isEmpty { try Data(text.utf8).write(to: url) }
      }
      let data = FileManager.default.contents(atPath: url.path) ?? Data()
      #expect(
        text == String(decoding: data, as: UTF8.self),
        "\(url.path) differs; DR_BLESS=1 swift test rewrites it")
    }
  }

  @Test("two compiles give the same bytes", arguments: CompileCase.all)
  func repeatable(_ sample: CompileCase) throws {
    #expect(try sample.compile().stream == sample.compile().stream)
  }

  @Test("YAML and JSON say the same", arguments: CompileCase.all)
  func formats(_ sample: CompileCase) throws {
    let yaml = try sample.compile().result.manifests.flatMap { try YAML.parse(Array($0.text)) }
    let json = try sample.compile(as: .json).result.manifests.map { try JSON.parse(Array($0.text)) }
    #expect(yaml == json)
  }

  @Test("a JSON stream is a List of all objects")
  func list() throws {
    let result = try CompileCase(name: "deepseek", version: "1.26").compile(as: .json).result
    let list = try JSON.parse(result.stream(.json, drills: true))
    #expect(list["kind"] == "List")
    #expect(list["items"]?.arrayValue?.count == result.manifests.count)
  }

  @Test("a stream that is applied as it comes injects no fault")
  func drills() throws {
    let result = try CompileCase(name: "deepseek", version: "1.26").compile().result
    #expect(result.drills == ["az1-goes-dark"])
    let kinds = try YAML.parse(result.stream(.yaml)).map { $0["kind"] }
    #expect(!kinds.contains("NetworkChaos") && !kinds.contains("PodChaos"))
    let all = try YAML.parse(result.stream(.yaml, drills: true)).map { $0["kind"] }
    #expect(all.contains("NetworkChaos"))
  }

  @Test("a cluster gets its own objects, and what belongs to none")
  func clusters() throws {
    let sample = CompileCase(name: "identity-of-two-clusters", version: "own")
    let north = try sample.compile(cluster: "north").result.manifests
    let south = try sample.compile(cluster: "south").result.manifests
    #expect(Set(north.compactMap(\.namespace)) == ["shop"])
    #expect(Set(south.compactMap(\.namespace)) == ["spare", "dr-system"])
    #expect(Set(north.map(\.title)).isDisjoint(with: south.map(\.title)))
  }

  @Test("of one kind of blocks, nothing else is compiled")
  func kinds() throws {
    let sample = CompileCase(name: "operator", version: "own")
    let made = try sample.compile(kind: "operator").result.manifests
    #expect(made.contains { $0.kind == "Deployment" && $0.name == "watcher" })
    #expect(!made.contains { $0.name.hasPrefix("web") })
    #expect(try sample.compile(kind: "dashboard").diagnostics.contains("no `dashboard` block"))
  }

  @Test("every Kubernetes version that is known has its API versions", arguments: 20...34)
  func versions(_ minor: Int) throws {
    let (result, _, diagnostics) = try CompileCase(name: "deepseek", version: "1.\(minor)")
      .compile()
    #expect(diagnostics == "")
    let apis = Dictionary(result.manifests.map { ($0.kind, $0.apiVersion) }) { first, _ in first }
    #expect(
      apis["HorizontalPodAutoscaler"] == (minor < 23 ? "autoscaling/v2beta2" : "autoscaling/v2"))
    #expect(apis["PodDisruptionBudget"] == (minor < 21 ? "policy/v1beta1" : "policy/v1"))
  }
}
