// SPDX-License-Identifier: Apache-2.0
//
// Who used up a limit. Fuel is handed out in slices, and between two of them the machine notes where
// the program stands: some thousand looks over a whole evaluation, taken at the same steps each
// time. That tells shares to a percent or so, and costs nothing that could be measured.

import DrBase
import DrSema

/// Where an evaluation stood between its slices of fuel, and what it had used since the last look.
struct Whereabouts {
  /// What was used while a function, or a place in one, ran or waited for what it called.
  fileprivate struct Use {
    var steps = 0
    var bytes = 0
    /// How many calls lay between it and where the program stood, weighted by steps and bytes.
    var stepDistance = 0
    var byteDistance = 0
  }

  private var functions: [Int: Use] = [:]
  /// By offset of the instruction.
  private var places: [Int: Use] = [:]
  private var total = Use()
  private var fuel: Int
  private var memory = 0
  private var isNoted = false

  init(fuel: Int) { self.fuel = fuel }

  /// Forgets what was noted. Where fuel is given back often, mostly nothing was.
  mutating func reset(fuel: Int) {
    if isNoted { self = Whereabouts(fuel: fuel) } else { self.fuel = fuel }
  }

  /// What to leave out of the way when looking at a deep stack.
  private static let framesMax = 100

  /// Notes a look at a program that stands at these places, innermost first.
  mutating func note(_ stack: [(function: Int, offset: Int)], fuel: Int, memory: Int) {
    let steps = max(0, self.fuel - fuel)
    let bytes = max(0, memory - self.memory)
    self.fuel = fuel
    self.memory = memory
    isNoted = true
    total.steps += steps
    total.bytes += bytes
    var seen: Set<Int> = []
    var seenPlaces: Set<Int> = []
    for (distance, frame) in stack.prefix(Self.framesMax).enumerated() {
      func add(_ use: inout Use) {
        use.steps += steps
        use.bytes += bytes
        use.stepDistance += steps * distance
        use.byteDistance += bytes * distance
      }
      if seen.insert(frame.function).inserted { add(&functions[frame.function, default: Use()]) }
      if seenPlaces.insert(frame.offset).inserted { add(&places[frame.offset, default: Use()]) }
    }
  }

  /// The innermost function that most of something goes through.
  fileprivate func culprit(_ amount: Amount) -> (function: Int, share: Int)? {
    let whole = amount.of(total)
    guard whole > 0 else { return nil }
    let found = functions.keys.sorted().filter { function in
      functions[function].map { amount.of($0) * 10 >= whole * 6 } ?? false
    }.min { a, b in
      func distance(_ function: Int) -> Double {
        guard let use = functions[function] else { return .infinity }
        return Double(amount.distance(of: use)) / Double(max(1, amount.of(use)))
      }
      return (distance(a), a) < (distance(b), b)
    }
    guard let found, let use = functions[found] else { return nil }
    return (found, percent(amount.of(use), of: whole))
  }

  /// The line that most of something goes through, of those that hold such places.
  fileprivate func place(
    _ amount: Amount, where isCounted: (Int) -> Bool, line: (Int) -> Int?
  ) -> (line: Int, share: Int, offset: Int)? {
    var lines: [Int: (sum: Int, offset: Int)] = [:]
    for offset in places.keys.sorted() where isCounted(offset) {
      guard let line = line(offset), let use = places[offset] else { continue }
      lines[line, default: (0, offset)].sum += amount.of(use)
    }
    let whole = amount.of(total)
    guard whole > 0, let most = lines.max(by: { ($0.value.sum, -$0.key) < ($1.value.sum, -$1.key) })
    else { return nil }
    return (most.key, percent(min(most.value.sum, whole), of: whole), most.value.offset)
  }

  private func percent(_ part: Int, of whole: Int) -> Int {
    Int((Double(part) * 100 / Double(whole)).rounded())
  }

  /// What is asked about.
  fileprivate enum Amount {
    case steps, bytes

    func of(_ use: Use) -> Int {
      switch self {
      case .steps: use.steps
      case .bytes: use.bytes
      }
    }

    func distance(of use: Use) -> Int {
      switch self {
      case .steps: use.stepDistance
      case .bytes: use.byteDistance
      }
    }
  }
}

extension Machine {
  /// Notes where a fiber stands.
  func look(at fiber: Fiber) {
    heap.state.pointee.isSliceOver = false
    whereabouts.note(places(of: fiber), fuel: heap.fuelLeft, memory: memoryUsed)
  }

  /// Where the functions of a fiber stand, innermost first.
  private func places(of fiber: Fiber) -> [(function: Int, offset: Int)] {
    let start = UnsafePointer(image.code)
    var places: [(function: Int, offset: Int)] = []
    var pc = fiber.pc - 1
    var frame = fiber.frame - 1
    while frame >= fiber.frames, places.count < 100 {
      let function = Int(frame.pointee.function)
      if function >= 0, pc < image.stub {
        places.append((function, max(pc - start, program.functions[function].start)))
      }
      pc = frame.pointee.kind == .call ? frame.pointee.returnTo - 1 : frame.pointee.returnTo
      frame -= 1
    }
    return places
  }

  /// Adds to a diagnostic for what ran out of steps or memory who used most of it, and shows the line
  /// where it is not shown anyway.
  func blame(_ diagnostic: inout Diagnostic, _ fiber: Fiber) {
    look(at: fiber)
    let isMemory = diagnostic.code == .memoryExhausted
    let amount = isMemory ? Whereabouts.Amount.bytes : .steps
    guard let (number, share) = whereabouts.culprit(amount) else { return }
    let function = program.functions[number]
    let source = program.checked.sources[function.span.file]
    var words =
      "\(Self.words(share)) of the \(isMemory ? "memory was used" : "steps were taken") in "
      + "`\(function.name)` and what it calls"
    if let most = whereabouts.place(
      amount, where: { program.function(at: $0) == number },
      line: { offset in
        guard let span = program.span(at: offset), span.file == source.id else { return nil }
        return source.line(at: span.start)
      })
    {
      let isSame = most.share == share
      words +=
        isSame
        ? ", on line \(most.line + 1)" : ", \(Self.words(most.share)) on line \(most.line + 1)"
      let shown = [diagnostic.span].compactMap(\.self) + diagnostic.labels.map(\.span)
      let isShown = shown.contains {
        $0.file == source.id && source.line(at: $0.start) == most.line
      }
      if !isShown, let span = program.span(at: most.offset) {
        diagnostic.labels.append(Label(span, "most of them here"))
      }
    }
    diagnostic.notes.append(words)
  }

  private static func words(_ percent: Int) -> String {
    percent >= 100 ? "nearly all" : "about \(percent)%"
  }

  /// How the calls that are nested too deep are called.
  func nestedCalls(_ fiber: Fiber) -> String? {
    var counts: [Int: Int] = [:]
    var frame = fiber.frame - 1
    var count = 0
    while frame >= fiber.frames {
      let function = Int(frame.pointee.function)
      if function >= 0 { counts[function, default: 0] += 1 }
      count += 1
      frame -= 1
    }
    let most = counts.keys.sorted { (-(counts[$0] ?? 0), $0) < (-(counts[$1] ?? 0), $1) }
      .filter { (counts[$0] ?? 0) * 10 >= count }.prefix(4)
    guard !most.isEmpty else { return nil }
    let words = most.map { "\(counts[$0] ?? 0) are of `\(program.functions[$0].name)`" }
    return "of the \(count) nested calls, \(words.joined(separator: " and "))"
  }
}
