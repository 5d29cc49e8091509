// SPDX-License-Identifier: Apache-2.0

import DrBase

/// Why an operation on values could not give a result.
enum Stop: Error {
  case fuel
  case memory
  /// Somebody does not want the result any more.
  case cancelled
  /// A value nested deeper than anything sensible.
  case nesting
  /// A slot has no value yet. The operation is pure, so it is tried again once the slot is forced.
  case force(record: UInt, slot: Int)
  case failure(DiagnosticCode, String, help: String?)

  static func force(_ record: RecordRef, slot: Int) -> Stop {
    .force(record: UInt(bitPattern: record.raw), slot: slot)
  }
  static func failed(_ message: String, help: String? = nil) -> Stop {
    .failure(.failed, message, help: help)
  }
  static func arithmetic(_ message: String, help: String? = nil) -> Stop {
    .failure(.arithmetic, message, help: help)
  }
  static func range(_ message: String, help: String? = nil) -> Stop {
    .failure(.outOfRange, message, help: help)
  }
}

/// How deep lists, objects and records may be nested in one another before an operation that
/// walks them gives up; far below what the native stack holds.
package let nestingLimit = 400
