// SPDX-License-Identifier: Apache-2.0

/// What an instruction does. `a`, `b` and `c` are registers unless it says otherwise; `a` is where
/// the result goes. Names end in `…Immediate` where a register is replaced by a number.
enum Opcode: UInt8 {
  // Values
  case move
  /// `c`: number of the constant.
  case loadConstant
  /// `c`: number of the global. Evaluates it first if that was not done yet.
  case loadGlobal
  /// `b`: register of the record, `c`: slot. Evaluates the slot first if that was not done yet.
  case loadField
  /// `a`: register of the record, `c`: slot. Evaluates the slot for its own sake.
  case forceField

  // Whole numbers: the result is of the kind of `b`
  case addInt, subtractInt, multiplyInt, divideInt
  /// `c`: the number.
  case addImmediate
  case negateInt
  case addFloat, subtractFloat, multiplyFloat, divideFloat, negateFloat
  case ratio, scale, share, transferTime, transferSize, transferRate, rateCount
  case intToFloat

  // Truth
  case not
  case equalWhole, equal, lessInt, lessOrEqualInt, lessFloat, lessOrEqualFloat
  case lessString, lessOrEqualString
  case contains
  case isNil
  /// `c`: number of the record type.
  case isRecord

  // Jumps: `c` is the distance from the next instruction
  case jump
  case jumpIf, jumpUnless, jumpIfNil, jumpUnlessNil
  case jumpIfLess, jumpIfLessOrEqual, jumpIfEqualWhole, jumpUnlessEqualWhole
  /// `b`: the number, signed, 16 bits.
  case jumpIfLessImmediate, jumpUnlessLessImmediate
  case jumpIfEqualImmediate, jumpUnlessEqualImmediate
  /// `a`: next number, limit, and the loop's local side by side. Goes back while there is a next.
  case loopRange
  /// `a`: position and the loop's local side by side, `b`: what is walked. Goes back while there is
  /// more.
  case loopItems

  // Building
  case concatenateStrings, concatenateLists
  /// `c`: how many values, from `a` on, become one text.
  case interpolate
  case newRange
  /// `c`: expected count.
  case newList, newMap, newObject
  /// `a`: the list that is being built.
  case append
  case appendUnlessNil
  case appendAll
  /// `a`: the table, `b`: the key, `c`: the value.
  case setEntry
  case setMemberUnlessNil
  /// The same where the object has no member of that name.
  case addMemberUnlessNil
  /// `a`: the object or map, `b`: whose members are added; an object takes none that is nil.
  case setMembers
  /// `c`: number of the record type.
  case newRecord
  /// `a`: the record, `b`: the value, `c`: slot.
  case setField
  /// `b`: first captured register, `c`: number of the function.
  case newClosure
  case toObject
  case member
  case index

  // Calls
  /// `a`: first argument and result, `c`: number of the function.
  case call
  /// `a`: first argument and result, `b`: the closure.
  case callValue
  /// `a`: first argument and result, `c`: number of the native.
  case callNative
  /// `a`: first argument and result, `c`: number of the function. Stops the fiber.
  case callWorld
  /// `a`: first operand and result, `b`: number of operands, `c`: kind. Stops the fiber.
  case directive
  case returnValue

  // Failing
  /// `c`: number of the explanation: keeps what the parts of a condition were, for who asks.
  case explain
  /// `a`: the message, or nil.
  case failAssert
  /// `a` and `b`: what was compared, `c`: number of the constant that says how.
  case failComparison
  /// `a`: the record, `b`: the message, or nil, `c`: slot.
  case failConstraint
  /// `c`: number of the constant that says what.
  case raise

  // Natives that are worth an instruction
  case countItems
  /// `c`: the tag that `a` gets; for sums, which do not know the kind of an empty list.
  case retag

  // Watching
  /// `c`: number of the site, `a`: the value that it is about.
  case observe
}

/// 64 bits: from the low end 8 of operation, 16 of `a`, 16 of `b`, 24 of `c`.
typealias Instruction = UInt64

extension Instruction {
  static let registerLimit = 0xffff
  static let wideLimit = 0x7f_ffff

  init(_ opcode: Opcode, a: Int = 0, b: Int = 0, c: Int = 0) {
    self =
      UInt64(opcode.rawValue) | UInt64(a & 0xffff) << 8 | UInt64(b & 0xffff) << 24
      | UInt64(truncatingIfNeeded: c) << 40
  }

  /// An instruction is only ever made from an `Opcode`, so that every low byte is one.
  var opcode: Opcode {
    @inline(__always) get { unsafeBitCast(UInt8(truncatingIfNeeded: self), to: Opcode.self) }
  }
  var a: Int {
    @inline(__always) get { Int(truncatingIfNeeded: (self >> 8) & 0xffff) }
  }
  var b: Int {
    @inline(__always) get { Int(truncatingIfNeeded: (self >> 24) & 0xffff) }
  }
  /// `b` as a signed number.
  var signedB: Int64 {
    @inline(__always) get { Int64(Int16(truncatingIfNeeded: self >> 24)) }
  }
  var c: Int {
    @inline(__always) get { Int(truncatingIfNeeded: Int64(bitPattern: self) >> 40) }
  }
}
