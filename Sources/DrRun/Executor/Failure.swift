// SPDX-License-Identifier: Apache-2.0

import DrBase

/// Why a part of a run did not succeed.
struct Failure: Error {
  enum Kind {
    case world(WorldFailure)
    /// The program's own mistake, a limit or a false `assert`.
    case program
    /// A deadline is over.
    case expired
    /// A condition does not hold: `require`, `verify`, `wait until`.
    case condition
    /// A person said no, or nobody answered.
    case declined
    /// `fail "…"`
    case explicit
    case lockHeld
  }

  let kind: Kind
  /// Without secrets.
  let message: String

  init(_ kind: Kind, _ message: String) {
    self.kind = kind
    self.message = SecretText.mask(message)
  }

  init(_ diagnostic: Diagnostic) { self.init(.program, diagnostic.message) }

  init(_ call: String, _ failure: WorldFailure) {
    self.init(.world(failure), "\(call): \(failure.message)")
  }

  /// Whether another attempt could go better. A target that refuses, a person and a lock will not
  /// change their mind within seconds.
  var isRetryable: Bool {
    switch kind {
    case .world(let failure): !failure.isFinal
    case .program, .expired, .condition, .explicit: true
    case .declined, .lockHeld: false
    }
  }

  /// Whether the program asks for what this world does not have.
  var isBeyondHelp: Bool {
    if case .world(.unavailable) = kind { true } else { false }
  }

  /// Whether the world did not answer, or not now.
  var isTransient: Bool {
    if case .world(let failure) = kind { failure.isTransient } else { false }
  }
}

extension WorldFailure {
  var isTransient: Bool {
    switch self {
    case .unreachable, .busy: true
    case .refused, .inDoubt, .held, .unavailable: false
    }
  }

  var isFinal: Bool {
    switch self {
    case .refused, .held, .unavailable: true
    case .unreachable, .busy, .inDoubt: false
    }
  }
}
