// SPDX-License-Identifier: Apache-2.0

import DrHost
import DrRun

/// The journal of a run that goes on: ours alone, and without what a crash tore off its end.
struct OpenedJournal: ~Copyable {
  var file: JournalFile
  /// What is in it.
  let journal: Journal

  init(_ path: String) throws {
    var file = try JournalFile.open(path)
    let journal = try Journal(bytes: JournalFile.read(path))
    if journal.tornCount > 0 { try file.truncate(to: journal.validCount) }
    self.file = file
    self.journal = journal
  }
}
