// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrSystem
import Glibc
import Synchronization

/// Records as files: a folder for each run, with `launch.json`, `journal` and `answers`.
package struct FileRecordStore: RecordStore {
  package let folder: String
  private let isDefault: Bool

  /// In `runs` of a folder.
  package init(state: String, isDefault: Bool) {
    folder = "\(state)/runs"
    self.isDefault = isDefault
  }

  package var place: String { folder }
  package var options: [String] { isDefault ? [] : ["--store", directory(of: folder)] }
  package var lookNanoseconds: Int64 { 200_000_000 }

  package func journalPath(_ id: String) -> String { "\(folder)/\(id)/journal" }
  private func launchPath(_ id: String) -> String { "\(folder)/\(id)/launch.json" }

  /// Who was ended before it had noted what it begins has begun nothing.
  package func ids() -> [String] {
    (OutputFolder.entries(folder) ?? []).filter {
      access(launchPath($0), F_OK) == 0 || access(journalPath($0), F_OK) == 0
    }
  }

  package func create(_ id: String, launch: [UInt8]) throws(StoreFailure) {
    try Self.translating { () throws(FileFailure) in
      try makeDirectories("\(folder)/\(id)")
      try AtomicFile.write(launch, to: launchPath(id), mode: 0o600)
    }
  }

  package func launch(_ id: String) throws(StoreFailure) -> [UInt8]? { try read(launchPath(id)) }

  package func journal(_ id: String) throws(StoreFailure) -> [UInt8]? {
    guard access(journalPath(id), F_OK) == 0 else { return nil }
    return try Self.translating { () throws(FileFailure) in try JournalFile.read(journalPath(id)) }
  }

  package func journalSize(_ id: String) -> Int? {
    var info = stat()
    return stat(journalPath(id), &info) == 0 ? Int(info.st_size) : nil
  }

  package func hold(_ id: String) throws(StoreFailure) -> any HeldRecord {
    let path = journalPath(id)
    return try Self.translating { () throws(FileFailure) in
      guard access(path, F_OK) == 0 else {
        return FileRecord(try JournalFile.create(path), [])
      }
      let file = try JournalFile.open(path)
      return FileRecord(file, try JournalFile.read(path))
    }
  }

  package func isHeld(_ id: String) -> Bool {
    do throws(FileFailure) {
      _ = try JournalFile.open(journalPath(id))
      return false
    } catch {
      return error.code == EWOULDBLOCK
    }
  }

  private func answerPath(_ id: String, _ question: String) -> String {
    "\(folder)/\(id)/answers/\(SHA256.hexDigest(Array(question.utf8)).prefix(32)).json"
  }

  package func answer(_ id: String, to question: String) throws(StoreFailure) -> [UInt8]? {
    try read(answerPath(id, question))
  }

  package func putAnswer(
    _ bytes: [UInt8], _ id: String, to question: String
  ) throws(StoreFailure) -> Bool {
    let path = answerPath(id, question)
    return try Self.translating { () throws(FileFailure) in
      try makeDirectories(directory(of: path))
      return try AtomicFile.create(bytes, at: path, mode: 0o600)
    }
  }

  private var alertsPath: String { "\(folder)/../alerts.json" }

  package func alerts() throws(StoreFailure) -> [UInt8]? { try read(alertsPath) }

  package func putAlerts(_ bytes: [UInt8]) throws(StoreFailure) {
    try Self.translating { () throws(FileFailure) in
      try makeDirectories(folder)
      try AtomicFile.write(bytes, to: alertsPath, mode: 0o600)
    }
  }

  /// The journal goes last.
  package func remove(_ id: String) throws(StoreFailure) {
    let own = "\(folder)/\(id)"
    for name in OutputFolder.entries("\(own)/answers") ?? [] { unlink("\(own)/answers/\(name)") }
    rmdir("\(own)/answers")
    for name in OutputFolder.entries(own) ?? [] where name != "journal" { unlink("\(own)/\(name)") }
    unlink("\(own)/journal")
    guard rmdir(own) == 0 else {
      throw Self.failure(FileFailure(own, "remove", code: errno))
    }
  }

  package func close() {}

  private func read(_ path: String) throws(StoreFailure) -> [UInt8]? {
    guard access(path, F_OK) == 0 else { return nil }
    return try Self.translating { () throws(FileFailure) in try readSmallFile(path) }
  }

  fileprivate static func failure(_ failure: FileFailure) -> StoreFailure {
    StoreFailure(failure.code == EWOULDBLOCK ? .held : .refused, failure.message)
  }

  fileprivate static func translating<Value>(
    _ body: () throws(FileFailure) -> Value
  ) throws(StoreFailure) -> Value {
    do throws(FileFailure) {
      return try body()
    } catch {
      throw failure(error)
    }
  }
}

/// A journal file under the kernel's lock, which goes with the process.
private final class FileRecord: HeldRecord {
  let bytes: [UInt8]
  private let file: Mutex<JournalFile>

  init(_ file: consuming JournalFile, _ bytes: [UInt8]) {
    self.bytes = bytes
    self.file = Mutex(file)
  }

  func append(_ bytes: [UInt8]) throws(StoreFailure) {
    try change { (file) throws(FileFailure) in try file.append(bytes) }
  }

  func truncate(to size: Int) throws(StoreFailure) {
    try change { (file) throws(FileFailure) in try file.truncate(to: size) }
  }

  private func change(
    _ body: (inout JournalFile) throws(FileFailure) -> Void
  ) throws(StoreFailure) {
    try FileRecordStore.translating { () throws(FileFailure) in
      try file.withLock { (file: inout JournalFile) throws(FileFailure) in try body(&file) }
    }
  }

  func isStillOurs() -> Bool { true }
  /// The kernel's lock goes with the process, also while that stands still.
  var isKnownOurs: Bool { true }
  func release() {}
}
