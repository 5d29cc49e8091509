// SPDX-License-Identifier: Apache-2.0

import DrBase

extension Machine {
  /// An instruction that is too long for the loop. False when it could not be done, and `stop` says
  /// why, or when a slice is over.
  @inline(never)
  func operate(_ word: Instruction, _ base: UnsafeMutablePointer<Value>) -> Bool {
    do throws(Stop) {
      base[word.a] = try result(word, base)
      // It is done; where a slice is over, the loop is left without a reason to stop.
      return !heap.state.pointee.isSliceOver
    } catch {
      stop = error
      return false
    }
  }

  private func result(
    _ word: Instruction, _ base: UnsafeMutablePointer<Value>
  ) throws(Stop) -> Value {
    switch word.opcode {
    case .callNative:
      return try Natives.all[word.c].body(self, Arguments(base: base + word.a))
    case .observe:
      observer?.pass(word.c, base[word.a], on: self)
      return base[word.a]
    case .equal: return .bool(try heap.equal(base[word.b], base[word.c]))
    case .member: return try member(base[word.b], base[word.c])
    case .index: return try element(base[word.b], base[word.c])
    case .setMemberUnlessNil:
      let value = base[word.c]
      return value.tag == .nilValue
        ? base[word.a] : try heap.set(base[word.b], value, in: base[word.a])
    case .addMemberUnlessNil:
      let value = base[word.c]
      return value.tag == .nilValue
        ? base[word.a] : try heap.add(base[word.b], value, to: base[word.a])
    case .setEntry: return try heap.set(base[word.b], base[word.c], in: base[word.a])
    case .setMembers: return try adding(base[word.b], to: base[word.a])
    case .newMap: return try heap.makeTable(.map, capacity: word.c)
    case .newObject: return try heap.makeTable(.object, capacity: word.c)
    case .appendAll: return try appending(base[word.b], to: base[word.a])
    case .newClosure:
      let count = program.functions[word.c].captureCount
      guard let closure = heap.makeClosure(word.c, captures: base + word.b, count: count) else {
        throw .memory
      }
      return closure
    case .concatenateStrings:
      return try joined(StringRef(base[word.b]), StringRef(base[word.c]))
    case .concatenateLists:
      return try heap.concatenated(ListRef(base[word.b]), ListRef(base[word.c]))
    case .interpolate:
      return try interpolated(UnsafeBufferPointer(start: base + word.a, count: word.c))
    case .toObject: return try object(base[word.b], depth: 0)
    case .contains: return .bool(try contains(base[word.b], in: base[word.c]))
    case .ratio, .scale, .share, .transferTime, .transferSize, .transferRate, .rateCount:
      return try quantity(word.opcode, base[word.b], base[word.c])
    case .move, .loadConstant, .loadGlobal, .loadField, .forceField, .addInt, .subtractInt,
      .multiplyInt, .divideInt, .addImmediate, .negateInt, .addFloat, .subtractFloat,
      .multiplyFloat, .divideFloat, .negateFloat, .intToFloat, .not, .equalWhole, .lessInt,
      .lessOrEqualInt, .lessFloat, .lessOrEqualFloat, .lessString, .lessOrEqualString, .isNil,
      .isRecord, .jump, .jumpIf, .jumpUnless, .jumpIfNil, .jumpUnlessNil, .jumpIfLess,
      .jumpIfLessOrEqual, .jumpIfEqualWhole, .jumpUnlessEqualWhole, .jumpIfLessImmediate,
      .jumpUnlessLessImmediate, .jumpIfEqualImmediate, .jumpUnlessEqualImmediate, .loopRange,
      .loopItems, .newRange, .newList, .append, .appendUnlessNil, .newRecord, .setField, .call,
      .callValue, .callWorld, .directive, .returnValue, .failAssert, .failComparison,
      .failConstraint, .explain, .raise, .countItems, .retag:
      preconditionFailure("the loop does this itself")
    }
  }

  // Members

  private func member(_ owner: Value, _ key: Value) throws(Stop) -> Value {
    switch owner.tag {
    case .map, .object:
      let table = TableRef(owner)
      let number = try heap.find(key, in: table)
      return number < 0 ? .nilValue : table.value(number)
    case .list:
      let list = ListRef(owner)
      guard key.tag == .int, key.whole >= 0, key.whole < list.count else { return .nilValue }
      return list.elements[Int(key.whole)]
    case .nilValue, .unit, .bool, .int, .duration, .bytes, .percent, .rate, .throughput, .float,
      .string, .secret, .range, .record, .function, .closure, .pending, .evaluating:
      return .nilValue
    }
  }

  private func element(_ owner: Value, _ position: Value) throws(Stop) -> Value {
    guard owner.tag == .list else { return try member(owner, position) }
    let list = ListRef(owner)
    guard position.whole >= 0, position.whole < list.count else {
      let count = list.count
      throw .range(
        "there is no element \(position.whole) in a list of \(count)",
        help: count == 0
          ? "the list is empty; ask for its count first"
          : "indexes go from 0 to \(count - 1)"
            + (position.whole < 0 ? "; `last(…)` gives the last element" : ""))
    }
    return list.elements[Int(position.whole)]
  }

