// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrData
import DrSema

/// Data that is not of the type it should be.
private struct Mismatch: Error {
  /// `.pods[3].phase`
  var path: String
  var expected: String
  var found: String
  /// The record type that has no member so called.
  var stranger: Record?
  /// A constraint or limit that failed on the way, with its own words.
  var diagnostic: Diagnostic?
}

/// How strictly data is read.
private enum Source {
  /// Quantities are whole numbers; members that a type does not have are dropped.
  case driver
  /// Written by people: quantities are text with a unit, and numbers and truths may be text too;
  /// unknown members are mistakes.
  case input
}

extension Machine {
  /// The value of a type for data that a driver or a journal gave. Records are read by field name,
  /// quantities as whole numbers of the base unit or as text like `30s`.
  package func value(_ document: Document, as type: TypeID) throws(Diagnostic) -> Value {
    try read(document, type, .driver, name: "the result")
  }

  /// The value of an input, written by a person.
  func input(_ document: Document, _ global: Global) throws(Diagnostic) -> Value {
    do {
      return try read(document, global.type, .input, name: "the input `\(global.name)`")
    } catch {
      var diagnostic = error
      if diagnostic.span == nil {
        diagnostic.span = global.span
      } else {
        diagnostic.labels.append(Label(global.span, "given for this input"))
      }
      throw diagnostic
    }
  }

  private func read(
    _ document: Document, _ type: TypeID, _ source: Source, name: String
  ) throws(Diagnostic) -> Value {
    do throws(Mismatch) {
      return try value(document, type, source, depth: 0)
    } catch {
      if let diagnostic = error.diagnostic { throw diagnostic }
      let place = error.path.isEmpty ? name : "`\(error.shownPath)` of \(name)"
      if let type = error.stranger {
        let word = error.path.split(separator: ".").last.map(String.init) ?? ""
        let near = nearestName(to: word, among: type.fields.map(\.name))
        throw Diagnostic(
          .unknownField, "\(place) is not a field of `\(type.name)`", caption: "declared here",
          help: near.map { "did you mean `\($0)`?" } ?? "leave it out")
      }
      throw Diagnostic(
        .typeMismatch, "\(place) must be \(error.expected), not \(error.found)",
        caption: "declared here")
    }
  }

  private func value(
    _ document: Document, _ type: TypeID, _ source: Source, depth: Int
  ) throws(Mismatch) -> Value {
    if depth > nestingLimit { throw mismatch(type, "something nested so deep") }
    switch program.checked.types[type] {
    case .unit, .never: return .unit
    case .error, .object, .parameter: return try anything(document, depth: depth)
    case .bool:
      if case .bool(let value) = document { return .bool(value) }
      if source == .input, document == "true" { return .bool(true) }
      if source == .input, document == "false" { return .bool(false) }
    case .int:
      if case .int(let value) = document { return .int(value) }
      if case .float(let value) = document, let whole = Machine.integral(value) {
        return .int(whole)
      }
      if source == .input, case .string(let text) = document, let value = Int64(text) {
        return .int(value)
      }
    case .float:
      if case .float(let value) = document, value.isFinite { return .float(value) }
      if case .int(let value) = document { return .float(Double(value)) }
      if source == .input, case .string(let text) = document, let value = Double(text),
        value.isFinite
      {
        return .float(value)
      }
    case .duration, .bytes, .percent, .rate, .throughput:
      let tag = program.checked.types.wholeTag(type)
      if case .int(let value) = document, source == .driver || inputsAreConverted {
        return Value(tag, whole: value)
      }
      if case .string(let text) = document, let value = QuantityReader.read(text, as: tag) {
        return Value(tag, whole: value)
      }
    case .string:
      if case .string(let text) = document { return try made(text) }
    case .secret:
      if case .string(let text) = document {
        return try stopped { () throws(Stop) in
          try self.heap.makeSecret(try self.heap.makeString(text), isReference: false)
        }
      }
    case .choice(let options):
      if case .string(let text) = document, options.contains(text) { return try made(text) }
    case .optional(let inner):
      return document == .null ? .nilValue : try value(document, inner, source, depth: depth)
    case .list(let element):
      if case .array(let elements) = document {
        return try list(elements, element, source, depth: depth)
      }
    case .map(let key, let element):
      if case .object(let members) = document {
        return try map(members, key, element, source, depth: depth)
      }
    case .record(let id):
      if case .object(let members) = document {
        return try record(members, id, source, depth: depth)
      }
    case .union(let ids):
      if case .object(let members) = document {
        return try union(members, ids, type, source, depth: depth)
      }
    case .range, .function: break
    }
    throw mismatch(type, shown(document))
  }

  private func mismatch(_ type: TypeID, _ found: String) -> Mismatch {
    Mismatch(path: "", expected: Spelling.of(type, in: program.checked), found: found)
  }

  private func shown(_ document: Document) -> String {
    switch document {
    case .null: "nothing"
    case .bool(let value): "\(value)"
    case .int(let value): "the number \(value)"
    case .float(let value): "the number \(value)"
    case .string(let text): "the text \"\(text.count > 60 ? "\(text.prefix(59))…" : text)\""
    case .array: "a list"
    case .object: "an object"
    }
  }

  private func stopped(_ body: () throws(Stop) -> Value) throws(Mismatch) -> Value {
    do throws(Stop) {
      return try body()
    } catch {
      throw Mismatch(
        path: "", expected: "", found: "", diagnostic: failure(of: error, at: nil))
    }
  }

