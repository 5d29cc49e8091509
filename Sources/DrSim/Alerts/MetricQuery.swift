// SPDX-License-Identifier: Apache-2.0
//
// The PromQL that alerts of such programs mostly are, and no more: one vector of one metric, maybe
// aggregated, compared with a number; or its absence. What is not understood is told apart from what
// gives nothing.

import DrBase

/// `sum by (zone) (up{job="chat"}) == 0`
struct MetricQuery: Sendable, Equatable {
  enum Aggregation: String, Sendable { case sum, count, min, max, avg }
  enum Comparison: String, Sendable {
    case equal = "==", notEqual = "!=", atMost = "<=", atLeast = ">=", below = "<", above = ">"
  }

  struct Matcher: Sendable, Equatable {
    enum Kind: String, Sendable {
      case equal = "=", notEqual = "!=", matches = "=~", matchesNot = "!~"
    }
    let label: String
    let kind: Kind
    let value: String
    /// Of the whole value of the label; nil where it is compared as a text.
    let pattern: TextPattern?

    /// Nil where its value is no pattern.
    init?(_ label: String, _ kind: Kind, _ value: String) {
      (self.label, self.kind, self.value) = (label, kind, value)
      switch kind {
      case .equal, .notEqual: pattern = nil
      case .matches, .matchesNot:
        guard let pattern = TextPattern("^(?:\(value))$") else { return nil }
        self.pattern = pattern
      }
    }
  }

  /// A value of a metric, with its labels.
  typealias Sample = (labels: [String: String], value: Double)

  private(set) var metric = ""
  private(set) var matchers: [Matcher] = []
  private(set) var aggregation: Aggregation?
  private(set) var groups: [String] = []
  /// What a value is compared with, and before that each that is aggregated.
  private(set) var comparison: (is: Comparison, than: Double)?
  private(set) var inner: (is: Comparison, than: Double)?
  private(set) var isAbsence = false

  static func == (a: Self, b: Self) -> Bool {
    a.metric == b.metric && a.matchers == b.matchers && a.aggregation == b.aggregation
      && a.groups == b.groups && a.isAbsence == b.isAbsence
      && a.comparison?.is == b.comparison?.is && a.comparison?.than == b.comparison?.than
      && a.inner?.is == b.inner?.is && a.inner?.than == b.inner?.than
  }

  /// `nil` of what is not understood.
  init?(_ text: String) {
    var reader = Reader(text)
    guard read(&reader), reader.isAtEnd else { return nil }
  }

  private mutating func read(_ reader: inout Reader) -> Bool {
    if reader.take("absent") {
      isAbsence = true
      return reader.take("(") && readVector(&reader) && reader.take(")")
    }
    if let aggregation = Aggregation(rawValue: reader.peekWord()) {
      self.aggregation = aggregation
      _ = reader.takeWord()
      guard readGroups(&reader), reader.take("("), readVector(&reader),
        Self.readComparison(&reader, &inner), reader.take(")"), readGroups(&reader)
      else { return false }
    } else if !readVector(&reader) {
      return false
    }
    return Self.readComparison(&reader, &comparison)
  }

  /// False where a sign has no number after it.
  private static func readComparison(
    _ reader: inout Reader, _ found: inout (is: Comparison, than: Double)?
  ) -> Bool {
    for sign in ["==", "!=", "<=", ">=", "<", ">"] where reader.take(sign) {
      guard let comparison = Comparison(rawValue: sign), let number = Double(reader.takeWord())
      else { return false }
      found = (comparison, number)
      return true
    }
    return true
  }

  private mutating func readGroups(_ reader: inout Reader) -> Bool {
    guard reader.take("by") else { return true }
    guard reader.take("(") else { return false }
    while !reader.take(")") {
      groups.append(reader.takeWord())
      guard groups.last != "" else { return false }
      _ = reader.take(",")
    }
    return true
  }

  private mutating func readVector(_ reader: inout Reader) -> Bool {
    metric = reader.takeWord()
    guard let first = metric.first, !first.isNumber else { return false }
    guard reader.take("{") else { return true }
    while !reader.take("}") {
      let label = reader.takeWord()
      let kind = ["=~", "!~", "!=", "="].first { reader.take($0) }.flatMap(Matcher.Kind.init)
      guard !label.isEmpty, let kind, let value = reader.takeQuoted(),
        let matcher = Matcher(label, kind, value)
      else { return false }
      matchers.append(matcher)
      _ = reader.take(",")
    }
    return true
  }

