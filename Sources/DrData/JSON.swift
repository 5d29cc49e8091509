// SPDX-License-Identifier: Apache-2.0

/// JSON as RFC 8259 defines it, in UTF-8.
///
/// Numbers without fraction and exponent are exact 64-bit integers; those beyond that range, and
/// all others, are doubles. Where the RFC leaves a choice the reader is strict: a repeated member
/// name, a lone surrogate, a byte order mark and a number too large for a double are errors.
package enum JSON {
  /// Reads one value that fills the whole text.
  package static func parse(
    _ bytes: [UInt8], limits: DataLimits = DataLimits()
  ) throws(DataError) -> Document {
    guard bytes.count <= limits.bytes else {
      throw DataError("the text is larger than \(limits.bytes) bytes", at: 0, in: bytes)
    }
    var reader = JSONReader(bytes: bytes, limits: limits)
    return try reader.wholeText()
  }

  /// The text of a document: the same document always gives the same bytes. Members keep their
  /// order; `pretty` puts each on its own line with two spaces per level and ends with no newline.
  /// Doubles are written in the shortest form that reads back; one that is not finite, which JSON
  /// cannot say, is written as `null`.
  package static func write(_ document: Document, pretty: Bool = false) -> String {
    var writer = JSONWriter(pretty: pretty)
    document.write(to: &writer)
    return String(decoding: writer.text, as: UTF8.self)
  }
}
