// SPDX-License-Identifier: Apache-2.0

import DrRepl
import DrSystem

/// Where the prompt keeps what was typed: `$DR_STATE/history`, else `$XDG_STATE_HOME/dr/history`,
/// else `~/.local/state/dr/history` (XDG Base Directory Specification). Only its owner can read it.
struct HistoryStore {
  let path: String

  init() {
    if let folder = Environment.variable("DR_STATE"), !folder.isEmpty {
      path = "\(folder)/history"
    } else if let base = Environment.variable("XDG_STATE_HOME"), base.hasPrefix("/") {
      path = "\(base)/dr/history"
    } else {
      path = "\(Environment.variable("HOME") ?? "/")/.local/state/dr/history"
    }
  }

  func load() -> History {
    guard case .success(let bytes) = readFile(path) else { return History() }
    return History(bytes: bytes)
  }

  /// Replaces the file as a whole. A history that cannot be kept is no reason to stop anybody.
  func save(_ history: History) {
    do throws(FileFailure) {
      try makeDirectories(directory(of: path))
      try AtomicFile.write(history.bytes, to: path, mode: 0o600)
    } catch {
      return
    }
  }
}

/// Names of files for completion.
enum FileNames {
  /// The `.dr` files and folders that a path may go on with, folders with a `/`.
  static func completing(_ path: String) -> [String] {
    let slash = path.lastIndex(of: "/")
    let folder = slash.map { String(path[...$0]) } ?? ""
    let name = slash.map { path[path.index(after: $0)...] } ?? path[...]
    return (OutputFolder.entries(folder.isEmpty ? "." : folder) ?? []).compactMap { entry in
      guard entry.hasPrefix(name), name.hasPrefix(".") || !entry.hasPrefix(".") else { return nil }
      let isFolder = OutputFolder.entries(folder + entry) != nil
      guard isFolder || entry.hasSuffix(".dr") else { return nil }
      return folder + entry + (isFolder ? "/" : "")
    }
  }
}
