// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A folder that commands write their results into: replaced as a whole, so that nobody ever sees half of it.
package enum OutputFolder {
  /// Marks a folder as one that may be replaced.
  private static let marker = ".written-by-dr"

  /// Makes a folder hold exactly these files, given by their paths in it. What was there is replaced only when an earlier
  /// run wrote it.
  package static func replace(
    _ path: String, with files: [(path: String, bytes: [UInt8])]
  ) throws(FileFailure) {
    let exists = access(path, F_OK) == 0
    if exists, access("\(path)/\(marker)", F_OK) != 0, entries(path)?.isEmpty != true {
      throw FileFailure(
        path, "replace",
        reason: "it holds files that dr did not write; name a new or an empty folder")
    }
    let aside = "\(path).\(getpid()).tmp"
    let old = "\(path).\(getpid()).old"
    do throws(FileFailure) {
      try makeDirectories(aside, mode: 0o755)
      try AtomicFile.write([], to: "\(aside)/\(marker)")
      for file in files {
        let target = "\(aside)/\(file.path)"
        try makeDirectories(directory(of: target), mode: 0o755)
        try AtomicFile.write(file.bytes, to: target)
      }
      if exists, rename(path, old) != 0 { throw FileFailure(path, "replace", code: errno) }
      guard rename(aside, path) == 0 else {
        let failure = FileFailure(path, "replace", code: errno)
        if exists { _ = rename(old, path) }
        throw failure
      }
    } catch {
      removeTree(aside)
      throw error
    }
    if exists { removeTree(old) }
  }

  /// The names in a folder, sorted; `nil` when it is none.
  package static func entries(_ path: String) -> [String]? {
    guard let folder = opendir(path) else { return nil }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  /// Removes a folder that this program made.
  private static func removeTree(_ path: String) {
    for name in entries(path) ?? [] {
      let child = "\(path)/\(name)"
      if unlink(child) != 0 { removeTree(child) }
    }
    rmdir(path)
  }
}
