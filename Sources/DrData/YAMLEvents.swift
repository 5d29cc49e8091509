// SPDX-License-Identifier: Apache-2.0
//
// The only file that calls libyaml. It turns C events into Swift values and libyaml's terse
// problems into sentences; it knows nothing of documents.

import CYAML

/// One event of libyaml's parser with the place where it begins.
struct YAMLEvent: Sendable {
  enum Kind: Sendable {
    case documentStart
    case documentEnd
    case alias(String)
    case scalar(text: String, plain: Bool, tag: String?, anchor: String?)
    case sequenceStart(tag: String?, anchor: String?)
    case sequenceEnd
    case mappingStart(tag: String?, anchor: String?)
    case mappingEnd
  }
  let kind: Kind
  let line: Int
  let column: Int
  /// Where it ends, counted as its beginning is.
  let endLine: Int
  let endColumn: Int
}

/// Owns one libyaml parser, which must be deleted exactly once.
struct YAMLEvents: ~Copyable {
  private let parser: UnsafeMutablePointer<yaml_parser_t>

  private init?() {
    parser = .allocate(capacity: 1)
    guard yaml_parser_initialize(parser) == 1 else {
      parser.deallocate()
      return nil
    }
  }

  deinit {
    yaml_parser_delete(parser)
    parser.deallocate()
  }

