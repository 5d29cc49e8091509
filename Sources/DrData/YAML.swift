// SPDX-License-Identifier: Apache-2.0

/// YAML as Kubernetes tools exchange it: the JSON values in block or flow style.
///
/// Plain scalars are read by the YAML 1.2 core schema (`yes`, `on` and `12:30` are strings); what
/// 1.1 and 1.2 read as different numbers (`0644`) is refused. Aliases are replaced by what they
/// stand for, up to a limit. Merge keys, tags beyond the core schema and members of which a name
/// is no scalar are refused.
package enum YAML {
  /// Reads all documents of a stream; an empty stream has none, an empty document is null.
  package static func parse(
    _ bytes: [UInt8], limits: DataLimits = DataLimits()
  ) throws(DataError) -> [Document] {
    guard bytes.count <= limits.bytes else {
      throw DataError("the text is larger than \(limits.bytes) bytes", at: 0, in: bytes)
    }
    var composer = YAMLComposer(limits: limits)
    try YAMLEvents.read(bytes) { event throws(DataError) in try composer.take(event) }
    return composer.documents
  }

  /// The text of documents, with `---` between them: the same documents always give the same
  /// bytes. Block style, two spaces per level, members in their order. A string that YAML 1.1 or
  /// 1.2 would read as something else is double-quoted, one of several lines is a literal block.
  /// Every document ends with a newline.
  package static func write(_ documents: [Document]) -> String {
    var writer = YAMLWriter()
    for (index, document) in documents.enumerated() {
      if index > 0 { writer.separateDocuments() }
      document.write(to: &writer)
    }
    return String(decoding: writer.text, as: UTF8.self)
  }
}
