// SPDX-License-Identifier: Apache-2.0

import DrHost
import Glibc
import Synchronization

extension StopSignal {
  private static let first = Atomic<Int32>(0)

  /// The signal that asked this process to stop first.
  static var remembered: StopSignal? { StopSignal(rawValue: first.load(ordering: .relaxed)) }

  static func remember(_ signal: StopSignal) { first.store(signal.rawValue, ordering: .relaxed) }

  /// Ends the process at once, and the programs that it runs; the journal is whole at any moment, so the run can be
  /// resumed.
  static func leave(_ signal: StopSignal) {
    ChildGroups.endAll()
    Console.overlay.withLockIfAvailable { $0 }??.abandon()
    _exit(signal.exitStatus)
  }

  /// Remembers the first signal, for whoever looks between two requests; the second ends the process.
  static func watch() -> Task<Void, Never> {
    let stops = Signals.stops()
    return Task {
      for await signal in stops {
        if remembered != nil { leave(signal) }
        remember(signal)
      }
    }
  }
}
