// SPDX-License-Identifier: Apache-2.0

/// Why text is not the data that it should be, and where.
package struct DataError: Error, Sendable, Equatable {
  /// One sentence without a full stop.
  package let message: String
  /// Counted from 1.
  package let line: Int
  /// Counted from 1, in Unicode scalars.
  package let column: Int

  package init(message: String, line: Int, column: Int) {
    self.message = message
    self.line = line
    self.column = column
  }

  /// The error at a byte offset of a text.
  init(_ message: String, at offset: Int, in bytes: [UInt8]) {
    var line = 1
    var column = 1
    for byte in bytes.prefix(offset) {
      if byte == UInt8(ascii: "\n") {
        line += 1
        column = 1
      } else if byte & 0b1100_0000 != 0b1000_0000 {
        column += 1
      }
    }
    self.init(message: message, line: line, column: column)
  }
}

/// Bounds on what one text may make a reader build.
package struct DataLimits: Sendable, Equatable {
  /// Nested arrays and objects.
  package var depth = 200
  /// Bytes of text.
  package var bytes = 64 << 20
  /// Arrays, objects and scalars, aliases counted with all they stand for.
  package var nodes = 4_000_000
  /// Bytes of strings that aliases add.
  package var aliasBytes = 16 << 20

  package init() {}
}
