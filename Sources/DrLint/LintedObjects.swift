// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrData
import DrEmit
import DrEval
import DrSchema
import DrSema
import DrSyntax

/// The objects that rules see as `manifests`: those that a program gives, or those of files that no
/// program made. Knows where each member is written.
package struct LintedObjects {
  private enum Origin {
    case program(EmittedObject)
    case file(FileID, YAMLPlace)
  }

  private let values: [Value]
  private let own: [Value]
  private let version: String
  private var origins: [UInt64: Origin] = [:]

  /// All objects of a program, for a version of Kubernetes or for that of its cluster.
  package init(of machine: Machine, for version: String?) throws(Diagnostic) {
    var chosen = version
    if chosen == nil { chosen = try machine.clusterVersion() }
    self.version = chosen ?? KubernetesVersion.known.upperBound.text
    let objects = try machine.emittedObjects(for: self.version)
    values = objects.map(\.value)
    own = objects.filter(\.isOwn).map(\.value)
    for object in objects { origins[object.value.identity] = .program(object) }
  }

  /// The objects of manifest files.
  package init(
    _ files: LintedFiles, in machine: Machine, for version: String?
  ) throws(Diagnostic) {
    var values: [Value] = []
    for object in files.objects {
      let value = try machine.value(.object(object.document), as: TypeTable.object)
      values.append(value)
      origins[value.identity] = .file(object.file, object.place)
    }
    self.values = values
    own = values
    self.version = version ?? KubernetesVersion.known.upperBound.text
  }

  /// Gives the program's `manifests` their values.
  func define(in machine: Machine) throws(Diagnostic) {
    for list in ManifestList.allCases {
      guard let id = machine.program.checked.manifests[list] else { continue }
      switch list {
      case .all: machine.define(id, as: try machine.list(values))
      case .own: machine.define(id, as: try machine.list(own))
      case .kubernetes: machine.define(id, as: try machine.string(version))
      }
    }
  }

  /// Where a member of an object is written, and the block or object around it; `nil` for what is no
  /// object of these.
  func place(of object: Value, _ path: SchemaPath, in machine: Machine) -> (Span, Label?)? {
    switch origins[object.identity] {
    case nil: return nil
    case .program(let object):
      let block = machine.program.checked[object.block]
      guard let span = machine.place(of: path, in: object), span != block.span else {
        return (block.span, nil)
      }
      return (span, span.file == block.span.file ? Label(block.span, "for this block") : nil)
    case .file(let file, let place):
      let range = Self.range(of: path.parts[...], in: place)
      return (Span(file, UInt32(range.lowerBound), UInt32(range.upperBound)), nil)
    }
  }

  /// The edit that writes a member that is not there, into the object that is to have it; `nil` where it is there.
  func insertion(
    of text: String, at path: SchemaPath, in object: Value, _ machine: Machine,
    _ sources: SourceMap, _ trees: ParsedFiles
  ) -> Insertion? {
    guard case .member(let name)? = path.parts.last else { return nil }
    let parent = SchemaPath(Array(path.parts.dropLast()))
    switch origins[object.identity] {
    case nil: return nil
    case .program(let emitted):
      guard let around = machine.place(of: parent, in: emitted),
        machine.place(of: path, in: emitted) == around, sources.text(around).hasPrefix("{")
      else { return nil }
      return trees[sources[around.file]].adding(
        "\(name): \(Self.literal(text))", toBodyAfter: around.start)
    case .file(let file, let place):
      guard let around = Self.place(at: parent.parts[...], in: place),
        let first = around.members.first,
        !around.members.contains(where: { $0.name == name })
      else { return nil }
      return Self.insertion(of: text, named: name, before: first, in: around, sources[file])
    }
  }

  private static func insertion(
    of text: String, named name: String, before first: YAMLPlace.Member, in around: YAMLPlace,
    _ source: SourceFile
  ) -> Insertion? {
    let (bytes, start) = (source.bytes, first.nameRange.lowerBound)
    let span = Span(source.id, UInt32(start), UInt32(start))
    let isJSON = bytes[start] == UInt8(ascii: "\"")
    let member = isJSON ? "\"\(name)\": \(literal(text))" : "\(name): \(text)"
    if bytes[around.range.lowerBound] == UInt8(ascii: "{") { return Insertion(span, "\(member), ") }
    let line = Int(source.lineStarts[source.line(at: UInt32(start))])
    guard bytes[line..<start].allSatisfy({ $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "-") })
    else { return nil }
    return Insertion(span, "\(member)\n\(String(repeating: " ", count: start - line))")
  }

  /// As a program and JSON have it: a text in quotes, all else as it is.
  private static func literal(_ text: String) -> String {
    let isPlain =
      text.allSatisfy(\.isNumber) || ["true", "false"].contains(text) || text.hasPrefix("[")
    return isPlain ? text : "\"\(text)\""
  }

  /// Where a member is written that is one text, number or truth; `nil` where it is not, or computed.
  func scalar(at path: SchemaPath, in object: Value, _ machine: Machine) -> Span? {
    switch origins[object.identity] {
    case nil: return nil
    case .program(let emitted):
      let parent = SchemaPath(Array(path.parts.dropLast()))
      let span = machine.place(of: path, in: emitted)
      return span == machine.place(of: parent, in: emitted) ? nil : span
    case .file(let file, let place):
      guard let value = Self.place(at: path.parts[...], in: place), value.isScalar else {
        return nil
      }
      return Span(file, UInt32(value.range.lowerBound), UInt32(value.range.upperBound))
    }
  }

  /// Where the name of a member is written, with its quotes.
  func name(
    at path: SchemaPath, in object: Value, _ machine: Machine, _ sources: SourceMap
  ) -> Span? {
    guard case .member(let name)? = path.parts.last else { return nil }
    switch origins[object.identity] {
    case nil: return nil
    case .program(let emitted):
      guard let value = machine.place(of: path, in: emitted) else { return nil }
      let before = sources[value.file].bytes[..<Int(value.start)]
      let written = Array("\"\(name)\": ".utf8)
      guard before.suffix(written.count).elementsEqual(written) else { return nil }
      let start = value.start - UInt32(written.count)
      return Span(value.file, start, value.start - 2)
    case .file(let file, let place):
      let around = Self.place(at: path.parts.dropLast(), in: place)
      return around?.members.first { $0.name == name }.map {
        Span(file, UInt32($0.nameRange.lowerBound), UInt32($0.nameRange.upperBound))
      }
    }
  }

  private static func place(
    at path: ArraySlice<SchemaPath.Part>, in place: YAMLPlace
  ) -> YAMLPlace? {
    switch path.first {
    case nil: return place
    case .member(let text):
      guard let member = place.members.first(where: { $0.name == text }) else { return nil }
      return Self.place(at: path.dropFirst(), in: member.value)
    case .element(let index):
      guard place.elements.indices.contains(index) else { return nil }
      return Self.place(at: path.dropFirst(), in: place.elements[index])
    }
  }

  /// The value at a path; of one that is not written, the name of what is written last on the way.
  private static func range(
    of path: ArraySlice<SchemaPath.Part>, in place: YAMLPlace, named name: Range<Int>? = nil
  ) -> Range<Int> {
    switch path.first {
    case nil: return place.isScalar ? place.range : name ?? place.range
    case .member(let text):
      guard let member = place.members.first(where: { $0.name == text }) else { break }
      return range(of: path.dropFirst(), in: member.value, named: member.nameRange)
    case .element(let index):
      guard place.elements.indices.contains(index) else { break }
      return range(of: path.dropFirst(), in: place.elements[index])
    }
    return name ?? place.range
  }
}

extension SchemaPath {
  /// Reads `spec.containers[0].image`; a name with dots stands in `["…"]`. `nil` for anything else.
  init?(reading text: String) {
    var parts: [Part] = []
    var rest = Substring(text)
    while let first = rest.first {
      if first == "[" {
        guard let end = rest.firstIndex(of: "]") else { return nil }
        let inside = rest[rest.index(after: rest.startIndex)..<end]
        if let index = Int(inside) {
          parts.append(.element(index))
        } else {
          parts.append(.member(String(inside.drop { $0 == "\"" }.prefix { $0 != "\"" })))
        }
        rest = rest[rest.index(after: end)...]
      } else {
        if first == "." { rest = rest.dropFirst() }
        let name = rest.prefix { $0 != "." && $0 != "[" }
        guard !name.isEmpty else { return nil }
        parts.append(.member(String(name)))
        rest = rest[name.endIndex...]
      }
    }
    self.init(parts)
  }
}
