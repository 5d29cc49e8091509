// SPDX-License-Identifier: Apache-2.0

/// The operations that a record may be for, by their position; the newest where several have the same.
///
/// A run that goes step by step has two or three of them at once, and a list of so few is read sooner than their
/// positions are hashed: a tenth of replaying a long journal.
struct WaitingOperations {
  private static let fewMax = 8

  /// Those that began last, at their own positions.
  private var few: [Operation] = []
  private var others: [Position: Operation] = [:]

  var all: [Operation] { few + others.values }

  subscript(position: Position) -> Operation? {
    few.last { $0.position == position } ?? others[position]
  }

  mutating func add(_ operation: Operation) {
    if let index = few.lastIndex(where: { $0.position == operation.position }) {
      few.remove(at: index)
    } else if !others.isEmpty {
      others[operation.position] = nil
    }
    if few.count == Self.fewMax {
      let oldest = few.removeFirst()
      others[oldest.position] = oldest
    }
    few.append(operation)
  }

  /// At a position that may not be its own.
  mutating func add(_ operation: Operation, at position: Position) {
    if position == operation.position { add(operation) } else { others[position] = operation }
  }

  mutating func remove(_ operation: Operation) {
    if let index = few.lastIndex(where: { $0 === operation }) {
      few.remove(at: index)
    } else if let index = others.index(forKey: operation.position),
      others[index].value === operation
    {
      others.remove(at: index)
    }
  }
}
