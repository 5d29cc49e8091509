// SPDX-License-Identifier: Apache-2.0

import DrHost
import DrRun

/// The record of a run that goes on: ours alone, and without what a crash tore off its end.
struct OpenedRecord {
  let held: any HeldRecord
  /// What is in it; nothing where the run has not begun.
  let journal: Journal

  init(_ id: String, in store: RunStore) async throws {
    held = try await store.records.hold(id)
    do {
      journal = try Journal(bytes: held.bytes)
      if journal.tornCount > 0 { try await held.truncate(to: journal.validCount) }
    } catch {
      await held.release()
      throw error
    }
  }
}
