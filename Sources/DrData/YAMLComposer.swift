// SPDX-License-Identifier: Apache-2.0

/// Builds documents out of libyaml's events. Keeps a stack of its own, so that depth costs no
/// stack frames, and counts what aliases add, so that a few lines cannot expand without bound.
struct YAMLComposer {
  private(set) var documents: [Document] = []
  private let limits: DataLimits
  private var open: [Frame] = []
  private var anchors: [String: Anchored] = [:]
  private var nodes = 0
  private var aliasBytes = 0

  /// An array or object that is not closed yet.
  private struct Frame {
    var elements: [Document] = []
    var members: [(name: String, value: Document)] = []
    var names = Set<String>()
    /// The name that waits for its value.
    var pendingName: String?
    let isObject: Bool
    let anchor: String?
    var size = Size(nodes: 1, bytes: 0, depth: 1)
  }

  /// What a value costs where an alias repeats it.
  private struct Size {
    var nodes: Int
    var bytes: Int
    var depth: Int

    mutating func add(_ other: Size) {
      nodes += other.nodes
      bytes += other.bytes
      depth = max(depth, other.depth + 1)
    }
  }

  private struct Anchored {
    let document: Document
    let size: Size
  }

  init(limits: DataLimits) { self.limits = limits }

  mutating func take(_ event: YAMLEvent) throws(DataError) {
    switch event.kind {
    case .documentStart:
      anchors = [:]
    case .documentEnd:
      break
    case .alias(let name):
      try takeAlias(name, event)
    case .scalar(let text, let plain, let tag, let anchor):
      try takeScalar(text, plain, tag, anchor, event)
    case .sequenceStart(let tag, let anchor):
      try begin(isObject: false, tag, "tag:yaml.org,2002:seq", anchor, event)
    case .mappingStart(let tag, let anchor):
      try begin(isObject: true, tag, "tag:yaml.org,2002:map", anchor, event)
    case .sequenceEnd, .mappingEnd:
      guard let frame = open.popLast() else { return }
      let value: Document =
        frame.isObject
        ? .object(DocumentObject(unique: frame.members)) : .array(frame.elements)
      if let anchor = frame.anchor {
        anchors[anchor] = Anchored(document: value, size: frame.size)
      }
      try place(value, frame.size, event)
    }
  }

  private mutating func begin(
    isObject: Bool, _ tag: String?, _ ownTag: String, _ anchor: String?, _ event: YAMLEvent
  ) throws(DataError) {
    guard tag == nil || tag == "!" || tag == ownTag else { throw unknownTag(tag, event) }
    if waitsForName {
      throw error("the name of a member must be a scalar", event)
    }
    try count(1, event)
    guard open.count < limits.depth else {
      throw error("more than \(limits.depth) nested arrays and objects", event)
    }
    open.append(Frame(isObject: isObject, anchor: anchor))
  }

  private mutating func takeScalar(
    _ text: String, _ plain: Bool, _ tag: String?, _ anchor: String?, _ event: YAMLEvent
  ) throws(DataError) {
    try count(1, event)
    if waitsForName {
      if let anchor {
        anchors[anchor] = Anchored(
          document: .string(text), size: Size(nodes: 1, bytes: text.utf8.count, depth: 0))
      }
      return try takeName(text, plain, event)
    }
    let value: Document
    switch YAMLScalar.resolve(text, plain: plain, tag: tag) {
    case .value(let resolved): value = resolved
    case .ambiguous(let reason): throw error(reason, event)
    case .unknownTag: throw unknownTag(tag, event)
    }
    let size = Size(nodes: 1, bytes: text.utf8.count, depth: 0)
    if let anchor { anchors[anchor] = Anchored(document: value, size: size) }
    try place(value, size, event)
  }

  private mutating func takeAlias(_ name: String, _ event: YAMLEvent) throws(DataError) {
    guard let anchored = anchors[name] else {
      let within = open.contains { $0.anchor == name }
      throw error(
        within
          ? "the alias `*\(name)` stands inside what it names"
          : "nothing is named `&\(name)` before this alias", event)
    }
    if waitsForName {
      guard case .string(let text) = anchored.document else {
        throw error("the name of a member must be a scalar", event)
      }
      return try takeName(text, false, event)
    }
    try count(anchored.size.nodes, event)
    aliasBytes += anchored.size.bytes
    guard aliasBytes <= limits.aliasBytes else { throw tooLarge(event) }
    guard open.count + anchored.size.depth <= limits.depth else {
      throw error("more than \(limits.depth) nested arrays and objects", event)
    }
    try place(anchored.document, anchored.size, event)
  }

  private var waitsForName: Bool {
    guard let frame = open.last else { return false }
    return frame.isObject && frame.pendingName == nil
  }

  private mutating func takeName(
    _ text: String, _ plain: Bool, _ event: YAMLEvent
  ) throws(DataError) {
    if plain, text == "<<" {
      throw error("merge keys are not read; write the members out", event)
    }
    if plain, text.isEmpty { throw error("the name of a member is missing", event) }
    let top = open.count - 1
    guard open[top].names.insert(text).inserted else {
      throw error("the member `\(text)` is given twice", event)
    }
    open[top].pendingName = text
    open[top].size.bytes += text.utf8.count
  }

  private mutating func place(
    _ value: Document, _ size: Size, _ event: YAMLEvent
  ) throws(DataError) {
    guard !open.isEmpty else {
      documents.append(value)
      return
    }
    let top = open.count - 1
    open[top].size.add(size)
    if let name = open[top].pendingName {
      open[top].members.append((name, value))
      open[top].pendingName = nil
    } else {
      open[top].elements.append(value)
    }
  }

  private mutating func count(_ added: Int, _ event: YAMLEvent) throws(DataError) {
    nodes += added
    guard nodes <= limits.nodes else { throw tooLarge(event) }
  }

  private func tooLarge(_ event: YAMLEvent) -> DataError {
    error("the document is too large once its aliases are replaced", event)
  }

  private func unknownTag(_ tag: String?, _ event: YAMLEvent) -> DataError {
    error("the tag `\(tag ?? "!")` does not fit this value", event)
  }

  private func error(_ message: String, _ event: YAMLEvent) -> DataError {
    DataError(message: message, line: event.line, column: event.column)
  }
}
