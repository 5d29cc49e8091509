// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DrBase
import DrLint
import DrSystem

/// The project that is linted: its folder, and what its dr.toml says.
struct LintProject {
  /// Absolute.
  let root: String
  let settings: LintSettings
  private(set) var sources = SourceMap()

  /// The project of a file or folder.
  init(near path: String) throws {
    let here = path == "-" ? "." : path
    let inside = ProgramFiles.isFolder(here) ? here + "/dr.toml" : here
    root = ProjectPlace(file: realPath(inside) ?? (realPath(here) ?? here) + "/dr.toml").root
    let name = WorkingFolder.relative(root + "/dr.toml")
    switch readFile(root + "/dr.toml") {
    case .success(let bytes):
      let id = sources.add(name: name, bytes: bytes)
      settings = LintSettings(sources[id])
    case .failure(.notFound): settings = LintSettings()
    case .failure(let failure): throw ValidationError("\(name) cannot be read: \(failure.reason)")
    }
  }

  /// Where its baseline is, as the user would write it.
  var baseline: String? {
    settings.baseline.map { WorkingFolder.relative(root + "/" + $0) }
  }

  /// A file's path in the project.
  func path(of name: String) -> String {
    let full = realPath(name) ?? name
    return full.hasPrefix(root + "/") ? String(full.dropFirst(root.count + 1)) : name
  }

  /// A file's path as other programs find it from here.
  static func shownName(of name: String) -> String {
    realPath(name).map(WorkingFolder.relative) ?? name
  }
}
