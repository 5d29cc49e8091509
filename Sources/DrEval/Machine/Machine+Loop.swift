// SPDX-License-Identifier: Apache-2.0
//
// The loop. What makes it fast, and must stay so:
//
// - Everything that an instruction touches is plain memory behind unsafe pointers that sit in
//   locals: code, constants, the window of registers, the frames. No class, array, closure or
//   existential is read or written between two instructions, so nothing is retained, released or
//   checked for exclusive access.
// - Types were checked before, so an instruction does not look at tags; it copies them. The
//   exceptions are slots and globals that may have no value yet, and `nil`.
// - What is rare leaves the loop: `execute` returns an `Exit`, `run` does the slow thing with the
//   state saved in the fiber, and enters again. An instruction whose slot or global has no value
//   yet is simply executed again once the value is there. Natives, too, are pure and are tried
//   again.
// - Fuel lives in a local and is paid per call, per turn of a loop and, by natives, per element.
//   It is written back around everything outside the loop that may charge for work.
//
// Code and registers are trusted: the generator numbers registers below the function's count, and a
// call reserves that many before it moves the window.

import DrBase
import DrSema

/// Why the loop was left.
enum Exit {
  /// The call before `pc` needs a larger stack.
  case grow
  /// The slot or global that the instruction before `pc` loads has no value yet.
  case unforcedField, unforcedGlobal
  /// A function returned to something else than a call.
  case returned
  /// `Machine.stop` says why.
  case stopped
  case fuel, memory, arithmetic
  case world, directive
  /// A condition does not hold.
  case refuted
  case assertion, comparison, constraint, raised
}

