// SPDX-License-Identifier: Apache-2.0

import DrSystem
import Glibc

/// The journal of one run on disk: append only, one writer at a time, durable before it returns.
///
/// The lock is the kernel's (`flock`) and goes with the process, so a holder that crashed never
/// blocks a resume. After a failed write nothing more is accepted: what a failed sync left behind
/// is unknown, and only reading the file again after a restart can tell.
package struct JournalFile: ~Copyable {
  /// Beyond that a run has gone wrong; bounds what a reader takes into memory.
  package static let sizeLimit = 1 << 30

  private let file: FileDescriptor
  /// Bytes that are known to be durable.
  package private(set) var size: Int
  private var failure: FileFailure?

  package var path: String { file.path }

  /// Creates a journal that must not exist yet, readable by its owner only, in a directory that is
  /// made (0700) where it is missing. Its name is durable when this returns.
  package static func create(_ path: String) throws(FileFailure) -> JournalFile {
    try makeDirectories(directory(of: path))
    let file = try FileDescriptor.open(path, O_RDWR | O_CREAT | O_EXCL | O_APPEND, mode: 0o600)
    try lock(file)
    try file.synchronize(dataOnly: false)
    try FileDescriptor.synchronizeDirectory(directory(of: path))
    return JournalFile(file: file, size: 0)
  }

  /// Opens a journal to go on with it.
  package static func open(_ path: String) throws(FileFailure) -> JournalFile {
    let file = try FileDescriptor.open(path, O_RDWR | O_APPEND)
    try lock(file)
    var info = stat()
    guard fstat(file.rawValue, &info) == 0 else { throw FileFailure(path, "read", code: errno) }
    return JournalFile(file: file, size: Int(info.st_size))
  }

  /// What is in a journal, also while its run goes on.
  package static func read(_ path: String) throws(FileFailure) -> [UInt8] {
    try readSmallFile(path, limit: sizeLimit)
  }

  private init(file: consuming FileDescriptor, size: Int) {
    self.file = file
    self.size = size
  }

  /// Appends bytes and makes them durable.
  package mutating func append(_ bytes: [UInt8]) throws(FileFailure) {
    if let failure { throw failure }
    guard size + bytes.count <= Self.sizeLimit else {
      throw FileFailure(
        path, "write", reason: "it would become larger than \(Self.sizeLimit) bytes")
    }
    do throws(FileFailure) {
      try file.write(bytes)
      try file.synchronize(dataOnly: true)
    } catch {
      failure = error
      // Part of a record may stand there; a reader would drop it as torn, too.
      _ = ftruncate(file.rawValue, off_t(size))
      throw error
    }
    size += bytes.count
  }

  /// Drops a torn end, as the reader of the records found it, before going on.
  package mutating func truncate(to size: Int) throws(FileFailure) {
    if let failure { throw failure }
    guard size < self.size else { return }
    guard ftruncate(file.rawValue, off_t(size)) == 0 else {
      throw FileFailure(path, "shorten", code: errno)
    }
    try file.synchronize(dataOnly: false)
    self.size = size
  }

  /// Tries for a few hundredths of a second: `dr runs` may just be looking whether the lock is held.
  private static func lock(_ file: borrowing FileDescriptor) throws(FileFailure) {
    var tries = 0
    while flock(file.rawValue, LOCK_EX | LOCK_NB) != 0 {
      if errno == EINTR { continue }
      if errno == EWOULDBLOCK, tries < 3 {
        tries += 1
        usleep(15_000)
        continue
      }
      guard errno == EWOULDBLOCK else { throw FileFailure(file.path, "lock", code: errno) }
      throw FileFailure(
        file.path, "lock", code: EWOULDBLOCK, reason: "another dr is working on this run")
    }
  }
}
