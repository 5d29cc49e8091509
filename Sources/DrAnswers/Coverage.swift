// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrEval
import DrSema

/// How often tests reached the lines of programs that hold code. A line holds code where something
/// is computed; a literal in a block, a declaration of a type or a comment is none. What tests
/// consist of themselves does not count.
package struct Coverage: Sendable, Equatable {
  package struct File: Sendable, Equatable {
    /// As diagnostics name it.
    package let name: String
    /// How often each line was reached, by its number from 1.
    package fileprivate(set) var lines: [Int: Int]
    /// The functions of the file with how often they were called, by their line and name.
    package fileprivate(set) var functions: [Function: Int]

    package var lineCount: Int { lines.count }
    package var reachedCount: Int { lines.values.reduce(0) { $0 + ($1 > 0 ? 1 : 0) } }

    /// The lines with code that no test reached, in order; a range goes on over lines without code.
    package var missed: [ClosedRange<Int>] {
      var ranges: [ClosedRange<Int>] = []
      var isOpen = false
      for line in lines.keys.sorted() {
        guard lines[line] == 0 else {
          isOpen = false
          continue
        }
        if isOpen, let last = ranges.popLast() {
          ranges.append(last.lowerBound...line)
        } else {
          ranges.append(line...line)
        }
        isOpen = true
      }
      return ranges
    }
  }

  package struct Function: Hashable, Sendable {
    package let line: Int
    package let name: String
  }

  /// In the order of their names.
  package var files: [File] {
    byName.keys.sorted().compactMap { byName[$0] }.filter { !$0.lines.isEmpty }
  }

  private var byName: [String: File] = [:]

  package init() {}

  /// What was reached of some files of a program, generated for lines, by the hits of its sites.
  package init(_ program: Program, hits: [Int], of files: [FileID]) {
    let checked = program.checked
    let tests = checked.functions.compactMap(Self.testSpan)
    let counted = Set(files)
    let constants = Self.constantDefaults(checked)
    for (number, site) in program.sites.enumerated() {
      guard counted.contains(site.span.file), !constants.contains(site.span),
        !tests.contains(where: { $0.encloses(site.span) })
      else { continue }
      let source = checked.sources[site.span.file]
      let count = number < hits.count ? hits[number] : 0
      let line = source.line(at: site.span.start) + 1
      var file = byName[source.name] ?? File(name: source.name, lines: [:], functions: [:])
      switch site.event {
      case .enter(let number):
        file.lines[line] = max(file.lines[line] ?? 0, count)
        if number < checked.functions.count, Self.isNamed(checked.functions[number]) {
          let function = Function(line: line, name: checked.functions[number].name)
          file.functions[function] = max(file.functions[function] ?? 0, count)
        }
      case .line: file.lines[line] = max(file.lines[line] ?? 0, count)
      case .leave, .readField, .readGlobal, .make, .made: break
      }
      byName[source.name] = file
    }
  }

  /// Defaults that nobody computes: they are copied.
  private static func constantDefaults(_ program: CheckedProgram) -> Set<Span> {
    var spans: Set<Span> = []
    for field in program.records.flatMap(\.fields) where field.constraint == nil {
      if let id = field.defaultValue, case .expression(let body) = program[id].body,
        body.isConstant
      {
        spans.insert(body.span)
      }
    }
    for global in program.globals {
      if case .input(let value?) = global.body, value.isConstant { spans.insert(value.span) }
    }
    for parameter in program.functions.flatMap(\.parameters) {
      if let value = parameter.defaultValue, value.isConstant { spans.insert(value.span) }
    }
    return spans
  }

  private static func testSpan(_ function: DrSema.Function) -> Span? {
    guard function.role == .test, case .expression(let body) = function.body else { return nil }
    return function.span.joined(body.span)
  }

  private static func isNamed(_ function: DrSema.Function) -> Bool {
    switch function.role {
    case .function, .runbook, .emit, .rule: true
    case .lambda, .condition, .thunk, .test: false
    }
  }

  /// Both together; the same file counts once.
  package mutating func add(_ other: Coverage) {
    for name in other.byName.keys.sorted() {
      guard let new = other.byName[name] else { continue }
      guard var file = byName[name] else {
        byName[name] = new
        continue
      }
      file.lines.merge(new.lines, uniquingKeysWith: +)
      file.functions.merge(new.functions, uniquingKeysWith: +)
      byName[name] = file
    }
  }

  package var lineCount: Int { files.reduce(0) { $0 + $1.lineCount } }
  package var reachedCount: Int { files.reduce(0) { $0 + $1.reachedCount } }

  /// Whether so many hundredths of a percent of all lines were reached; of none, all were.
  package func reaches(basisPoints: Int) -> Bool {
    reachedCount * 10_000 >= lineCount * basisPoints
  }

  /// Of all lines: `70.4%`, rounded down, so that 100% means all.
  package var percent: String { Self.percent(reachedCount, of: lineCount) }

  fileprivate static func percent(_ part: Int, of whole: Int) -> String {
    let thousandths = whole == 0 ? 1000 : part * 1000 / whole
    return "\(thousandths / 10).\(thousandths % 10)%"
  }
}

