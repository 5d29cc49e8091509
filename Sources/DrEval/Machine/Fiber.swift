// SPDX-License-Identifier: Apache-2.0
//
// The two stacks of a fiber. Invariants:
//
// - `base` is the first register of the running function; all its registers lie below `valueEnd`.
// - `frame` is one past the newest frame; frame 0 is the entry frame.
// - A frame says how to go back to the one before: the instruction to go on with and by how many
//   registers the window moved. Nothing in a frame is an address in the value stack, so that the
//   stack may move when it grows.
// - Between `run`s everything the loop keeps in locals is here.

import DrBase

/// What a frame is for, and so what happens to the value that its function returns.
enum FrameKind: Int {
  /// An ordinary call: the value goes to the callee's register 0, which is the caller's result
  /// register.
  case call
  /// The fiber's first function: the value is the fiber's.
  case entry
  /// The value of a slot of the record `target`.
  case slot
  /// The value of the global `target`.
  case global
  /// Whether the constraint of a slot of the record `target` holds.
  case constraint
  /// What to say because it does not.
  case message
}

struct Frame {
  var kind: FrameKind
  var returnTo: UnsafePointer<Instruction>
  /// By how many registers the window moved up.
  var shift: Int32
  var function: Int32
  /// Meaning by kind; unset for `call` and `entry`.
  var target: UInt64
  var slot: Int32
}

/// One evaluation in progress, with its own stacks on its machine's heap and globals.
package final class Fiber {
  enum Status {
    case ready, suspended, finished, failed
  }

  var status = Status.ready
  /// What the parts of the condition were that did not hold last.
  package internal(set) var witnesses: [Witness] = []
  var outcome: Outcome?
  var values: UnsafeMutablePointer<Value>
  var valueEnd: UnsafeMutablePointer<Value>
  var frames: UnsafeMutablePointer<Frame>
  var frameEnd: UnsafeMutablePointer<Frame>
  var base: UnsafeMutablePointer<Value>
  var frame: UnsafeMutablePointer<Frame>
  var pc: UnsafePointer<Instruction>
  /// What an observer had open when the fiber was made.
  var observedDepth = 0
  /// Where the result of the suspension goes, counted from `base`.
  var resumeRegister = 0

  /// How many frames there may be.
  let depthLimit: Int

  static let firstValueCount = 64
  static let firstFrameCount = 16

  /// A fiber that has just executed an instruction which returns register 0.
  init(stub: UnsafePointer<Instruction>, depthLimit: Int) {
    self.depthLimit = max(1, depthLimit)
    values = .allocate(capacity: Fiber.firstValueCount)
    valueEnd = values + Fiber.firstValueCount
    frames = .allocate(capacity: Fiber.firstFrameCount)
    frameEnd = frames + min(Fiber.firstFrameCount, self.depthLimit)
    base = values
    frame = frames
    pc = stub + 1
    begin()
  }

  /// Goes back to how it was made, but for its memory.
  func restart(stub: UnsafePointer<Instruction>) {
    status = .ready
    witnesses = []
    outcome = nil
    resumeRegister = 0
    base = values
    frame = frames
    pc = stub + 1
    begin()
  }

  private func begin() {
    base.initialize(to: .nilValue)
    frame.initialize(
      to: Frame(kind: .entry, returnTo: pc, shift: 0, function: -1, target: 0, slot: 0))
    frame += 1
  }

  /// Whether its memory is worth keeping.
  var isSmall: Bool { valueEnd - values <= 1 << 12 && frameEnd - frames <= 1 << 10 }

  deinit {
    values.deallocate()
    frames.deallocate()
  }

  var depth: Int { frame - frames }

  /// Makes room for one more frame; false when that would be one too many.
  func reserveFrame() -> Bool {
    if frame < frameEnd { return true }
    let count = depth
    guard count < depthLimit else { return false }
    let capacity = min(2 * count, depthLimit)
    let larger = UnsafeMutablePointer<Frame>.allocate(capacity: capacity)
    larger.moveInitialize(from: frames, count: count)
    frames.deallocate()
    frames = larger
    frame = larger + count
    frameEnd = larger + capacity
    return true
  }

  /// Makes room for so many registers from an address in the stack on. False when `limit` bytes are
  /// not enough for the whole stack.
  func reserve(_ count: Int, from start: UnsafeMutablePointer<Value>, limit: Int) -> Bool {
    if count <= valueEnd - start { return true }
    let needed = (start - values) + count
    let stride = MemoryLayout<Value>.stride
    guard needed <= limit / stride else { return false }
    let capacity = max(needed, min(2 * (valueEnd - values), limit / stride))
    let larger = UnsafeMutablePointer<Value>.allocate(capacity: capacity)
    // Registers that were not written yet are copied as they are: a value is plain bits.
    UnsafeMutableRawPointer(larger).copyMemory(
      from: values, byteCount: (valueEnd - values) * stride)
    base = larger + (base - values)
    values.deallocate()
    values = larger
    valueEnd = larger + capacity
    return true
  }
}
