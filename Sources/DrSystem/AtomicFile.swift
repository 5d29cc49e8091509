// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// Replaces files as a whole: a reader sees the old contents or the new, also after a crash.
package enum AtomicFile {
  private static let counter = Atomic<UInt32>(0)

  /// Writes beside the file, makes it durable and renames. The file gets `mode`, less the umask. What is
  /// no regular file, such as `/dev/null` or a pipe, is written to as it is.
  package static func write(
    _ bytes: [UInt8], to path: String, mode: UInt32 = 0o644
  ) throws(FileFailure) {
    if isSpecial(path) {
      return try FileDescriptor.open(path, O_WRONLY, mode: 0).write(bytes)
    }
    try writeAside(bytes, of: path, mode) { (aside) throws(FileFailure) in
      guard rename(aside, path) == 0 else { throw FileFailure(path, "replace", code: errno) }
    }
  }

  /// The same where there is no such file yet; false where there is one by then, which stays. Of several who write
  /// it at once one does.
  package static func create(
    _ bytes: [UInt8], at path: String, mode: UInt32 = 0o644
  ) throws(FileFailure) -> Bool {
    var isNew = true
    try writeAside(bytes, of: path, mode) { (aside) throws(FileFailure) in
      defer { unlink(aside) }
      guard link(aside, path) != 0 else { return }
      let code = errno
      if access(path, F_OK) == 0 {
        isNew = false
      } else if code != EPERM && code != ENOTSUP || rename(aside, path) != 0 {
        // A file system without links takes the name; there only who comes at the very same moment is overlooked.
        throw FileFailure(path, "write", code: code)
      }
    }
    return isNew
  }

  private static func writeAside(
    _ bytes: [UInt8], of path: String, _ mode: UInt32,
    _ place: (String) throws(FileFailure) -> Void
  ) throws(FileFailure) {
    let number = counter.wrappingAdd(1, ordering: .relaxed).newValue
    let folder = directory(of: path)
    let name = path.split(separator: "/").last ?? "file"
    let aside = "\(folder)/.\(name).\(getpid()).\(number).tmp"
    do throws(FileFailure) {
      try writeNew(bytes, aside, mode)
      try place(aside)
    } catch {
      unlink(aside)
      throw error.path == aside
        ? FileFailure(path, "write", code: error.code, reason: error.reason) : error
    }
    do throws(FileFailure) {
      try FileDescriptor.synchronizeDirectory(folder)
    } catch {
      throw FileFailure(path, "write", code: error.code, reason: error.reason)
    }
  }

  /// Writes other contents into a file that is there: it keeps its permissions, and a link stays a link.
  package static func rewrite(_ bytes: [UInt8], to path: String) throws(FileFailure) {
    var status = stat()
    guard let real = realPath(path), stat(real, &status) == 0 else {
      throw FileFailure(path, "write", code: errno)
    }
    try write(bytes, to: real)
    guard chmod(real, status.st_mode & 0o7777) == 0 else {
      throw FileFailure(path, "write", code: errno)
    }
  }

  private static func isSpecial(_ path: String) -> Bool {
    var status = stat()
    guard stat(path, &status) == 0 else { return false }
    return status.st_mode & S_IFMT != S_IFREG && status.st_mode & S_IFMT != S_IFDIR
  }

  private static func writeNew(
    _ bytes: [UInt8], _ path: String, _ mode: UInt32
  ) throws(FileFailure) {
    let file = try FileDescriptor.open(path, O_WRONLY | O_CREAT | O_EXCL, mode: mode_t(mode))
    try file.write(bytes)
    try file.synchronize(dataOnly: false)
  }
}
