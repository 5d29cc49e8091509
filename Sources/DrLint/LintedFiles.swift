// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrData

/// Manifests that no program made, with their places.
package struct LintedFiles {
  struct Object {
    let document: DocumentObject
    let file: FileID
    let place: YAMLPlace
  }

  private(set) var objects: [Object] = []
  /// The files that were read.
  package private(set) var files: [FileID] = []
  /// What could not be read.
  package private(set) var problems: [Diagnostic] = []

  package init() {}

  /// How many files of folders hold something else.
  package private(set) var others = 0

  /// Reads a file that was added to the sources. `List`s are taken apart; what is no object is a
  /// problem, unless the file was found in a folder and has no object at all: settings of something
  /// else.
  package mutating func read(_ source: SourceFile, foundInFolder: Bool = false) {
    let before = (objects.count, problems.count)
    readAll(source)
    let isOther = foundInFolder && objects.count == before.0 && isReadable
    guard isOther, problems.count > before.1 else { return }
    problems.removeLast(problems.count - before.1)
    files.removeLast()
    others += 1
  }

  /// Whether the file that was read last is YAML.
  private var isReadable = true

  private mutating func readAll(_ source: SourceFile) {
    files.append(source.id)
    isReadable = true
    do throws(DataError) {
      let documents = try YAML.parse(source.bytes)
      let places = try YAML.places(source.bytes)
      for (document, place) in zip(documents, places) { add(document, place, source.id) }
    } catch {
      isReadable = false
      problems.append(
        Diagnostic(
          .unreadableManifest, error.message,
          at: source.span(line: error.line, column: error.column),
          help: "mend the file, or leave it out"))
    }
  }

  private mutating func add(_ document: Document, _ place: YAMLPlace, _ file: FileID) {
    guard document != .null else { return }
    guard case .object(let object) = document else {
      return report("this document is no object", place, file)
    }
    if let kind = object["kind"]?.stringValue, kind.hasSuffix("List"),
      let items = object["items"]?.arrayValue
    {
      let places = place.members.first { $0.name == "items" }?.value.elements ?? []
      for (index, item) in items.enumerated() {
        add(item, places.indices.contains(index) ? places[index] : place, file)
      }
      return
    }
    guard object["apiVersion"]?.stringValue != nil, object["kind"]?.stringValue != nil else {
      return report("this object has no apiVersion and kind", place, file)
    }
    objects.append(Object(document: object, file: file, place: place))
  }

  private mutating func report(_ message: String, _ place: YAMLPlace, _ file: FileID) {
    let span = Span(file, UInt32(place.range.lowerBound), UInt32(place.range.upperBound))
    problems.append(
      Diagnostic(
        .unreadableManifest, message, at: span,
        help: "a manifest is an object with apiVersion, kind and metadata"))
  }
}

extension SourceFile {
  /// A point, or the character there; lines and columns count from 1, columns in characters.
  func span(line: Int, column: Int) -> Span {
    let number = min(max(line - 1, 0), lineStarts.count - 1)
    let text = String(decoding: lineBytes(number), as: UTF8.self)
    let before = String(String.UnicodeScalarView(text.unicodeScalars.prefix(column - 1)))
    let start = lineStarts[number] + UInt32(before.utf8.count)
    return Span(id, start, start)
  }
}
