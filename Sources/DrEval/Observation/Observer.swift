// SPDX-License-Identifier: Apache-2.0
//
// Watching a program run. A program that is generated for it has `observe` instructions among its
// own: where a function begins and ends, where the source goes on in another line and, for `--why`, where values are read and records made. They cost no steps, so an
// observed program does what the plain one does, step by step. A plain program has none of them, and
// so nobody pays for what is not asked for.

import DrBase
import DrSema

/// What an observed program tells.
package enum Observation: Sendable {
  /// Functions and lines, for profiles and coverage.
  case lines
  /// Also what is read and made, for the origin of values.
  case origins
}

/// A place in the code where an observer is told something.
package struct ObservedSite: Sendable {
  /// What happens there.
  package enum Event: Sendable {
    /// The function of that number begins.
    case enter(Int)
    /// The function that began last is about to return.
    case leave
    /// The code that follows stands for the span.
    case line
    /// The value is a record whose field in that slot is loaded next.
    case readField(Int)
    case readGlobal(GlobalID)
    /// The value is a new record; what is given for its fields follows, then `made`.
    case make([Expr?])
    case made
  }
  package let event: Event
  package let span: Span
}

/// A slot of a record or a global, which has a value of its own once somebody asked for it.
package enum Origin: Hashable, Sendable {
  case global(GlobalID)
  /// The record's identity among those of its machine.
  case field(record: UInt, slot: Int)

  /// The record whose slot it is.
  package var record: UInt? { if case .field(let record, _) = self { record } else { nil } }
}

/// Is told what an observed program does, on the thread that runs it.
package protocol Observer: AnyObject {
  /// The machine passes a site of its program; `value` as the event says.
  func pass(_ site: Int, _ value: Value, on machine: Machine)
  /// A slot or global begins to be evaluated, and ends to.
  func willForce(_ origin: Origin)
  func didForce()
  /// How many functions and evaluations have begun and not ended.
  var depth: Int { get }
  /// What began above that depth has failed.
  func unwind(to depth: Int, on machine: Machine)
  /// The machine gets its fuel back.
  func willRefuel(_ machine: Machine)
}

extension Observer {
  package func willForce(_ origin: Origin) {}
  package func didForce() {}
  package var depth: Int { 0 }
  package func unwind(to depth: Int, on machine: Machine) {}
  package func willRefuel(_ machine: Machine) {}
}
