// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrEmit
import DrEval
import DrSema
import DrSyntax
import Foundation
import Testing

/// Places of the repository, found from this file.
enum Repository {
  static let root = URL(filePath: #filePath).resolvingSymlinksInPath()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  static func path(_ relative: String) -> String { root.appending(path: relative).path }

  static let isBlessing = ProcessInfo.processInfo.environment["DR_BLESS"] == "1"

  /// Compares a text with a golden file, or writes it there when blessing. An empty text has no
  /// file.
  static func compare(
    _ found: String, with path: String, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let manager = FileManager.default
    if isBlessing {
      if found.isEmpty {
        try? manager.removeItem(atPath: path)
      } else {
        try Data(found.utf8).write(to: URL(filePath: path))
      }
    }
    let expected = manager.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) } ?? ""
    #expect(
      found == expected, "\(path) differs; DR_BLESS=1 swift test rewrites it",
      sourceLocation: sourceLocation)
  }

  /// All files below a folder of the repository, by their paths from there, sorted.
  static func files(in folder: String) -> [String] {
    let found = FileManager.default.enumerator(atPath: path(folder))?.allObjects as? [String]
    return (found ?? []).sorted()
  }
}

/// The standard library of the repository, and the files of one folder.
struct DiskLoader: ModuleLoader {
  let folder: String

  func standardModule(_ path: String) -> [UInt8]? {
    FileManager.default.contents(atPath: Repository.path("stdlib/\(path).dr")).map { Array($0) }
  }

  var standardModules: [String] {
    Repository.files(in: "stdlib").filter { $0.hasSuffix(".dr") }.map { String($0.dropLast(3)) }
  }

  func names(ofStandardModule path: String) -> Set<String>? { MemoryLoader.preludeNames[path] }

  func file(_ path: String) -> Result<[UInt8], LoadFailure> {
    guard let data = FileManager.default.contents(atPath: folder + "/" + path) else {
      return .failure(.notFound)
    }
    return .success(Array(data))
  }
}

/// The same standard library, read once.
struct MemoryLoader: ModuleLoader {
  static let library: [String: [UInt8]] = {
    let disk = DiskLoader(folder: "")
    return Dictionary(
      uniqueKeysWithValues: disk.standardModules.map { ($0, disk.standardModule($0) ?? []) })
  }()
  static let names = library.keys.sorted()
  static let preludeNames = Dictionary(
    uniqueKeysWithValues: ModuleGraph.prelude.map { path in
      let source = SourceFile(id: FileID(0), name: path, bytes: library[path] ?? [])
      return (path, ModuleGraph.names(declaredBy: parse(source, limits: Limits())))
    })

  var files: [String: String] = [:]

  func standardModule(_ path: String) -> [UInt8]? { Self.library[path] }
  func names(ofStandardModule path: String) -> Set<String>? { Self.preludeNames[path] }
  var standardModules: [String] { Self.names }

  func file(_ path: String) -> Result<[UInt8], LoadFailure> {
    files[path].map { .success(Array($0.utf8)) } ?? .failure(.notFound)
  }
}

/// Checks a program that is given as text.
func check(_ text: String, backends: Bool = false, limits: Limits = Limits()) -> Checker {
  var options = CheckOptions()
  options.includesBackends = backends
  options.limits = limits
  let checker = Checker(loader: MemoryLoader(), options: options)
  checker.check(path: "main.dr", bytes: Array(text.utf8))
  return checker
}

extension Checker {
  /// What users see.
  var rendered: String {
    DiagnosticRenderer(sources: program.sources, colour: false).render(diagnostics)
  }
}

extension Repository {
  /// The text of a file; `nil` when there is none.
  static func text(_ path: String) -> String? {
    FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
  }
}
