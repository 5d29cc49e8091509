// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DrSystem

/// Files named on the command line.
enum Input {
  /// All bytes of a file; `-` is standard input.
  static func read(_ path: String) throws -> [UInt8] {
    switch path == "-" ? readAll(0) : readFile(path) {
    case .success(let bytes): return bytes
    case .failure(let failure):
      switch failure {
      case .notFound: throw ValidationError("there is no file \(path)")
      case .outsideRoot: throw ValidationError("\(path) lies outside the project")
      case .unreadable(let reason): throw ValidationError("\(path) cannot be read: \(reason)")
      }
    }
  }
}

/// Programs, as they are named on the command line.
enum ProgramPaths {
  /// A file itself, or the programs below a folder.
  static func below(_ path: String) throws -> [String] {
    guard ProgramFiles.isFolder(path) else { return [path] }
    let files = ProgramFiles.below(path) ?? []
    if files.isEmpty { throw ValidationError("there is no program in \(path)") }
    return files
  }
}

/// Files of manifests, as they are named on the command line.
enum ManifestPaths {
  /// A file itself, or the YAML and JSON files below a folder.
  static func below(_ path: String) throws -> [String] {
    guard path != "-", ProgramFiles.isFolder(path) else { return [path] }
    let files = ProgramFiles.below(path, endings: [".yaml", ".yml", ".json"]) ?? []
    if files.isEmpty { throw ValidationError("there is no YAML or JSON in \(path)") }
    return files
  }
}
