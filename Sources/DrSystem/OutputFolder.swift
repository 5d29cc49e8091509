// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A folder that commands write their results into: replaced as a whole, so that nobody ever sees half of it.
package enum OutputFolder {
  /// Marks a folder as one that may be replaced.
  private static let marker = ".written-by-dr"

  /// Makes a folder hold exactly these files, given by their paths in it. What was there is replaced only when an earlier
  /// run wrote it. What a run that was killed left beside it is taken away.
  package static func replace(
    _ folder: String, with files: [(path: String, bytes: [UInt8])]
  ) throws(FileFailure) {
    var path = folder
    while path.count > 1, path.hasSuffix("/") { path.removeLast() }
    let exists = access(path, F_OK) == 0
    if exists, entries(path) == nil {
      throw FileFailure(path, "replace", reason: "it is no folder that can be read; name a folder")
    }
    if exists, let here = realPath("."), let place = realPath(path),
      (here + "/").hasPrefix(place + "/")
    {
      throw FileFailure(path, "replace", reason: "this runs inside of it; name a folder in it")
    }
    if exists, access("\(path)/\(marker)", F_OK) != 0, entries(path)?.isEmpty != true {
      throw FileFailure(
        path, "replace",
        reason: "it holds files that dr did not write; name a new or an empty folder")
    }
    removeLeftovers(of: path)
    let aside = "\(path).\(getpid()).tmp"
    do throws(FileFailure) {
      try makeDirectories(aside, mode: 0o755)
      let mark = try FileDescriptor.open("\(aside)/\(marker)", O_WRONLY | O_CREAT, mode: 0o644)
      // Says that somebody writes here, for as long as this process lives.
      _ = flock(mark.rawValue, LOCK_EX | LOCK_NB)
      for file in files {
        let target = "\(aside)/\(file.path)"
        try makeDirectories(directory(of: target), mode: 0o755)
        try AtomicFile.write(file.bytes, to: target)
      }
      try swap(aside, path, exists: exists)
    } catch {
      removeTree(aside)
      // Named as the user knows it.
      let name = error.path.hasPrefix(aside) ? path + error.path.dropFirst(aside.count) : error.path
      throw FileFailure(name, error.operation, code: error.code, reason: error.reason)
    }
  }

  /// Puts the new folder where the old one is. Killed between the two, the old one is whole beside its place.
  private static func swap(_ aside: String, _ path: String, exists: Bool) throws(FileFailure) {
    let old = "\(path).\(getpid()).old"
    if exists, rename(path, old) != 0 { throw FileFailure(path, "replace", code: errno) }
    guard rename(aside, path) == 0 else {
      let failure = FileFailure(path, "replace", code: errno)
      if exists { _ = rename(old, path) }
      throw failure
    }
    if exists { removeTree(old) }
  }

  /// Removes what runs that were killed left beside a folder: names of our own form, that nobody writes into.
  private static func removeLeftovers(of path: String) {
    let parent = directory(of: path)
    guard let name = path.split(separator: "/").last else { return }
    for entry in entries(parent) ?? [] where entry.hasPrefix("\(name).") {
      let words = entry.dropFirst(name.count + 1).split(
        separator: ".", omittingEmptySubsequences: false)
      guard words.count == 2, words[1] == "tmp" || words[1] == "old", let process = Int32(words[0]),
        process > 0
      else { continue }
      let left = "\(parent)/\(entry)"
      if let mark = try? FileDescriptor.open("\(left)/\(marker)", O_RDONLY | O_NOFOLLOW) {
        if flock(mark.rawValue, LOCK_EX | LOCK_NB) == 0 { removeTree(left) }
      } else if kill(process, 0) != 0, errno == ESRCH {
        // It was killed before it wrote anything; a folder with files in it is somebody else's.
        rmdir(left)
      }
    }
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

  /// Removes a folder that this program made; its mark goes last, so that what is left of it is known as ours.
  private static func removeTree(_ path: String) {
    let names = entries(path) ?? []
    for name in names.filter({ $0 != marker }) + names.filter({ $0 == marker }) {
      let child = "\(path)/\(name)"
      if unlink(child) != 0 { removeTree(child) }
    }
    rmdir(path)
  }
}
