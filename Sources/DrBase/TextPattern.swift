// SPDX-License-Identifier: Apache-2.0

/// A regular expression in the syntax of RE2, with which the API server matches what a schema calls a
/// `pattern`, and Prometheus the labels of a query: whether a text has it somewhere.
///
/// Runs all possibilities side by side, so that the time is that of the text times the pattern and no
/// pattern explodes.
package struct TextPattern: Sendable, Hashable {
  package let source: String
  private let program: [Instruction]

  fileprivate enum Instruction: Sendable, Hashable {
    case scalar(ScalarClass)
    /// Goes on at both.
    case split(Int, Int)
    case jump(Int)
    case atStart, atEnd
    case atWordEdge(Bool)
    case matched
  }

  /// Nil for what is no pattern, or one of a kind that this does not know.
  package init?(_ source: String) {
    var parser = PatternParser(source)
    guard let node = parser.parse() else { return nil }
    var compiler = PatternCompiler()
    guard compiler.emit(node), compiler.add(.matched) else { return nil }
    self.source = source
    program = compiler.program
  }

  package func matches(_ text: String) -> Bool {
    let scalars = Array(text.unicodeScalars)
    var current: [Int] = []
    var next: [Int] = []
    // The step in which an instruction was reached last, so that none is there twice.
    var reached = [Int](repeating: -1, count: program.count)
    for position in 0...scalars.count {
      // A match may begin anywhere.
      if follow(0, at: position, scalars, &current, &reached) { return true }
      guard position < scalars.count else { return false }
      next.removeAll(keepingCapacity: true)
      var isMatched = false
      for place in current {
        guard case .scalar(let wanted) = program[place], wanted.contains(scalars[position]) else {
          continue
        }
        if follow(place + 1, at: position + 1, scalars, &next, &reached) { isMatched = true }
      }
      if isMatched { return true }
      swap(&current, &next)
    }
    return false
  }

  /// Notes every instruction that takes a scalar and is reached from a place without taking one; gives
  /// whether the end is among them.
  private func follow(
    _ start: Int, at position: Int, _ scalars: [Unicode.Scalar], _ list: inout [Int],
    _ reached: inout [Int]
  ) -> Bool {
    var open = [start]
    while let place = open.popLast() {
      if reached[place] == position { continue }
      reached[place] = position
      switch program[place] {
      case .scalar: list.append(place)
      case .jump(let to): open.append(to)
      case .split(let first, let second): open += [second, first]
      case .atStart: if position == 0 { open.append(place + 1) }
      case .atEnd: if position == scalars.count { open.append(place + 1) }
      case .atWordEdge(let isEdge):
        let before = position > 0 && ScalarClass.word.contains(scalars[position - 1])
        let after = position < scalars.count && ScalarClass.word.contains(scalars[position])
        if (before != after) == isEdge { open.append(place + 1) }
      case .matched: return true
      }
    }
    return false
  }
}

/// A set of Unicode scalars.
private struct ScalarClass: Sendable, Hashable {
  var ranges: [ClosedRange<UInt32>] = []
  var isNegated = false

  static let digit = ScalarClass(ranges: [0x30...0x39])
  static let word = ScalarClass(ranges: [0x30...0x39, 0x41...0x5a, 0x5f...0x5f, 0x61...0x7a])
  static let space = ScalarClass(ranges: [0x09...0x0a, 0x0c...0x0d, 0x20...0x20])
  static let anyButNewline = ScalarClass(ranges: [0x0a...0x0a], isNegated: true)

  func contains(_ scalar: Unicode.Scalar) -> Bool {
    ranges.contains { $0.contains(scalar.value) } != isNegated
  }

  /// Without regard to case, of ASCII letters.
  var folded: ScalarClass {
    var folded = self
    for range in ranges {
      for (from, offset) in [(UInt32(0x41)...0x5a, 0x20), (0x61...0x7a, -0x20)] {
        let both = range.clamped(to: from)
        guard range.overlaps(from) else { continue }
        let lower = UInt32(Int(both.lowerBound) + offset)
        folded.ranges.append(lower...UInt32(Int(both.upperBound) + offset))
      }
    }
    return folded
  }

  /// The ranges of everything that is not in it.
  var complement: [ClosedRange<UInt32>] {
    var result: [ClosedRange<UInt32>] = []
    var start: UInt32 = 0
    for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if range.lowerBound > start { result.append(start...range.lowerBound - 1) }
      start = max(start, range.upperBound + 1)
    }
    if start <= 0x10ffff { result.append(start...0x10ffff) }
    return result
  }
}

private indirect enum PatternNode {
  case nothing
  case scalar(ScalarClass)
  case sequence([PatternNode])
  case choice([PatternNode])
  case repeated(PatternNode, least: Int, most: Int?)
  case edge(TextPattern.Instruction)
}

