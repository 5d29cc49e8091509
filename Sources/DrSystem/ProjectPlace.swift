// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Where a file's project is: the nearest folder above it with a dr.toml, or the file's own folder.
package struct ProjectPlace {
  /// Absolute, without links.
  package let root: String
  /// The file's path from there.
  package let path: String

  package init(file: String) {
    let full = realPath(file) ?? file
    let parts = full.split(separator: "/").map(String.init)
    var root = Array(parts.dropLast())
    var candidate = root
    while true {
      if access("/" + (candidate + ["dr.toml"]).joined(separator: "/"), F_OK) == 0 {
        root = candidate
        break
      }
      if candidate.popLast() == nil { break }
    }
    self.root = "/" + root.joined(separator: "/")
    path = parts.dropFirst(root.count).joined(separator: "/")
  }
}

/// The folder that the user stands in.
package enum WorkingFolder {
  /// The project that the folder is part of, as the user would write it: the nearest folder with a
  /// dr.toml, itself where there is none.
  package static var projectRoot: String {
    guard let here = realPath(".") else { return "." }
    let root = ProjectPlace(file: here + "/dr.toml").root
    return root == here ? "." : root
  }

  /// An absolute path as the user would write it: from here where it lies below, unchanged elsewhere.
  package static func relative(_ path: String) -> String {
    guard let here = realPath("."), path.hasPrefix(here + "/") else { return path }
    return String(path.dropFirst(here.count + 1))
  }
}

/// Where the program itself is installed.
package enum Installation {
  /// A standard library on disk, which replaces the embedded one: `$DR_STDLIB`, or `../share/dr/stdlib` seen from the
  /// program. `nil` where there is none.
  package static var libraryFolder: String? {
    if let folder = Environment.variable("DR_STDLIB"), !folder.isEmpty { return folder }
    guard let program = realPath("/proc/self/exe") else { return nil }
    let parts = program.split(separator: "/").dropLast(2)
    let folder = "/" + (parts + ["share", "dr", "stdlib"]).joined(separator: "/")
    return access(folder, F_OK) == 0 ? folder : nil
  }
}