// MARK: Reports

extension Coverage {
  /// A line for each file: how many of its lines were reached, and those that were not.
  package func text(colour: Bool, width: Int?) -> String {
    let files = files
    guard !files.isEmpty else { return "coverage: no line holds code\n" }
    // One file is all there is.
    let names = files.map(\.name) + (files.count > 1 ? ["all lines"] : [])
    let nameWidth = names.reduce(0) { max($0, displayWidth($1)) }
    let counts = (files.map { ($0.reachedCount, $0.lineCount) } + [(reachedCount, lineCount)])
    let countWidth = counts.reduce(0) { max($0, "\($1.0)/\($1.1)".count) }
    var text = colour ? "\u{1B}[1mcoverage\u{1B}[0m\n" : "coverage\n"
    for (index, name) in names.enumerated() {
      let (reached, whole) = counts[index]
      let isWhole = reached == whole
      let percent = Self.percent(reached, of: whole)
      let count = "\(reached)/\(whole)"
      var line =
        "  \(name)\(spaces(nameWidth - displayWidth(name)))"
        + "  \(spaces(6 - percent.count))\(paint(percent, isWhole ? "32" : "33", colour))"
        + "  \(spaces(countWidth - count.count))\(count)"
      let missed = index < files.count ? files[index].missed : []
      if !missed.isEmpty {
        let indent = 2 + nameWidth + 2 + 6 + 2 + countWidth + 2
        let words = "not reached: " + missed.map(Self.words).joined(separator: ", ")
        let lines = wrapped(words, width: width.map { max($0 - indent, 24) })
        line += "  " + lines.joined(separator: "\n" + spaces(indent))
      }
      text += line + "\n"
    }
    return text
  }

  private static func words(_ range: ClosedRange<Int>) -> String {
    range.count == 1 ? "\(range.lowerBound)" : "\(range.lowerBound)-\(range.upperBound)"
  }

  private func spaces(_ count: Int) -> String { String(repeating: " ", count: max(0, count)) }

  private func paint(_ text: String, _ style: String, _ colour: Bool) -> String {
    colour ? "\u{1B}[\(style)m\(text)\u{1B}[0m" : text
  }

  /// The tracefile that lcov's `genhtml` and code hosts read; its format is described in
  /// geninfo(1).
  package var lcov: String {
    var text = ""
    for file in files {
      text += "TN:\nSF:\(file.name)\n"
      let functions = file.functions.keys.sorted { ($0.line, $0.name) < ($1.line, $1.name) }
      for function in functions { text += "FN:\(function.line),\(function.name)\n" }
      for function in functions {
        text += "FNDA:\(file.functions[function] ?? 0),\(function.name)\n"
      }
      let called = functions.filter { (file.functions[$0] ?? 0) > 0 }.count
      text += "FNF:\(functions.count)\nFNH:\(called)\n"
      for line in file.lines.keys.sorted() { text += "DA:\(line),\(file.lines[line] ?? 0)\n" }
      text += "LF:\(file.lineCount)\nLH:\(file.reachedCount)\nend_of_record\n"
    }
    return text
  }
}