private struct PatternCompiler {
  var program: [TextPattern.Instruction] = []
  /// More would be no pattern that a person wrote.
  private static let limit = 20_000

  mutating func add(_ instruction: TextPattern.Instruction) -> Bool {
    program.append(instruction)
    return program.count <= Self.limit
  }

  mutating func emit(_ node: PatternNode) -> Bool {
    switch node {
    case .nothing: return true
    case .scalar(let wanted): return add(.scalar(wanted))
    case .edge(let instruction): return add(instruction)
    case .sequence(let nodes):
      for node in nodes where !emit(node) { return false }
      return true
    case .choice(let nodes): return emit(choiceOf: nodes[...])
    case .repeated(let node, let least, let most):
      for _ in 0..<least where !emit(node) { return false }
      guard let most else { return emit(endlessly: node) }
      var skips: [Int] = []
      for _ in least..<max(least, most) {
        skips.append(program.count)
        guard add(.jump(0)), emit(node) else { return false }
      }
      for skip in skips { program[skip] = .split(skip + 1, program.count) }
      return true
    }
  }

  private mutating func emit(choiceOf nodes: ArraySlice<PatternNode>) -> Bool {
    guard let first = nodes.first else { return true }
    guard nodes.count > 1 else { return emit(first) }
    let fork = program.count
    guard add(.jump(0)), emit(first) else { return false }
    let end = program.count
    guard add(.jump(0)) else { return false }
    program[fork] = .split(fork + 1, program.count)
    guard emit(choiceOf: nodes.dropFirst()) else { return false }
    program[end] = .jump(program.count)
    return true
  }

  private mutating func emit(endlessly node: PatternNode) -> Bool {
    let fork = program.count
    guard add(.jump(0)), emit(node), add(.jump(fork)) else { return false }
    program[fork] = .split(fork + 1, program.count)
    return true
  }
}

/// Reads a pattern. Nil stands for a mistake, or for what this does not know: look-around, references
/// back, classes of Unicode properties.
private struct PatternParser {
  private let scalars: [Unicode.Scalar]
  private var position = 0
  private var ignoresCase = false
  private var depth = 0

  init(_ source: String) { scalars = Array(source.unicodeScalars) }

  mutating func parse() -> PatternNode? {
    guard let node = choice(), position == scalars.count else { return nil }
    return node
  }

  private var next: Unicode.Scalar? { position < scalars.count ? scalars[position] : nil }