  /// Gives the events of a stream, one after the other, to `body`.
  static func read(
    _ bytes: [UInt8], _ body: (YAMLEvent) throws(DataError) -> Void
  ) throws(DataError) {
    guard !bytes.isEmpty else { return }
    guard let events = YAMLEvents() else {
      throw DataError(message: "there is no memory for the YAML reader", line: 1, column: 1)
    }
    var failure: DataError?
    bytes.withUnsafeBufferPointer { buffer in
      yaml_parser_set_input_string(events.parser, buffer.baseAddress, buffer.count)
      do throws(DataError) {
        while let event = try events.next(bytes) {
          if let event = event.value { try body(event) }
        }
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
  }

  /// A box for events that mean nothing to documents, such as the start of the stream.
  private struct Step { let value: YAMLEvent? }

  private func next(_ bytes: [UInt8]) throws(DataError) -> Step? {
    var event = yaml_event_t()
    guard yaml_parser_parse(parser, &event) == 1 else { throw problem(bytes) }
    defer { yaml_event_delete(&event) }
    if event.type == YAML_STREAM_END_EVENT { return nil }
    guard let kind = try kind(of: event) else { return Step(value: nil) }
    let (mark, end) = (event.start_mark, event.end_mark)
    return Step(
      value: YAMLEvent(
        kind: kind, line: Int(mark.line) + 1, column: Int(mark.column) + 1,
        endLine: Int(end.line) + 1, endColumn: Int(end.column) + 1))
  }

  private func kind(of event: yaml_event_t) throws(DataError) -> YAMLEvent.Kind? {
    switch event.type {
    case YAML_DOCUMENT_START_EVENT: return .documentStart
    case YAML_DOCUMENT_END_EVENT: return .documentEnd
    case YAML_ALIAS_EVENT: return .alias(text(event.data.alias.anchor) ?? "")
    case YAML_SCALAR_EVENT:
      let scalar = event.data.scalar
      let bytes = UnsafeBufferPointer(start: scalar.value, count: scalar.length)
      guard let text = String(validating: bytes, as: UTF8.self) else {
        throw DataError(
          message: "the text is not valid UTF-8", line: Int(event.start_mark.line) + 1,
          column: Int(event.start_mark.column) + 1)
      }
      return .scalar(
        text: text, plain: scalar.style == YAML_PLAIN_SCALAR_STYLE,
        tag: self.text(scalar.tag), anchor: self.text(scalar.anchor))
    case YAML_SEQUENCE_START_EVENT:
      let start = event.data.sequence_start
      return .sequenceStart(tag: text(start.tag), anchor: text(start.anchor))
    case YAML_SEQUENCE_END_EVENT: return .sequenceEnd
    case YAML_MAPPING_START_EVENT:
      let start = event.data.mapping_start
      return .mappingStart(tag: text(start.tag), anchor: text(start.anchor))
    case YAML_MAPPING_END_EVENT: return .mappingEnd
    case _: return nil
    }
  }

  private func text(_ pointer: UnsafeMutablePointer<yaml_char_t>?) -> String? {
    pointer.map { String(cString: $0) }
  }

  // MARK: Problems

  private func problem(_ bytes: [UInt8]) -> DataError {
    let words = parser.pointee.problem.map { String(cString: $0) } ?? "the text is not YAML"
    if parser.pointee.error == YAML_READER_ERROR {
      // The reader knows a byte offset only.
      let offset = min(Int(parser.pointee.problem_offset), bytes.count)
      return DataError(readerSentence(words), at: offset, in: bytes)
    }
    // A name without its colon is noticed on the next line; the context is where it stands.
    let isName = words == "could not find expected ':'"
    let mark = isName ? parser.pointee.context_mark : parser.pointee.problem_mark
    let line = Int(mark.line) + 1
    let column = Int(mark.column) + 1
    let context = parser.pointee.context.map { String(cString: $0) }
    let offending = Int(mark.index) < bytes.count ? scalar(bytes, at: Int(mark.index)) : nil
    return DataError(
      message: sentence(words, context, offending), line: line, column: column)
  }

  private func readerSentence(_ words: String) -> String {
    switch words {
    case "control characters are not allowed": "a control character stands here"
    case "invalid leading UTF-8 octet", "invalid trailing UTF-8 octet",
      "incomplete UTF-8 octet sequence", "invalid length of a UTF-8 sequence",
      "invalid Unicode character":
      "the text is not valid UTF-8"
    case _: words
    }
  }

  /// What libyaml calls a problem, said so that the person who wrote the text can mend it.
  private func sentence(
    _ words: String, _ context: String?, _ offending: Unicode.Scalar?
  ) -> String {
    switch words {
    case "found character that cannot start any token":
      if offending == "\t" { return "a tab indents this line; YAML takes spaces only" }
      return "a value cannot begin with this character; put it in quotes"
    case "found a tab character that violates indentation",
      "found a tab character where an indentation space is expected":
      return "a tab indents this line; YAML takes spaces only"
    case "mapping values are not allowed in this context":
      return "`:` is not allowed here; put the text in quotes or begin a new line"
    case "could not find expected ':'":
      return "`:` is missing after a member's name"
    case "did not find expected key":
      return "the name of a member, or less indentation, should be here"
    case "did not find expected '-' indicator":
      return "`- `, or less indentation, should be here"
    case "did not find expected ',' or ']'":
      return "`,` or `]` is missing"
    case "did not find expected ',' or '}'":
      return "`,` or `}` is missing"
    case "found unexpected end of stream":
      return "the text ends inside a quoted string"
    case "found unexpected document indicator":
      return "a document ends inside a quoted string"
    case "did not find expected <document start>":
      return "a second document should begin with `---`"
    case "block sequence entries are not allowed in this context":
      return "`- ` is not allowed here; begin a new line"
    case "did not find expected node content":
      return "a value should be here"
    case "found unknown escape character":
      return "this is no escape of a double-quoted string"
    case _:
      return context.map { "\(words) \($0)" } ?? words
    }
  }

  /// libyaml's mark counts characters, not bytes.
  private func scalar(_ bytes: [UInt8], at index: Int) -> Unicode.Scalar? {
    let scalars = String(decoding: bytes, as: UTF8.self).unicodeScalars
    let position = scalars.index(scalars.startIndex, offsetBy: index, limitedBy: scalars.endIndex)
    return position.flatMap { $0 < scalars.endIndex ? scalars[$0] : nil }
  }
}
