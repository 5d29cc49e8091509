// SPDX-License-Identifier: Apache-2.0

import DrEval
import DrSema

extension Explainer {
  /// What people call a slot or global: `deepseek.objective.rto`.
  func name(of origin: Origin) -> String {
    switch origin {
    case .global(let id): program[id].name
    case .field(let record, let slot): "\(name(ofRecord: record)).\(fieldName(record, slot))"
    }
  }

  private func fieldName(_ record: UInt, _ slot: Int) -> String {
    guard let id = machine.record(machine.record(record))?.type else { return "?" }
    return program[id].fields[slot].name
  }

  /// A named block by its name; another record by the value that it is part of, or by its type.
  func name(ofRecord identity: UInt) -> String {
    let record = machine.record(identity)
    guard let (type, block) = machine.record(record) else { return "?" }
    if let block { return program[block].name }
    if let origin = trace.making(of: identity)?.origin, let whole = machine.known(origin),
      let path = path(to: identity, in: whole, depth: 0)
    {
      return name(of: origin) + path
    }
    return program[type].name
  }

  /// `[2].limits`: where in a value a record is.
  private func path(to identity: UInt, in value: Value, depth: Int) -> String? {
    if machine.identity(of: value) == identity { return "" }
    guard depth < 4 else { return nil }
    if let elements = machine.list(value) {
      for (index, element) in elements.prefix(1000).enumerated() {
        if let rest = path(to: identity, in: element, depth: depth + 1) {
          return "[\(index)]\(rest)"
        }
      }
    } else if let (id, block) = machine.record(value), block == nil,
      let record = machine.identity(of: value)
    {
      for (slot, field) in program[id].fields.enumerated() where field.mark == .ordinary {
        guard let known = machine.known(.field(record: record, slot: slot)),
          let rest = path(to: identity, in: known, depth: depth + 1)
        else { continue }
        return ".\(field.name)\(rest)"
      }
    } else if let entries = machine.entries(value) {
      for entry in entries.prefix(1000) {
        if let rest = path(to: identity, in: entry.value, depth: depth + 1) {
          return "[\(machine.describe(entry.key, type: TypeTable.object))]\(rest)"
        }
      }
    }
    return nil
  }
}
