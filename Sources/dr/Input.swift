// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DrSystem

/// Files named on the command line.
enum Input {
  /// All bytes of a file; `-` is standard input.
  static func read(_ path: String) throws -> [UInt8] {
    switch path == "-" ? readAll(0) : readFile(path) {
    case .success(let bytes): return bytes
    case .failure(let failure):
      switch failure {
      case .notFound: throw ValidationError("there is no file \(path)")
      case .outsideRoot: throw ValidationError("\(path) lies outside the project")
      case .unreadable(let reason): throw ValidationError("\(path) cannot be read: \(reason)")
      }
    }
  }
}
