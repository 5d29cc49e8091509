// SPDX-License-Identifier: Apache-2.0

import DrBase

/// Why a Swift value and one of the language do not become each other.
struct BridgeError: Error {
  /// Where inside the value: `zones[2].gpu`; empty for the value itself.
  var path: String
  /// A sentence that goes on after "the value": "must be an Int, not the text "five"".
  var reason: String
  /// A failure of the program itself on the way, with its own words.
  var diagnostic: Diagnostic?

  init(_ path: [any CodingKey], _ reason: String, diagnostic: Diagnostic? = nil) {
    self.path = BridgeError.text(path)
    self.reason = reason
    self.diagnostic = diagnostic
  }

  /// What `Codable` code threw, in our words.
  static func wrapping(_ error: any Error) -> BridgeError {
    switch error {
    case let error as BridgeError: return error
    case let error as Diagnostic: return BridgeError([], error.message, diagnostic: error)
    case DecodingError.keyNotFound(let key, let context):
      return BridgeError(context.codingPath, "has no `\(key.stringValue)`")
    case DecodingError.typeMismatch(let type, let context):
      return BridgeError(context.codingPath, "is no \(type): \(context.debugDescription)")
    case DecodingError.valueNotFound(let type, let context):
      return BridgeError(context.codingPath, "is nil where a \(type) is wanted")
    case DecodingError.dataCorrupted(let context):
      return BridgeError(context.codingPath, "cannot be read: \(context.debugDescription)")
    case EncodingError.invalidValue(let value, let context):
      return BridgeError(
        context.codingPath, "cannot be written: \(value): \(context.debugDescription)")
    default: return BridgeError([], "cannot be converted: \(error)")  // open: errors of the host
    }
  }

  private static func text(_ path: [any CodingKey]) -> String {
    path.reduce("") { text, key in
      if let index = key.intValue { return "\(text)[\(index)]" }
      return text.isEmpty ? key.stringValue : "\(text).\(key.stringValue)"
    }
  }

  /// The sentence, with a name for the value as a whole.
  func message(_ name: String) -> String {
    path.isEmpty ? "\(name) \(reason)" : "`\(path)` of \(name) \(reason)"
  }

  /// As an error about a value of that name at that place.
  func asDiagnostic(_ name: String, at span: Span? = nil) -> Diagnostic {
    diagnostic ?? Diagnostic(.typeMismatch, message(name), at: span)
  }

  func asDrError(
    _ name: String = "the value", at span: Span? = nil, in sources: SourceMap = SourceMap(),
    cause: (any Error)? = nil
  ) -> DrError {
    if let diagnostic { return DrError(evaluating: diagnostic, sources, cause: cause) }
    return DrError(.mismatch, [asDiagnostic(name, at: span)], sources)
  }
}

/// A key that is a place in a list or a name that is known only at run time.
struct PlaceKey: CodingKey {
  let stringValue: String
  let intValue: Int?

  init(_ index: Int) {
    intValue = index
    stringValue = "\(index)"
  }
  init(_ name: String) {
    intValue = nil
    stringValue = name
  }
  init?(stringValue: String) { self.init(stringValue) }
  init?(intValue: Int) { self.init(intValue) }
}
