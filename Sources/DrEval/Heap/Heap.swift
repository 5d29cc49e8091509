// SPDX-License-Identifier: Apache-2.0
//
// The bump arena. Memory is taken from chunks, never given back one by one, and freed as a whole
// with the machine. Invariants:
//
// - Every address handed out is aligned to 16 bytes and stays valid until `free`.
// - `cursor <= end`, both in the newest chunk; a request that does not fit opens a new chunk.
// - `used` is the sum of the sizes handed out (and of what was only reserved) and never exceeds
//   `limit` after the image is loaded; the check comes before the chunk is asked for, so that a
//   program cannot make the process allocate what it may not use.
// - Only the machine's thread touches a heap.

/// A handle on the machine's memory and on its fuel; copying it copies the handle.
struct Heap {
  struct State {
    var cursor: UnsafeMutableRawPointer
    var end: UnsafeMutableRawPointer
    /// The newest chunk; the first word of a chunk is the address of the one before, or 0, the second
    /// its size.
    var newest: UnsafeMutableRawPointer?
    /// A chunk that was given back, for the next time that one is needed.
    var spare: UnsafeMutableRawPointer?
    var used: Int
    var limit: Int
    /// What is left of this slice; an operation that takes it below zero needs another one.
    var fuel: Int
    /// What is left for further slices, and how long one is.
    var reserve = 0
    var sliceSteps = 64
    /// Asked between slices.
    var isCancelled: (() -> Bool)?
    /// A slice is used up, or a chunk of memory: the machine wants to know where.
    var isSliceOver = false
  }

  let state: UnsafeMutablePointer<State>

  private static let chunkHeaderBytes = 16
  private static let chunkBytes = 256 << 10

  /// An empty heap without limits; `setLimits` follows once constants are in place.
  init() {
    state = .allocate(capacity: 1)
    let nothing = UnsafeMutableRawPointer(state)
    state.initialize(
      to: State(cursor: nothing, end: nothing, newest: nil, used: 0, limit: .max, fuel: .max))
  }

  func setLimits(memoryBytes: Int, fuel: Int) {
    state.pointee.used = 0
    state.pointee.limit = memoryBytes
    setFuel(fuel)
  }

  /// Gives the program so many steps, in slices between which the machine looks where it is and
  /// whether it was cancelled.
  func setFuel(_ fuel: Int) {
    state.pointee.sliceSteps = max(64, min(fuel >> 8, Heap.sliceStepsMax))
    let slice = min(fuel, state.pointee.sliceSteps)
    state.pointee.fuel = slice
    state.pointee.reserve = fuel - slice
  }

  /// Steps between two looks at most: a fraction of a millisecond.
  private static let sliceStepsMax = 1 << 16

  /// Steps that are left in all.
  var fuelLeft: Int { max(0, state.pointee.fuel + state.pointee.reserve) }

  /// Goes on with another slice after one is used up.
  @inline(never)
  func refill() throws(Stop) {
    if let isCancelled = state.pointee.isCancelled, isCancelled() { throw .cancelled }
    let (fuel, reserve) = (state.pointee.fuel, state.pointee.reserve)
    guard fuel > Int.min, -fuel <= reserve else { throw .fuel }
    let slice = min(reserve, max(-fuel, nextSlice()))
    state.pointee.isSliceOver = true
    state.pointee.fuel = fuel + slice
    state.pointee.reserve = reserve - slice
  }

  /// How long the next slice is. Not always the same, or a loop of as many steps would be seen at one
  /// of its places only; but the same in every evaluation.
  private func nextSlice() -> Int {
    let mixed = mixed(UInt64(truncatingIfNeeded: state.pointee.reserve))
    return state.pointee.sliceSteps / 2 + Int(mixed % UInt64(state.pointee.sliceSteps))
  }

