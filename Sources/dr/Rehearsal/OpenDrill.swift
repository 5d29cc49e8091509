// SPDX-License-Identifier: Apache-2.0

import DrData
import DrSystem
import Glibc

/// A note that something is broken on purpose: written before it is, removed once it is mended. One that
/// is found is from a drill that was killed.
struct OpenDrill {
  let path: String

  /// Of this machine, whatever keeps its runs.
  init() { path = "\(RunStore.localFolder)/open-drill.json" }

  /// What the drill that was killed was: its program and name.
  var found: (file: String, drill: String)? {
    guard case .success(let bytes) = readFile(path), let document = try? JSON.parse(bytes),
      let file = document["file"]?.stringValue, let drill = document["drill"]?.stringValue
    else { return nil }
    return (file, drill)
  }

  func write(file: String, drill: String) throws {
    try makeDirectories(directory(of: path))
    let document: Document = ["file": .string(file), "drill": .string(drill)]
    try AtomicFile.write(
      Array(JSON.write(document, pretty: true).utf8), to: path, mode: 0o600)
  }

  func remove() { unlink(path) }
}