  // MARK: Answering

  /// Whether a sample may match whose label has that value.
  func admits(_ value: String, of label: String) -> Bool {
    matchers.allSatisfy { $0.label != label || Self.holds($0, value) }
  }

  /// Whether a sample of that value can be part of what it gives: absence looks at all.
  func counts(_ value: Double) -> Bool {
    isAbsence || Self.holds(aggregation == nil ? comparison : inner, value)
  }

  /// What it gives of the samples of its metric, or of those of them that it can count: labels by which alerts are told apart.
  func result(of samples: [Sample]) -> [[String: String]] {
    let chosen = samples.filter { sample in
      matchers.allSatisfy { Self.holds($0, sample.labels[$0.label] ?? "") }
    }
    if isAbsence {
      guard chosen.isEmpty else { return [] }
      let known = matchers.filter { $0.kind == .equal }.map { ($0.label, $0.value) }
      return [Dictionary(known) { first, _ in first }]
    }
    guard let aggregation else {
      return chosen.filter { Self.holds(comparison, $0.value) }.map(\.labels)
    }
    var sets: [(labels: [String: String], values: [Double])] = []
    for sample in chosen where Self.holds(inner, sample.value) {
      let labels = sample.labels.filter { groups.contains($0.key) }
      if let index = sets.firstIndex(where: { $0.labels == labels }) {
        sets[index].values.append(sample.value)
      } else {
        sets.append((labels, [sample.value]))
      }
    }
    return sets.filter { Self.holds(comparison, Self.aggregate(aggregation, $0.values)) }.map(
      \.labels)
  }

  private static func holds(
    _ comparison: (is: Comparison, than: Double)?, _ value: Double
  ) -> Bool {
    guard let comparison else { return true }
    return switch comparison.is {
    case .equal: value == comparison.than
    case .notEqual: value != comparison.than
    case .atMost: value <= comparison.than
    case .atLeast: value >= comparison.than
    case .below: value < comparison.than
    case .above: value > comparison.than
    }
  }

  private static func aggregate(_ how: Aggregation, _ values: [Double]) -> Double {
    switch how {
    case .sum: values.reduce(0, +)
    case .count: Double(values.count)
    case .min: values.min() ?? 0
    case .max: values.max() ?? 0
    case .avg: values.reduce(0, +) / Double(max(values.count, 1))
    }
  }

  private static func holds(_ matcher: Matcher, _ value: String) -> Bool {
    switch matcher.kind {
    case .equal: value == matcher.value
    case .notEqual: value != matcher.value
    case .matches: matcher.pattern?.matches(value) ?? false
    case .matchesNot: !(matcher.pattern?.matches(value) ?? true)
    }
  }

  /// Words, signs and quoted text, with space between them.
  private struct Reader {
    private var rest: Substring

    init(_ text: String) { rest = text[...] }

    var isAtEnd: Bool { rest.allSatisfy(\.isWhitespace) }

    private mutating func skipSpace() { rest = rest.drop(while: \.isWhitespace) }

    private static func isWordPart(_ character: Character) -> Bool {
      character.isLetter || character.isNumber || "_:.".contains(character)
    }

    func peekWord() -> String {
      String(rest.drop(while: \.isWhitespace).prefix(while: Self.isWordPart))
    }

    mutating func takeWord() -> String {
      skipSpace()
      let word = rest.prefix(while: Self.isWordPart)
      rest = rest.dropFirst(word.count)
      return String(word)
    }

    /// A sign, or a word as a whole.
    mutating func take(_ wanted: String) -> Bool {
      skipSpace()
      guard rest.hasPrefix(wanted) else { return false }
      let after = rest.dropFirst(wanted.count)
      if let last = wanted.last, last.isLetter, let next = after.first, Self.isWordPart(next) {
        return false
      }
      rest = after
      return true
    }

    /// Between double quotes, with `\\"` and `\\\\`.
    mutating func takeQuoted() -> String? {
      guard take("\"") else { return nil }
      var text = ""
      while let next = rest.popFirst() {
        if next == "\"" { return text }
        if next == "\\", let escaped = rest.popFirst() {
          text.append(escaped)
        } else {
          text.append(next)
        }
      }
      return nil
    }
  }
}