  /// Frees every chunk and the handle's own state; nothing may use the heap afterwards.
  func free() {
    var chunk = state.pointee.newest
    while let current = chunk {
      chunk = UnsafeMutableRawPointer(bitPattern: current.load(as: UInt.self))
      current.deallocate()
    }
    state.pointee.spare?.deallocate()
    state.deinitialize(count: 1)
    state.deallocate()
  }

  /// A moment to which `release` can go back.
  struct Mark {
    fileprivate let state: State
  }

  var mark: Mark { Mark(state: state.pointee) }

  /// Gives back everything that was handed out since; nothing may use it afterwards. Fuel stays
  /// used.
  func release(to mark: Mark) {
    while state.pointee.newest != mark.state.newest, let chunk = state.pointee.newest {
      state.pointee.newest = UnsafeMutableRawPointer(bitPattern: chunk.load(as: UInt.self))
      let size = chunk.load(fromByteOffset: 8, as: Int.self)
      if state.pointee.spare == nil, size == Heap.chunkBytes {
        state.pointee.spare = chunk
      } else {
        chunk.deallocate()
      }
    }
    state.pointee.cursor = mark.state.cursor
    state.pointee.end = mark.state.end
    state.pointee.used = mark.state.used
  }

  /// So many bytes, aligned to 16, or nil when the limit would be passed.
  @inline(__always)
  func allocate(_ bytes: Int) -> UnsafeMutableRawPointer? {
    let size = (bytes &+ 15) & ~15
    let cursor = state.pointee.cursor
    let used = state.pointee.used &+ size
    if size <= state.pointee.end - cursor, used <= state.pointee.limit {
      state.pointee.cursor = cursor + size
      state.pointee.used = used
      return cursor
    }
    return allocateSlowly(size)
  }

  @inline(never)
  private func allocateSlowly(_ size: Int) -> UnsafeMutableRawPointer? {
    guard size >= 0, size <= state.pointee.limit - state.pointee.used else { return nil }
    let bytes = max(size + Heap.chunkHeaderBytes, Heap.chunkBytes)
    let chunk = takeChunk(bytes)
    chunk.storeBytes(of: UInt(bitPattern: state.pointee.newest), as: UInt.self)
    chunk.storeBytes(of: bytes, toByteOffset: 8, as: Int.self)
    state.pointee.newest = chunk
    state.pointee.isSliceOver = true
    state.pointee.cursor = chunk + Heap.chunkHeaderBytes + size
    state.pointee.end = chunk + bytes
    state.pointee.used += size
    return chunk + Heap.chunkHeaderBytes
  }

  private func takeChunk(_ bytes: Int) -> UnsafeMutableRawPointer {
    if bytes == Heap.chunkBytes, let spare = state.pointee.spare {
      state.pointee.spare = nil
      return spare
    }
    return .allocate(byteCount: bytes, alignment: 16)
  }

  /// Makes the newest allocation longer where it stands; false when it is not the newest, or when
  /// the chunk or the limit has no room.
  func extend(_ address: UnsafeMutableRawPointer, from old: Int, to new: Int) -> Bool {
    let oldSize = (old &+ 15) & ~15
    let growth = ((new &+ 15) & ~15) - oldSize
    guard address + oldSize == state.pointee.cursor,
      growth <= state.pointee.end - state.pointee.cursor,
      growth <= state.pointee.limit - state.pointee.used
    else { return false }
    state.pointee.cursor += growth
    state.pointee.used += growth
    return true
  }

  func take(_ bytes: Int) throws(Stop) -> UnsafeMutableRawPointer {
    guard let address = allocate(bytes) else { throw .memory }
    return address
  }

  /// Counts bytes that are kept outside the arena on behalf of the program.
  func reserve(_ bytes: Int) throws(Stop) {
    guard bytes <= state.pointee.limit - state.pointee.used else { throw .memory }
    state.pointee.used += bytes
  }

  /// Counts so many steps.
  @inline(__always)
  func charge(_ steps: Int) throws(Stop) {
    state.pointee.fuel &-= steps
    if state.pointee.fuel < 0 { try refill() }
  }
}
