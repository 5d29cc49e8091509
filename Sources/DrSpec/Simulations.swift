// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrData
import DrEval

/// The simulated worlds of one test.
struct Simulations {
  /// For what goes on in a simulation, with limits of its own.
  let makeMachine: () -> Machine

  /// The answer to a read of a test.
  mutating func answer(_ call: HostCall) throws(Diagnostic) -> Document {
    throw Diagnostic(
      .effectNotAllowed, "could not be evaluated: needs the simulator's policies", at: call.span,
      caption: "`\(call.name)` is asked here")
  }
}