  private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
    guard next == scalar else { return false }
    position += 1
    return true
  }

  private mutating func choice() -> PatternNode? {
    depth += 1
    defer { depth -= 1 }
    guard depth < 200 else { return nil }
    let outer = ignoresCase
    defer { ignoresCase = outer }
    var branches: [PatternNode] = []
    repeat {
      guard let branch = sequence() else { return nil }
      branches.append(branch)
    } while take("|")
    return branches.count == 1 ? branches[0] : .choice(branches)
  }

  private mutating func sequence() -> PatternNode? {
    var nodes: [PatternNode] = []
    while let scalar = next, scalar != "|", scalar != ")" {
      guard let atom = atom(), let node = quantified(atom) else { return nil }
      nodes.append(node)
    }
    return .sequence(nodes)
  }

  private mutating func quantified(_ atom: PatternNode) -> PatternNode? {
    var node = atom
    while let scalar = next {
      let bounds: (Int, Int?)
      switch scalar {
      case "*": bounds = (0, nil)
      case "+": bounds = (1, nil)
      case "?": bounds = (0, 1)
      case "{":
        guard let counted = counts() else { return nil }
        bounds = counted
      case _: return node
      }
      if scalar != "{" { position += 1 }
      // Whether it takes much or little makes no difference to whether it matches.
      _ = take("?")
      node = .repeated(node, least: bounds.0, most: bounds.1)
    }
    return node
  }

  /// `{2}`, `{2,}`, `{2,5}`, at most 1000 as in RE2.
  private mutating func counts() -> (Int, Int?)? {
    guard take("{"), let least = number() else { return nil }
    var most: Int? = least
    if take(",") { most = next == "}" ? nil : number() ?? -1 }
    guard take("}"), least <= 1000, most ?? least <= 1000, most ?? least >= least else {
      return nil
    }
    return (least, most)
  }

  private mutating func number() -> Int? {
    var value: Int?
    while let scalar = next, ScalarClass.digit.contains(scalar), value ?? 0 < 100_000 {
      value = (value ?? 0) * 10 + Int(scalar.value - 0x30)
      position += 1
    }
    return value
  }

  private mutating func atom() -> PatternNode? {
    guard let scalar = next else { return nil }
    position += 1
    switch scalar {
    case "(": return group()
    case "[": return bracket().map(PatternNode.scalar)
    case ".": return .scalar(.anyButNewline)
    case "^": return .edge(.atStart)
    case "$": return .edge(.atEnd)
    case "\\": return escape()
    case "*", "+", "?", "{": return nil
    case _: return .scalar(single(scalar))
    }
  }

  private func single(_ scalar: Unicode.Scalar) -> ScalarClass {
    let only = ScalarClass(ranges: [scalar.value...scalar.value])
    return ignoresCase ? only.folded : only
  }

  private mutating func group() -> PatternNode? {
    if take("?") {
      if take("i") {
        ignoresCase = true
        // Flags stand to the end of the group around them.
        if take(")") { return .nothing }
      }
      guard take(":") else { return nil }
    }
    guard let node = choice(), take(")") else { return nil }
    return node
  }

  private mutating func escape() -> PatternNode? {
    switch next {
    case "b": return edge(.atWordEdge(true))
    case "B": return edge(.atWordEdge(false))
    case "A": return edge(.atStart)
    case "z": return edge(.atEnd)
    case _: return escapedClass().map(PatternNode.scalar)
    }
  }

  private mutating func edge(_ instruction: TextPattern.Instruction) -> PatternNode {
    position += 1
    return .edge(instruction)
  }

  /// What follows a `\`, in a bracket or out of it.
  private mutating func escapedClass() -> ScalarClass? {
    guard let scalar = next else { return nil }
    position += 1
    switch scalar {
    case "d": return .digit
    case "w": return .word
    case "s": return .space
    case "D": return ScalarClass(ranges: ScalarClass.digit.complement)
    case "W": return ScalarClass(ranges: ScalarClass.word.complement)
    case "S": return ScalarClass(ranges: ScalarClass.space.complement)
    case "t": return single("\t")
    case "n": return single("\n")
    case "r": return single("\r")
    case "x": return hexadecimal().map(single)
    case _:
      // Any other letter or digit has a meaning that this does not know.
      return ScalarClass.word.contains(scalar) && scalar != "_" ? nil : single(scalar)
    }
  }

  private mutating func hexadecimal() -> Unicode.Scalar? {
    let isBraced = take("{")
    var digits = ""
    while let scalar = next, digits.count < (isBraced ? 6 : 2), Character(scalar).isHexDigit {
      digits.unicodeScalars.append(scalar)
      position += 1
    }
    if isBraced, !take("}") { return nil }
    return UInt32(digits, radix: 16).flatMap(Unicode.Scalar.init)
  }

  private mutating func bracket() -> ScalarClass? {
    var result = ScalarClass(isNegated: take("^"))
    var isFirst = true
    while let scalar = next {
      if scalar == "]", !isFirst {
        position += 1
        return result
      }
      isFirst = false
      guard let low = bracketItem() else { return nil }
      guard next == "-", position + 1 < scalars.count, scalars[position + 1] != "]" else {
        result.ranges += low.ranges
        continue
      }
      position += 1
      guard let high = bracketItem(), let from = low.only, let to = high.only, from <= to else {
        return nil
      }
      let range = ScalarClass(ranges: [from...to])
      result.ranges += (ignoresCase ? range.folded : range).ranges
    }
    return nil
  }

  private mutating func bracketItem() -> ScalarClass? {
    if take("\\") { return escapedClass() }
    if next == "[", position + 1 < scalars.count, scalars[position + 1] == ":" {
      return namedClass()
    }
    guard let scalar = next else { return nil }
    position += 1
    return single(scalar)
  }

  private mutating func namedClass() -> ScalarClass? {
    let classes: [String: [ClosedRange<UInt32>]] = [
      "alpha": [0x41...0x5a, 0x61...0x7a], "digit": [0x30...0x39], "lower": [0x61...0x7a],
      "alnum": [0x30...0x39, 0x41...0x5a, 0x61...0x7a], "upper": [0x41...0x5a],
      "space": [0x09...0x0d, 0x20...0x20], "xdigit": [0x30...0x39, 0x41...0x46, 0x61...0x66],
      "punct": [0x21...0x2f, 0x3a...0x40, 0x5b...0x60, 0x7b...0x7e],
    ]
    position += 2
    var name = ""
    while let scalar = next, scalar != ":" {
      name.unicodeScalars.append(scalar)
      position += 1
    }
    guard take(":"), take("]") else { return nil }
    return classes[name].map { ScalarClass(ranges: $0) }
  }
}

extension ScalarClass {
  /// The scalar, where it is one only, or one in both its cases.
  fileprivate var only: UInt32? {
    guard let first = ranges.first, !isNegated, ranges.count <= 2,
      ranges.allSatisfy({ $0.count == 1 })
    else { return nil }
    return first.lowerBound
  }
}