  private func contains(_ key: Value, in owner: Value) throws(Stop) -> Bool {
    switch owner.tag {
    case .list:
      let list = ListRef(owner)
      for index in 0..<list.count {
        try heap.charge(1)
        if try heap.equal(list.elements[index], key) { return true }
      }
      return false
    case .map, .object: return try heap.find(key, in: TableRef(owner)) >= 0
    case .range:
      let range = RangeRef(owner)
      return key.whole >= range.lower && key.whole < range.upper
    case .string:
      let text = StringRef(owner).bytes
      let part = StringRef(key).bytes
      try heap.charge(text.count / 16)
      return try Bytes.position(of: part, in: text, from: 0, heap) != nil
    case .nilValue, .unit, .bool, .int, .duration, .bytes, .percent, .rate, .throughput, .float,
      .secret, .record, .function, .closure, .pending, .evaluating:
      return false
    }
  }

  // Building

  /// The object with the members of another; nil adds nothing.
  private func adding(_ members: Value, to object: Value) throws(Stop) -> Value {
    guard members.tag == .object || members.tag == .map else { return object }
    let table = TableRef(members)
    let takesNil = object.tag == .map
    if TableRef(object).count == 0, table.count > TableRef.linearCount, takesNil || !table.holdsNil
    {
      // Copied only where something is replaced, or added that does not fit behind it.
      return try heap.share(table, as: object.tag)
    }
    try heap.charge(table.count)
    var result = object
    for number in 0..<table.count where takesNil || table.value(number).tag != .nilValue {
      result = try heap.set(table.key(number), table.value(number), in: result)
    }
    return result
  }

  private func appending(_ values: Value, to list: Value) throws(Stop) -> Value {
    var result = list
    switch values.tag {
    case .list:
      let source = ListRef(values)
      if ListRef(list).count == 0, source.count > ListRef(list).capacity {
        // Copied only if something is added that does not fit behind it.
        guard let shared = heap.share(source) else { throw .memory }
        return Value(.list, at: shared.raw)
      }
      return Value(.list, at: try heap.append(source, to: ListRef(list)).raw)
    case .range:
      let range = RangeRef(values)
      for index in 0..<range.count {
        try heap.charge(1)
        guard let longer = heap.append(.int(range.lower + Int64(index)), to: result) else {
          throw .memory
        }
        result = longer
      }
      return result
    case .nilValue, .unit, .bool, .int, .duration, .bytes, .percent, .rate, .throughput, .float,
      .string, .secret, .map, .object, .record, .function, .closure, .pending, .evaluating:
      return list
    }
  }

  private func joined(_ x: StringRef, _ y: StringRef) throws(Stop) -> Value {
    try heap.makeString(x, longerBy: y.count) { _ = $0.initialize(from: y.bytes) }
  }

  // Quantities

  private func quantity(_ operation: Opcode, _ x: Value, _ y: Value) throws(Stop) -> Value {
    let product = Int128(x.whole) * Int128(y.whole)
    switch operation {
    case .ratio:
      guard y.whole != 0 else { throw zero(x) }
      return .float(Double(x.whole) / Double(y.whole))
    case .scale:
      guard let result = Rounding.nearest.whole(Double(x.whole) * y.double) else {
        throw .arithmetic("\(brief(x)) * \(brief(y)) is out of range")
      }
      return Value(x.tag, whole: result)
    case .share: return try whole(x.tag, product, dividedBy: 1_000_000_000, x, "*", y)
    case .transferTime:
      guard y.whole != 0 else { throw zero(x) }
      return try whole(
        .duration, Int128(x.whole) * 1_000_000_000, dividedBy: Int128(y.whole), x, "/", y)
    case .transferSize: return try whole(.bytes, product, dividedBy: 1_000_000_000, x, "*", y)
    case .transferRate:
      guard y.whole != 0 else { throw zero(x) }
      return try whole(
        .throughput, Int128(x.whole) * 1_000_000_000, dividedBy: Int128(y.whole), x, "/", y)
    default:  // open: the only one left of those that `result` sends here is `rateCount`
      return .float(Double(x.whole) * Double(y.whole) / 1e15)
    }
  }

  private func zero(_ x: Value) -> Stop {
    .arithmetic("\(brief(x)) is divided by zero", help: "check the divisor first")
  }

  /// Rounded to the nearest, halves away from zero.
  private func whole(
    _ tag: Tag, _ amount: Int128, dividedBy divisor: Int128, _ x: Value, _ sign: String,
    _ y: Value
  ) throws(Stop) -> Value {
    let (quotient, remainder) = amount.quotientAndRemainder(dividingBy: divisor)
    var rounded = quotient
    if remainder.magnitude * 2 >= divisor.magnitude {
      rounded += (amount < 0) == (divisor < 0) ? 1 : -1
    }
    guard let result = Int64(exactly: rounded) else {
      throw .arithmetic("\(brief(x)) \(sign) \(brief(y)) is out of range")
    }
    return Value(tag, whole: result)
  }
}
