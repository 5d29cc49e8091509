// SPDX-License-Identifier: Apache-2.0

import Glibc

/// What `errno` means, in words: `No space left on device`.
package func systemText(_ code: CInt) -> String {
  switch code {
  case ECONNREFUSED: "connection refused"
  case ECONNRESET: "the connection was reset"
  case ETIMEDOUT: "no answer within the time allowed"
  case EHOSTUNREACH, ENETUNREACH: "no route to it"
  case _: String(cString: strerror(code))
  }
}

/// A file that could not be worked with.
package struct FileFailure: Error, Sendable, Equatable, CustomStringConvertible {
  package let path: String
  /// What was being done: `write`.
  package let operation: String
  /// `errno`; 0 where the file itself is not as it should be.
  package let code: CInt
  package let reason: String

  package init(_ path: String, _ operation: String, code: CInt) {
    self.init(path, operation, code: code, reason: systemText(code))
  }

  package init(_ path: String, _ operation: String, code: CInt = 0, reason: String) {
    self.path = path
    self.operation = operation
    self.code = code
    self.reason = reason
  }

  /// `cannot write /run/x: No space left on device`
  package var message: String { "cannot \(operation) \(path): \(reason)" }

  package var description: String { message }
}
