// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrData
import DrEval
import DrSema

/// A host's data as what a machine reads for a type. Machines take quantities as plain numbers, so
/// that a unit which does not fit is found here.
struct Conforming {
  let program: CheckedProgram

  /// The value of a type on a machine.
  static func value(
    _ value: Value, as type: TypeID, on machine: Machine, name: String
  ) throws(Diagnostic) -> DrEval.Value {
    let document: Document
    do throws(BridgeError) {
      document = try Conforming(program: machine.program.checked).document(value, type, [])
    } catch {
      throw error.asDiagnostic(name)
    }
    return try machine.value(document, as: type)
  }

  func document(
    _ value: Value, _ type: TypeID, _ path: [any CodingKey]
  ) throws(BridgeError) -> Document {
    let type = unwrapped(type)
    guard path.count <= nestingLimit else {
      throw BridgeError([], "is nested more than \(nestingLimit) deep")
    }
    switch value {
    case .null: return .null
    case .bool(let value): return .bool(value)
    case .int(let value): return try plain(.int(Int64(value)), "the number \(value)", type, path)
    case .float(let value): return try plain(.float(value), "the number \(value)", type, path)
    case .string(let text): return try plain(.string(text), "the text \"\(text)\"", type, path)
    case .duration(let value):
      guard let nanoseconds = value.nanoseconds else {
        throw BridgeError(path, "is \(value), which is no whole number of nanoseconds in 64 bits")
      }
      return try quantity(nanoseconds, TypeTable.duration, "a Duration", type, path)
    case .bytes(let value):
      return try quantity(Int64(value.count), TypeTable.bytes, "Bytes", type, path)
    case .percent(let value):
      return try quantity(Int64(value.billionths), TypeTable.percent, "a Percent", type, path)
    case .rate(let value):
      return try quantity(Int64(value.millionths), TypeTable.rate, "a Rate", type, path)
    case .throughput(let value):
      return try quantity(
        Int64(value.bytesPerSecond), TypeTable.throughput, "a Throughput", type, path)
    case .list(let elements):
      var documents: [Document] = []
      for (index, element) in elements.enumerated() {
        documents.append(try document(element, self.element(type), path + [PlaceKey(index)]))
      }
      return .array(documents)
    case .object(let members): return try object(members, type, path)
    }
  }

  private func object(
    _ members: [Value.Member], _ type: TypeID, _ path: [any CodingKey]
  ) throws(BridgeError) -> Document {
    var result = DocumentObject()
    for member in members {
      let expected = self.member(member.name, type, members)
      if case .record(let id) = program.types[type],
        !program[id].fields.contains(where: { $0.name == member.name })
      {
        throw BridgeError(path, "has no field `\(member.name)`: a `\(program[id].name)` has none")
      }
      result[member.name] = try document(member.value, expected, path + [PlaceKey(member.name)])
    }
    return .object(result)
  }

  private func quantity(
    _ units: Int64, _ own: TypeID, _ name: String, _ type: TypeID, _ path: [any CodingKey]
  ) throws(BridgeError) -> Document {
    if type == own { return .int(units) }
    throw BridgeError(path, "must be \(Spelling.of(type, in: program)), not \(name)")
  }

  private func plain(
    _ document: Document, _ shown: String, _ type: TypeID, _ path: [any CodingKey]
  ) throws(BridgeError) -> Document {
    switch program.types[type] {
    case .duration, .bytes, .percent, .rate, .throughput:
      // Text is read as a person writes it; a bare number has no unit.
      if case .string = document { return document }
      throw BridgeError(path, "must be \(Spelling.of(type, in: program)), not \(shown)")
    case .error, .never, .unit, .bool, .int, .float, .string, .secret, .object, .range, .list, .map,
      .optional, .choice, .record, .union, .function, .parameter:
      return document
    }
  }

  private func unwrapped(_ type: TypeID) -> TypeID {
    if case .optional(let inner) = program.types[type] { inner } else { type }
  }

  private func element(_ type: TypeID) -> TypeID {
    if case .list(let element) = program.types[type] { element } else { TypeTable.object }
  }

  /// The type of a member; of a choice among records, that of the first which has all the members.
  private func member(_ name: String, _ type: TypeID, _ members: [Value.Member]) -> TypeID {
    switch program.types[type] {
    case .map(_, let value): return value
    case .record(let id): return field(name, id) ?? TypeTable.object
    case .union(let ids):
      let fitting = ids.first { id in members.allSatisfy { field($0.name, id) != nil } }
      return fitting.flatMap { field(name, $0) } ?? TypeTable.object
    case .error, .never, .unit, .bool, .int, .float, .string, .duration, .bytes, .percent, .rate,
      .throughput, .secret, .object, .range, .list, .optional, .choice, .function, .parameter:
      return TypeTable.object
    }
  }

  private func field(_ name: String, _ id: RecordID) -> TypeID? {
    program[id].fields.first { $0.name == name }?.type
  }
}
