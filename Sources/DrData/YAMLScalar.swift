// SPDX-License-Identifier: Apache-2.0

/// What the text of a scalar means: YAML 1.2.2, section 10.3 (core schema).
enum YAMLScalar {
  enum Meaning {
    case value(Document)
    /// YAML 1.1 and 1.2 read it differently; why and what to write instead.
    case ambiguous(String)
    case unknownTag
  }

  static func resolve(_ text: String, plain: Bool, tag: String?) -> Meaning {
    switch tag {
    case nil where plain: return resolvePlain(text)
    case nil, "!", "tag:yaml.org,2002:str": return .value(.string(text))
    case "tag:yaml.org,2002:null", "tag:yaml.org,2002:bool", "tag:yaml.org,2002:int":
      let meaning = resolvePlain(text)
      guard case .value(let value) = meaning else { return meaning }
      switch (tag, value) {
      case ("tag:yaml.org,2002:null", .null), ("tag:yaml.org,2002:bool", .bool),
        ("tag:yaml.org,2002:int", .int):
        return meaning
      case _: return .unknownTag
      }
    case "tag:yaml.org,2002:float":
      switch resolvePlain(text) {
      case .value(.float(let value)): return .value(.float(value))
      case .value(.int(let value)): return .value(.float(Double(value)))
      case .ambiguous(let reason): return .ambiguous(reason)
      case .value, .unknownTag: return .unknownTag
      }
    case _: return .unknownTag
    }
  }

  private static func resolvePlain(_ text: String) -> Meaning {
    switch text {
    case "", "~", "null", "Null", "NULL": return .value(.null)
    case "true", "True", "TRUE": return .value(.bool(true))
    case "false", "False", "FALSE": return .value(.bool(false))
    case ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF": return .value(.float(.infinity))
    case "-.inf", "-.Inf", "-.INF": return .value(.float(-.infinity))
    case ".nan", ".NaN", ".NAN": return .value(.float(.nan))
    case _: break
    }
    let bytes = Array(text.utf8)
    if let radix = radix(bytes) {
      let digits = bytes.dropFirst(2)
      guard !digits.isEmpty,
        digits.allSatisfy({ byte in
          byte < 0x80 && (Character(Unicode.Scalar(byte)).hexDigitValue ?? 99) < radix
        })
      else { return .value(.string(text)) }
      guard let value = Int64(String(text.dropFirst(2)), radix: radix) else {
        return .ambiguous("the number does not fit in 64 bits")
      }
      return .value(.int(value))
    }
    return number(text, bytes)
  }

  private static func radix(_ bytes: [UInt8]) -> Int? {
    guard bytes.count > 2, bytes[0] == UInt8(ascii: "0") else { return nil }
    switch bytes[1] {
    case UInt8(ascii: "o"): return 8
    case UInt8(ascii: "x"): return 16
    case _: return nil
    }
  }

  /// `[-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?`
  private static func number(_ text: String, _ bytes: [UInt8]) -> Meaning {
    var rest = bytes[...]
    _ = takeSign(&rest)
    let whole = takeDigits(&rest)
    var isInteger = true
    var fraction = 0
    if rest.first == UInt8(ascii: ".") {
      isInteger = false
      rest.removeFirst()
      fraction = takeDigits(&rest).count
    }
    guard !whole.isEmpty || fraction > 0 else { return .value(.string(text)) }
    if rest.first == UInt8(ascii: "e") || rest.first == UInt8(ascii: "E") {
      isInteger = false
      rest.removeFirst()
      _ = takeSign(&rest)
      guard !takeDigits(&rest).isEmpty else { return .value(.string(text)) }
    }
    guard rest.isEmpty else { return .value(.string(text)) }
    if isInteger {
      if whole.count > 1, whole.first == UInt8(ascii: "0") {
        return .ambiguous(
          "YAML 1.1 and 1.2 read `\(text)` as different numbers; write quotes, or 0o for octal")
      }
      if let value = Int64(text) { return .value(.int(value)) }
    }
    guard let value = Double(text), value.isFinite else {
      return .ambiguous("the number is too large")
    }
    return .value(.float(value))
  }

  private static func takeSign(_ rest: inout ArraySlice<UInt8>) -> Bool {
    guard rest.first == UInt8(ascii: "-") || rest.first == UInt8(ascii: "+") else { return false }
    rest.removeFirst()
    return true
  }

  private static func takeDigits(_ rest: inout ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    let digits = rest.prefix { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
    rest = rest.dropFirst(digits.count)
    return digits
  }
}
