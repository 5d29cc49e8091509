// SPDX-License-Identifier: Apache-2.0

import DrRun

/// A program and its arguments, as people read them.
enum CommandText {
  /// As a shell would be given it.
  static func quoted(_ command: [String]) -> String {
    command.map(quoted).joined(separator: " ")
  }

  private static func quoted(_ word: String) -> String {
    let isPlain = word.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"):
        true
      case _: "-_./:=,@%+".utf8.contains(byte)
      }
    }
    return isPlain && !word.isEmpty ? word : "'\(word.replacing("'", with: #"'\''"#))'"
  }
}

extension Arguments {
  /// A program and its arguments.
  func command(_ name: String) throws(WorldFailure) -> [String] {
    let command = try strings(name)
    guard let program = command.first, !program.isEmpty else {
      throw mismatch(name, "a program and its arguments")
    }
    guard !command.contains(where: { $0.utf8.contains(0) }) else {
      throw mismatch(name, "texts without a zero byte")
    }
    return command
  }
}
