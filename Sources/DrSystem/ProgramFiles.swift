// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Finds programs, and other files by how their names end, in folders.
package enum ProgramFiles {
  /// Names of all files with one of the endings below a folder, which they begin with, sorted by their bytes. Hidden
  /// folders are left out, and links are not followed. `nil` where it cannot be read or is deeper
  /// than anything sensible.
  package static func below(
    _ folder: String, endings: [String] = [".dr"]
  ) -> [String]? {
    var found: [String] = []
    var waiting = [(path: folder, depth: 0)]
    while let next = waiting.popLast() {
      guard next.depth <= 64, let names = names(in: next.path) else { return nil }
      for name in names where !name.hasPrefix(".") {
        let path = next.path == "." ? name : next.path + "/" + name
        switch kind(path) {
        case S_IFDIR: waiting.append((path, next.depth + 1))
        case S_IFREG: if endings.contains(where: name.hasSuffix) { found.append(path) }
        default: break  // open: links, sockets and devices are no such files
        }
      }
    }
    return found.sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) }
  }

  /// Names of the programs in a folder, not in those below it, sorted by their bytes; `nil` where it
  /// cannot be read.
  package static func directlyIn(_ folder: String) -> [String]? {
    names(in: folder)?.filter { name in
      name.hasSuffix(".dr") && !name.hasPrefix(".") && kind("\(folder)/\(name)") == S_IFREG
    }.sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) }
  }

  /// Whether there is a folder of that name.
  package static func isFolder(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  private static func kind(_ path: String) -> mode_t {
    var status = stat()
    return lstat(path, &status) == 0 ? status.st_mode & S_IFMT : 0
  }

  private static func names(in folder: String) -> [String]? {
    guard let stream = opendir(folder) else { return nil }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      names.append(name)
    }
    return names
  }
}
