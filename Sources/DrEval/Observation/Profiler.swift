// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrSema

/// What something cost.
package struct Cost: Sendable, Equatable {
  /// Turns of loops, calls, and elements that built-in functions handled: what E0401 limits.
  package var steps = 0
  /// Bytes of values: what E0402 limits.
  package var bytes = 0
  /// Nanoseconds of real time, measured while every step was watched; 0 where nobody measured it.
  package var time = 0

  package static func + (a: Cost, b: Cost) -> Cost {
    Cost(steps: a.steps + b.steps, bytes: a.bytes + b.bytes, time: a.time + b.time)
  }
  package static func - (a: Cost, b: Cost) -> Cost {
    Cost(steps: a.steps - b.steps, bytes: a.bytes - b.bytes, time: a.time - b.time)
  }
}

/// Where an observed program spends its steps, memory and time: exactly, by function and by line.
///
/// A call counts for the function that is called, with all that this function does itself; for the
/// line of the call it counts towards the line's total. What recursion does counts once in totals.
package final class Profiler: Observer {
  /// A function on the way to where something was spent, from one place that calls it.
  private struct Node {
    let function: Int
    /// The line that it was called from; -1 where the machine began it.
    let site: Int
    let parent: Int
    var own = Cost()
    var calls = 0
    var children: [Key: Int] = [:]
  }

  private struct Key: Hashable {
    let function: Int
    let site: Int
  }

  /// A function that runs.
  private struct Entry {
    let node: Int
    let function: Int
    /// Where it stands: a number of `lines`.
    var line: Int
    /// The line of the call, and what had been spent when it was called from there, and when the
    /// function was called; `nil` where that line or function was running already.
    let caller: Int
    let lineStart: Cost?
    let functionStart: Cost?
  }

  private struct Sums {
    var own = Cost()
    var total = Cost()
    var calls = 0
    var isRunning = 0
  }

  private let sites: [ObservedSite]
  /// By site: the number of its line.
  private let lineNumbers: [Int]
  private let lineSpans: [Span]
  private let clock: (() -> Int)?
  private var stack: [Entry] = []
  private var nodes: [Node] = []
  private var lines: [Sums]
  private var functions: [Sums]
  /// The newest node of each function that runs; recursion goes on there.
  private var running: [Int: [Int]] = [:]
  private var spent = Cost()
  private var fuelLeft: Int
  private var memoryUsed: Int
  private var lastTime: Int
  private var clockCost = 0

  /// Ways beyond these are counted for the function that they lead from.
  private static let nodesMax = 50_000

  /// For a machine that was not used yet. `clock` gives nanoseconds from any moment on.
  package init(_ machine: Machine, clock: (() -> Int)? = nil) {
    let program = machine.program
    sites = program.sites
    var numbers: [LineKey: Int] = [:]
    var spans: [Span] = []
    lineNumbers = program.sites.map { site in
      let source = program.checked.sources[site.span.file]
      let key = LineKey(file: site.span.file, line: source.line(at: site.span.start))
      if let known = numbers[key] { return known }
      numbers[key] = spans.count
      spans.append(site.span)
      return spans.count - 1
    }
    lineSpans = spans
    lines = Array(repeating: Sums(), count: spans.count)
    functions = Array(repeating: Sums(), count: program.functions.count)
    self.clock = clock
    fuelLeft = machine.heap.fuelLeft
    memoryUsed = machine.memoryUsed
    lastTime = clock?() ?? 0
    nodes.append(Node(function: -1, site: -1, parent: -1))
    clockCost = calibrate()
    lastTime = clock?() ?? 0
  }

  private struct LineKey: Hashable {
    let file: FileID
    let line: Int
  }

  /// What a look at the clock takes, so that it can be left out.
  private func calibrate() -> Int {
    guard let clock else { return 0 }
    var least = Int.max
    for _ in 0..<64 {
      let start = clock()
      least = min(least, clock() - start)
    }
    return max(0, least)
  }

  // MARK: Watching

  package var depth: Int { stack.count }

  package func willRefuel(_ machine: Machine) {
    settle(machine, keeping: 0)
    fuelLeft = machine.limits.fuel
  }

  package func unwind(to depth: Int, on machine: Machine) {
    settle(machine, keeping: 0)
    while stack.count > depth { leave() }
  }

  package func pass(_ site: Int, _ value: Value, on machine: Machine) {
    switch sites[site].event {
    case .enter(let function):
      // The step of the call is the called function's.
      let call = settle(machine, keeping: 1)
      enter(function, at: site)
      add(call)
    case .leave:
      settle(machine, keeping: 0)
      leave()
    case .line:
      settle(machine, keeping: 0)
      if !stack.isEmpty { stack[stack.count - 1].line = lineNumbers[site] }
    case .readField, .readGlobal, .make, .made: break
    }
    // Watching is not what is measured.
    if let clock { lastTime = clock() }
  }

  /// Counts what was spent since the last event for where the program stood, but for so many steps,
  /// which are given back.
  @discardableResult
  private func settle(_ machine: Machine, keeping steps: Int) -> Cost {
    let fuel = machine.heap.fuelLeft
    let memory = machine.memoryUsed
    var cost = Cost(steps: fuelLeft - fuel, bytes: max(0, memory - memoryUsed))
    if let clock { cost.time = max(0, clock() - lastTime - clockCost) }
    fuelLeft = fuel
    memoryUsed = memory
    let kept = Cost(steps: min(steps, cost.steps))
    cost.steps -= kept.steps
    add(cost)
    return kept
  }

  private func add(_ cost: Cost) {
    spent = spent + cost
    guard let top = stack.last else {
      nodes[0].own = nodes[0].own + cost
      return
    }
    nodes[top.node].own = nodes[top.node].own + cost
    functions[top.function].own = functions[top.function].own + cost
    lines[top.line].own = lines[top.line].own + cost
    if lines[top.line].isRunning == 0 { lines[top.line].total = lines[top.line].total + cost }
  }

  private func enter(_ function: Int, at site: Int) {
    let caller = stack.last?.line ?? -1
    let node = node(of: function, calledFrom: caller)
    nodes[node].calls += 1
    functions[function].calls += 1
    var lineStart: Cost?
    if caller >= 0 {
      if lines[caller].isRunning == 0 { lineStart = spent }
      lines[caller].isRunning += 1
    }
    let functionStart = functions[function].isRunning == 0 ? spent : nil
    functions[function].isRunning += 1
    running[function, default: []].append(node)
    stack.append(
      Entry(
        node: node, function: function, line: lineNumbers[site], caller: caller,
        lineStart: lineStart, functionStart: functionStart))
  }

  private func leave() {
    guard let top = stack.popLast() else { return }
    running[top.function]?.removeLast()
    functions[top.function].isRunning -= 1
    if let start = top.functionStart {
      functions[top.function].total = functions[top.function].total + (spent - start)
    }
    guard top.caller >= 0 else { return }
    lines[top.caller].isRunning -= 1
    if let start = top.lineStart {
      lines[top.caller].total = lines[top.caller].total + (spent - start)
    }
  }

  private func node(of function: Int, calledFrom site: Int) -> Int {
    if let outer = running[function]?.last { return outer }
    let parent = stack.last?.node ?? 0
    let key = Key(function: function, site: site)
    if let known = nodes[parent].children[key] { return known }
    guard nodes.count < Self.nodesMax else { return parent }
    nodes.append(Node(function: function, site: site, parent: parent))
    nodes[parent].children[key] = nodes.count - 1
    return nodes.count - 1
  }

  // MARK: Asking

  /// What was found; the machine must stand still. `names` are for functions that have none.
  package func profile(_ machine: Machine, naming names: [FunctionID: String] = [:]) -> Profile {
    settle(machine, keeping: 0)
    if let clock { lastTime = clock() }
    let program = machine.program
    func name(_ number: Int) -> String {
      if let known = names[FunctionID(Int32(number))] { return known }
      let function = program.functions[number]
      guard number < program.checked.functions.count,
        program.checked.functions[number].role == .lambda
      else { return function.name }
      let source = program.checked.sources[function.span.file]
      return "\(function.name) on line \(source.line(at: function.span.start) + 1)"
    }
    return Profile(
      total: spent, outside: nodes[0].own,
      functions: functions.indices.compactMap { index in
        let sums = functions[index]
        guard sums.calls > 0 else { return nil }
        return Profile.Function(
          name: name(index), span: program.functions[index].span, own: sums.own,
          total: sums.total, calls: sums.calls)
      },
      lines: lines.indices.compactMap { index in
        let sums = lines[index]
        guard sums.total != Cost() else { return nil }
        return Profile.Line(span: lineSpans[index], own: sums.own, total: sums.total)
      },
      tree: frame(0, program, name))
  }

  private func frame(
    _ index: Int, _ program: Program, _ name: (Int) -> String
  ) -> Profile.Frame {
    let node = nodes[index]
    let children = node.children.values.sorted().map { frame($0, program, name) }
    return Profile.Frame(
      name: node.function < 0 ? "" : name(node.function),
      span: node.function < 0 ? nil : program.functions[node.function].span,
      calledFrom: node.site < 0 ? nil : lineSpans[node.site], own: node.own, calls: node.calls,
      children: children)
  }
}