  private func made(_ text: String) throws(Mismatch) -> Value {
    try stopped { () throws(Stop) in try self.heap.makeString(text) }
  }

  /// Any data as an `Object`.
  private func anything(_ document: Document, depth: Int) throws(Mismatch) -> Value {
    if depth > nestingLimit {
      throw Mismatch(path: "", expected: "an Object", found: "something nested so deep")
    }
    switch document {
    case .null: return .nilValue
    case .bool(let value): return .bool(value)
    case .int(let value): return .int(value)
    case .float(let value): return .float(value)
    case .string(let text): return try made(text)
    case .array(let elements):
      var values: [Value] = []
      for element in elements { values.append(try anything(element, depth: depth + 1)) }
      return try stopped { () throws(Stop) in try self.heap.makeList(values) }
    case .object(let object):
      var table = try stopped { () throws(Stop) in
        try self.heap.makeTable(.object, capacity: object.members.count)
      }
      for member in object.members {
        let name = try made(member.name)
        let value = try anything(member.value, depth: depth + 1)
        table = try stopped { () throws(Stop) in try self.heap.set(name, value, in: table) }
      }
      return table
    }
  }

  private func list(
    _ elements: [Document], _ type: TypeID, _ source: Source, depth: Int
  ) throws(Mismatch) -> Value {
    var values: [Value] = []
    for (index, element) in elements.enumerated() {
      do throws(Mismatch) {
        values.append(try value(element, type, source, depth: depth + 1))
      } catch {
        throw error.inside("[\(index)]")
      }
    }
    return try stopped { () throws(Stop) in try self.heap.makeList(values) }
  }

  private func map(
    _ object: DocumentObject, _ key: TypeID, _ type: TypeID, _ source: Source, depth: Int
  ) throws(Mismatch) -> Value {
    var table = try stopped { () throws(Stop) in
      try self.heap.makeTable(.map, capacity: object.members.count)
    }
    for member in object.members {
      do throws(Mismatch) {
        // Names of members are text, so that numbers among them are read as people write them.
        let name = try value(.string(member.name), key, .input, depth: depth + 1)
        let value = try value(member.value, type, source, depth: depth + 1)
        table = try stopped { () throws(Stop) in try self.heap.set(name, value, in: table) }
      } catch {
        throw error.inside(".\(member.name)")
      }
    }
    return table
  }

  /// The first of the records whose fields the members fit.
  private func union(
    _ members: DocumentObject, _ ids: [RecordID], _ type: TypeID, _ source: Source, depth: Int
  ) throws(Mismatch) -> Value {
    for id in ids {
      let names = program.checked[id].fields.map(\.name)
      guard members.members.allSatisfy({ names.contains($0.name) }) else { continue }
      if let value = try? record(members, id, source, depth: depth) { return value }
    }
    throw mismatch(type, "an object that fits none of them")
  }

  private func record(
    _ members: DocumentObject, _ id: RecordID, _ source: Source, depth: Int
  ) throws(Mismatch) -> Value {
    let number = Int(id.rawValue)
    // Of a field only what is needed is copied: answers are read by the thousand.
    let fields = program.checked.records[number].fields
    if source == .input,
      let unknown = members.members.first(where: { member in
        !fields.contains { $0.name == member.name }
      })
    {
      throw Mismatch(
        path: ".\(unknown.name)", expected: "", found: "", stranger: program.checked[id])
    }
    let template = image.records[number]
    guard
      let record = heap.makeRecord(
        id.rawValue, global: -1, template: template.slots, slotCount: template.slotCount)
    else { return try stopped { () throws(Stop) in throw .memory } }
    for slot in fields.indices {
      let type = fields[slot].type
      do throws(Mismatch) {
        if let member = members[fields[slot].name] {
          record.slots[slot] = try value(member, type, source, depth: depth + 1)
        } else if record.slots[slot].tag == .nilValue, !isOptional(type) {
          throw mismatch(type, "missing")
        }
      } catch {
        throw error.inside(".\(fields[slot].name)")
      }
    }
    do throws(Diagnostic) {
      try complete(record, fields, given: members)
    } catch {
      throw Mismatch(path: "", expected: "", found: "", diagnostic: error)
    }
    return record.value
  }

  private func isOptional(_ type: TypeID) -> Bool {
    switch program.checked.types[type] {
    case .optional, .object, .error, .never, .unit, .parameter: true
    case .bool, .int, .float, .string, .duration, .bytes, .percent, .rate, .throughput, .secret,
      .range, .list, .map, .choice, .record, .union, .function:
      false
    }
  }

  /// Defaults, and then the constraints of what was given.
  private func complete(
    _ record: RecordRef, _ fields: [RecordField], given members: DocumentObject
  ) throws(Diagnostic) {
    for slot in fields.indices { _ = try self.slot(record, slot) }
    for slot in fields.indices where fields[slot].constraint != nil {
      let field = fields[slot]
      guard members[field.name] != nil, let constraint = field.constraint else { continue }
      guard !(try call(constraint, [record.value]).isTrue) else { continue }
      var message = Value.nilValue
      if let function = field.constraintMessage { message = try call(function, [record.value]) }
      throw constraintFailure(record, slot, message, at: field.span, nil)
    }
  }
}

extension Mismatch {
  fileprivate var shownPath: Substring { path.first == "." ? path.dropFirst() : path[...] }

  fileprivate func inside(_ part: String) -> Mismatch {
    var outer = self
    outer.path = part + path
    return outer
  }
}
