// SPDX-License-Identifier: Apache-2.0

import DrSema

/// What conversions need to know of a record type, looked up once per machine.
struct RecordInfo {
  let name: String
  /// Field names as values of the heap, so that objects share them.
  let fieldNames: [Value]
  /// Slots that are data: not implicit, not a parent, not a subject.
  let dataSlots: [Int]
  let labelSlot: Int?
  /// Where a record that is no block says what it is called.
  let nameSlot: Int?

  static func all(of program: CheckedProgram, heap: Heap) -> [RecordInfo] {
    program.records.map { record in
      var names: [Value] = []
      var data: [Int] = []
      for (slot, field) in record.fields.enumerated() {
        names.append((try? heap.makeString(field.name)) ?? .nilValue)
        switch field.mark {
        case .ordinary: data.append(slot)
        case .implicit, .subject, .parent: break
        }
      }
      return RecordInfo(
        name: record.name, fieldNames: names, dataSlots: data,
        labelSlot: record.isVocabulary
          ? record.fields.firstIndex { $0.name == "label" } : nil,
        nameSlot: record.isVocabulary
          ? nil : record.fields.firstIndex { $0.name == "name" && $0.type == TypeTable.string })
    }
  }
}

extension Machine {
  /// What the outside world calls a record, where it is a named block: its label. A block without a
  /// name (`needs { … }`), which an expression builds, is told by its fields.
  func label(of record: RecordRef) throws(Stop) -> StringRef? {
    guard record.isBlock, let slot = records[Int(record.recordID)].labelSlot else { return nil }
    let label = try loaded(record, slot)
    return label.tag == .string ? StringRef(label) : nil
  }

  /// What a record that is no block calls itself: a node, a pod.
  func name(of record: RecordRef) throws(Stop) -> StringRef? {
    guard let slot = records[Int(record.recordID)].nameSlot else { return nil }
    let name = try loaded(record, slot)
    return name.tag == .string ? StringRef(name) : nil
  }

  /// A slot's value, or a request for it.
  func loaded(_ record: RecordRef, _ slot: Int) throws(Stop) -> Value {
    let value = record.slots[slot]
    if value.tag.isUnforced { throw .force(record, slot: slot) }
    return value
  }
}