extension Machine {
  /// Runs until something needs what only the outside of the loop can do.
  func execute(_ fiber: Fiber) -> Exit {
    let heap = heap
    let constants = image.constants
    let functions = image.functions
    let globals = image.globals
    let records = image.records
    let frameEnd = fiber.frameEnd
    let valueEnd = fiber.valueEnd
    var pc = fiber.pc
    var base = fiber.base
    var frame = fiber.frame
    var fuel = heap.state.pointee.fuel
    let exit: Exit

    loop: while true {
      let word = pc.pointee
      pc += 1
      switch word.opcode {
      // Values

      case .move:
        base[word.a] = base[word.b]
      case .loadConstant:
        base[word.a] = constants[word.c]
      case .loadGlobal:
        let value = globals[word.c]
        if value.tag.isUnforced {
          exit = .unforcedGlobal
          break loop
        }
        base[word.a] = value
      case .loadField:
        let value = RecordRef(base[word.b]).slots[word.c]
        if value.tag.isUnforced {
          exit = .unforcedField
          break loop
        }
        base[word.a] = value
      case .forceField:
        if RecordRef(base[word.a]).slots[word.c].tag.isUnforced {
          exit = .unforcedField
          break loop
        }

      // Numbers

      case .addInt:
        let x = base[word.b]
        let (result, overflow) = x.whole.addingReportingOverflow(base[word.c].whole)
        if overflow {
          exit = .arithmetic
          break loop
        }
        base[word.a] = Value(x.tag, whole: result)
      case .subtractInt:
        let x = base[word.b]
        let (result, overflow) = x.whole.subtractingReportingOverflow(base[word.c].whole)
        if overflow {
          exit = .arithmetic
          break loop
        }
        base[word.a] = Value(x.tag, whole: result)
      case .multiplyInt:
        let x = base[word.b]
        let (result, overflow) = x.whole.multipliedReportingOverflow(by: base[word.c].whole)
        if overflow {
          exit = .arithmetic
          break loop
        }
        base[word.a] = Value(x.tag, whole: result)
      case .divideInt:
        let x = base[word.b]
        let (result, overflow) = x.whole.dividedReportingOverflow(by: base[word.c].whole)
        if overflow {
          exit = .arithmetic
          break loop
        }
        base[word.a] = Value(x.tag, whole: result)
      case .addImmediate:
        let x = base[word.b]
        let (result, overflow) = x.whole.addingReportingOverflow(Int64(word.c))
        if overflow {
          exit = .arithmetic
          break loop
        }
        base[word.a] = Value(x.tag, whole: result)
      case .negateInt:
        let x = base[word.b]
        let (result, overflow) = Int64(0).subtractingReportingOverflow(x.whole)
        if overflow {
          exit = .arithmetic
          break loop
        }
        base[word.a] = Value(x.tag, whole: result)
      case .addFloat:
        let result = base[word.b].double + base[word.c].double
        if !result.isFinite {
          exit = .arithmetic
          break loop
        }
        base[word.a] = .float(result)
      case .subtractFloat:
        let result = base[word.b].double - base[word.c].double
        if !result.isFinite {
          exit = .arithmetic
          break loop
        }
        base[word.a] = .float(result)
      case .multiplyFloat:
        let result = base[word.b].double * base[word.c].double
        if !result.isFinite {
          exit = .arithmetic
          break loop
        }
        base[word.a] = .float(result)
      case .divideFloat:
        let result = base[word.b].double / base[word.c].double
        if !result.isFinite {
          exit = .arithmetic
          break loop
        }
        base[word.a] = .float(result)
      case .negateFloat:
        base[word.a] = .float(-base[word.b].double)
      case .intToFloat:
        base[word.a] = .float(Double(base[word.b].whole))

      // Truth

      case .not:
        base[word.a] = .bool(!base[word.b].isTrue)
      case .equalWhole:
        base[word.a] = .bool(base[word.b].payload == base[word.c].payload)
      case .lessInt:
        base[word.a] = .bool(base[word.b].whole < base[word.c].whole)
      case .lessOrEqualInt:
        base[word.a] = .bool(base[word.b].whole <= base[word.c].whole)
      case .lessFloat:
        base[word.a] = .bool(base[word.b].double < base[word.c].double)
      case .lessOrEqualFloat:
        base[word.a] = .bool(base[word.b].double <= base[word.c].double)
      case .lessString:
        base[word.a] = .bool(StringRef(base[word.b]).precedes(StringRef(base[word.c])))
      case .lessOrEqualString:
        base[word.a] = .bool(!StringRef(base[word.c]).precedes(StringRef(base[word.b])))
      case .isNil:
        base[word.a] = .bool(base[word.b].tag == .nilValue)
      case .isRecord:
        let x = base[word.b]
        base[word.a] = .bool(x.tag == .record && Int(RecordRef(x).recordID) == word.c)

      // Jumps

      case .jump:
        pc += word.c
      case .jumpIf:
        if base[word.a].isTrue { pc += word.c }
      case .jumpUnless:
        if !base[word.a].isTrue { pc += word.c }
      case .jumpIfNil:
        if base[word.a].tag == .nilValue { pc += word.c }
      case .jumpUnlessNil:
        if base[word.a].tag != .nilValue { pc += word.c }
      case .jumpIfLess:
        if base[word.a].whole < base[word.b].whole { pc += word.c }
      case .jumpIfLessOrEqual:
        if base[word.a].whole <= base[word.b].whole { pc += word.c }
      case .jumpIfEqualWhole:
        if base[word.a].payload == base[word.b].payload { pc += word.c }
      case .jumpUnlessEqualWhole:
        if base[word.a].payload != base[word.b].payload { pc += word.c }
      case .jumpIfLessImmediate:
        if base[word.a].whole < word.signedB { pc += word.c }
      case .jumpUnlessLessImmediate:
        if base[word.a].whole >= word.signedB { pc += word.c }
      case .jumpIfEqualImmediate:
        if base[word.a].whole == word.signedB { pc += word.c }
      case .jumpUnlessEqualImmediate:
        if base[word.a].whole != word.signedB { pc += word.c }
      case .loopRange:
        let registers = base + word.a
        let position = registers[0].whole
        if position < registers[1].whole {
          registers[0] = .int(position &+ 1)
          registers[2] = .int(position)
          pc += word.c
          fuel &-= 1
          if fuel < 0 {
            exit = .fuel
            break loop
          }
        }
      case .loopItems:
        let registers = base + word.a
        let position = Int(registers[0].whole)
        let items = base[word.b]
        let element: Value
        if items.tag == .list {
          let list = ListRef(items)
          if position >= list.count { continue loop }
          element = list.elements[position]
        } else if items.tag == .range {
          let range = RangeRef(items)
          if position >= range.count { continue loop }
          element = .int(range.lower &+ Int64(position))
        } else if items.tag == .map || items.tag == .object {
          let table = TableRef(items)
          if position >= table.count { continue loop }
          element = table.key(position)
        } else {
          continue loop
        }
        registers[0] = .int(Int64(position &+ 1))
        registers[1] = element
        pc += word.c
        fuel &-= 1
        if fuel < 0 {
          exit = .fuel
          break loop
        }

      // Building

      case .newRange:
        guard let range = heap.makeRange(base[word.b].whole, base[word.c].whole) else {
          exit = .memory
          break loop
        }
        base[word.a] = range
      case .newList:
        guard let list = heap.makeList(capacity: word.c) else {
          exit = .memory
          break loop
        }
        base[word.a] = list
      case .append:
        guard let list = heap.append(base[word.b], to: base[word.a]) else {
          exit = .memory
          break loop
        }
        base[word.a] = list
      case .appendUnlessNil:
        let element = base[word.b]
        if element.tag == .nilValue { continue loop }
        guard let list = heap.append(element, to: base[word.a]) else {
          exit = .memory
          break loop
        }
        base[word.a] = list
      case .newRecord:
        let template = records[word.c]
        guard
          let record = heap.makeRecord(
            Int32(truncatingIfNeeded: word.c), global: -1, template: template.slots,
            slotCount: template.slotCount)
        else {
          exit = .memory
          break loop
        }
        base[word.a] = record.value
      case .setField:
        RecordRef(base[word.a]).slots[word.c] = base[word.b]
      case .countItems:
        let items = base[word.b]
        let count: Int
        if items.tag == .list {
          count = ListRef(items).count
        } else {
          count = items.tag == .map || items.tag == .object ? TableRef(items).count : 0
        }
        base[word.a] = .int(Int64(count))
      case .retag:
        base[word.a].tag = unsafeBitCast(UInt8(truncatingIfNeeded: word.c), to: Tag.self)

      // What takes longer than an instruction

      case .ratio, .scale, .share, .transferTime, .transferSize, .transferRate, .rateCount, .equal,
        .contains, .concatenateStrings, .concatenateLists, .interpolate, .newMap, .newObject,
        .appendAll, .setEntry, .setMemberUnlessNil, .addMemberUnlessNil, .setMembers, .newClosure,
        .toObject, .member, .index, .callNative, .observe:
        heap.state.pointee.fuel = fuel
        let isDone = operate(word, base)
        fuel = heap.state.pointee.fuel
        if !isDone {
          exit = .stopped
          break loop
        }

      // Calls

      case .call:
        let function = functions[word.c]
        let window = base + word.a
        if function.registerCount > valueEnd - window || frame == frameEnd {
          exit = .grow
          break loop
        }
        frame.pointee.kind = .call
        frame.pointee.returnTo = pc
        frame.pointee.shift = Int32(truncatingIfNeeded: word.a)
        frame.pointee.function = Int32(truncatingIfNeeded: word.c)
        frame += 1
        base = window
        pc = function.code
        fuel &-= 1
        if fuel < 0 {
          exit = .fuel
          break loop
        }
      case .callValue:
        let callee = base[word.b]
        let number = callee.tag == .closure ? ClosureRef(callee).function : Int(callee.payload)
        let function = functions[number]
        let window = base + word.a
        if function.registerCount > valueEnd - window || frame == frameEnd {
          exit = .grow
          break loop
        }
        if callee.tag == .closure {
          let closure = ClosureRef(callee)
          (window + function.parameterCount).update(
            from: closure.captures, count: closure.captureCount)
        }
        frame.pointee.kind = .call
        frame.pointee.returnTo = pc
        frame.pointee.shift = Int32(truncatingIfNeeded: word.a)
        frame.pointee.function = Int32(truncatingIfNeeded: number)
        frame += 1
        base = window
        pc = function.code
        fuel &-= 1
        if fuel < 0 {
          exit = .fuel
          break loop
        }
      case .returnValue:
        let value = base[word.a]
        let top = frame - 1
        if top.pointee.kind != .call {
          exit = .returned
          break loop
        }
        base[0] = value
        pc = top.pointee.returnTo
        base -= Int(top.pointee.shift)
        frame = top
      case .callWorld:
        exit = .world
        break loop
      case .directive:
        exit = .directive
        break loop

      // Failing

      case .explain:
        exit = .refuted
        break loop
      case .failAssert:
        exit = .assertion
        break loop
      case .failComparison:
        exit = .comparison
        break loop
      case .failConstraint:
        exit = .constraint
        break loop
      case .raise:
        exit = .raised
        break loop
      }
    }
    heap.state.pointee.fuel = fuel
    fiber.pc = pc
    fiber.base = base
    fiber.frame = frame
    return exit
  }
}