/// Where a program spent what it used.
package struct Profile: Sendable {
  package struct Function: Sendable {
    package let name: String
    package let span: Span
    /// What it spent itself.
    package let own: Cost
    /// With all that it called.
    package let total: Cost
    package let calls: Int
  }

  package struct Line: Sendable {
    /// Begins on the line.
    package let span: Span
    package let own: Cost
    package let total: Cost
  }

  /// A function as called on one way; what recursion does is its outermost call's.
  package struct Frame: Sendable {
    /// Empty for the root.
    package let name: String
    package let span: Span?
    package let calledFrom: Span?
    package let own: Cost
    package let calls: Int
    /// In the order of the first calls.
    package let children: [Frame]

    package let total: Cost

    init(
      name: String, span: Span?, calledFrom: Span?, own: Cost, calls: Int, children: [Frame]
    ) {
      self.name = name
      self.span = span
      self.calledFrom = calledFrom
      self.own = own
      self.calls = calls
      self.children = children
      total = children.reduce(own) { $0 + $1.total }
    }

    /// Only what it calls.
    package var withoutOwn: Frame {
      Frame(
        name: name, span: span, calledFrom: calledFrom, own: Cost(), calls: calls,
        children: children)
    }
  }

  package let total: Cost
  /// What was spent outside of all functions: walks over finished values.
  package let outside: Cost
  package let functions: [Function]
  package let lines: [Line]
  package let tree: Frame
}
