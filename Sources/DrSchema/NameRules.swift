// SPDX-License-Identifier: Apache-2.0

/// How Kubernetes spells names (kubernetes.io, "Object Names and IDs", "Labels and Selectors",
/// "Annotations"; RFC 1035, RFC 1123, RFC 6335).
package enum NameRules {
  /// Why a text is not what a format asks for, to go on with after "the text"; nil when it is.
  static func fault(_ bytes: UnsafeBufferPointer<UInt8>, _ format: SchemaFormat) -> String? {
    switch format {
    case .none: nil
    case .bytes: isBase64(bytes) ? nil : "is no base64"
    case .dateTime: isDateTime(bytes) ? nil : "is no time such as 2026-11-23T12:00:00Z"
    case .label:
      isLabel(bytes[...])
        ? nil
        : "is no DNS label: at most 63 small letters, digits and `-`, with a letter or digit at "
          + "both ends"
    case .subdomain:
      isSubdomain(bytes[...])
        ? nil : "is no DNS name: at most 253 small letters, digits, `-` and `.`"
    case .labelValue:
      isLabelValue(bytes[...])
        ? nil
        : "is no value of a label: at most 63 letters, digits, `-`, `_` and `.`, with a letter or "
          + "digit at both ends"
    case .qualifiedName:
      isQualifiedName(bytes)
        ? nil
        : "is no name of a label or annotation: at most 63 letters, digits, `-`, `_` and `.`, after "
          + "a DNS name and `/` where it has a prefix"
    case .portName:
      isPortName(bytes)
        ? nil
        : "is no name of a port: at most 15 small letters, digits and single `-`, with a letter "
          + "among them"
    }
  }

  /// A DNS label of RFC 1123.
  package static func isLabel(_ text: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
    guard (1...63).contains(text.count), let first = text.first, let last = text.last else {
      return false
    }
    return isSmallAlphanumeric(first) && isSmallAlphanumeric(last)
      && text.allSatisfy { isSmallAlphanumeric($0) || $0 == UInt8(ascii: "-") }
  }

  /// Labels with dots between them; a single one may be as long as the whole.
  package static func isSubdomain(_ text: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
    guard (1...253).contains(text.count) else { return false }
    var previous = UInt8(ascii: ".")
    for byte in text {
      let isInner = byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
      guard isInner || isSmallAlphanumeric(byte) else { return false }
      // Neither end of a label is a dash, and no label is empty.
      if byte == UInt8(ascii: "."), !isSmallAlphanumeric(previous) { return false }
      if byte == UInt8(ascii: "-"), previous == UInt8(ascii: ".") { return false }
      previous = byte
    }
    return isSmallAlphanumeric(previous)
  }

  /// What fits between two slashes of a path.
  package static func isPathSegment(_ text: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
    let isDots = (1...2).contains(text.count) && text.allSatisfy { $0 == UInt8(ascii: ".") }
    return !text.isEmpty && !isDots
      && text.allSatisfy { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "%") }
  }

  private static func isLabelValue(_ text: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
    guard let first = text.first, let last = text.last else { return true }
    return text.count <= 63 && isAlphanumeric(first) && isAlphanumeric(last)
      && text.allSatisfy { byte in
        isAlphanumeric(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
          || byte == UInt8(ascii: ".")
      }
  }

  private static func isQualifiedName(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    guard let slash = bytes.firstIndex(of: UInt8(ascii: "/")) else {
      return !bytes.isEmpty && isLabelValue(bytes[...])
    }
    let name = bytes[(slash + 1)...]
    return isSubdomain(bytes[..<slash]) && !name.isEmpty && isLabelValue(name)
  }

  private static func isPortName(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    guard isLabel(bytes[...]), bytes.count <= 15,
      bytes.contains(where: { $0 >= UInt8(ascii: "a") })
    else { return false }
    return !zip(bytes, bytes.dropFirst()).contains { $0 == $1 && $0 == UInt8(ascii: "-") }
  }

  /// Four by four, and padding at the end only.
  private static func isBase64(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    guard bytes.count % 4 == 0 else { return false }
    let padding = bytes.suffix(2).count { $0 == UInt8(ascii: "=") }
    return bytes.dropLast(padding).allSatisfy {
      isAlphanumeric($0) || $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "/")
    }
  }

  /// RFC 3339, by its shape.
  private static func isDateTime(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    let shape: StaticString = "0000-00-00T00:00:00"
    guard bytes.count > shape.utf8CodeUnitCount else { return false }
    for index in 0..<shape.utf8CodeUnitCount {
      let wanted = shape.utf8Start[index]
      let agrees =
        wanted == UInt8(ascii: "0") ? isDigit(bytes[index]) : bytes[index] & ~0x20 == wanted & ~0x20
      if !agrees { return false }
    }
    return true
  }

  package static func isDigit(_ byte: UInt8) -> Bool {
    byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
  }

  private static func isSmallAlphanumeric(_ byte: UInt8) -> Bool {
    isDigit(byte) || (byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "z"))
  }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    isDigit(byte) || (byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z"))
  }
}
