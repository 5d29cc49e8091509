// SPDX-License-Identifier: Apache-2.0

import DrAnswers
import DrBase
import DrSema
import DrSyntax

/// What could stand at the cursor.
package struct Completion: Sendable, Equatable {
  /// Where what is completed begins, in bytes.
  package var start: Int
  package var candidates: [Candidate]
}

/// Finds what could stand at the cursor, from the tokens before it and what the session knows.
package struct Completer {
  let checker: Checker
  let text: String
  /// Bytes before the cursor.
  let cursor: Int
  /// The files and folders (with a `/`) that a path may go on with.
  let files: (String) -> [String]

  package init(
    session: Session, text: String, cursor: Int, files: @escaping (String) -> [String]
  ) {
    checker = session.checker
    self.text = String(decoding: Array(text.utf8).prefix(cursor), as: UTF8.self)
    self.cursor = cursor
    self.files = files
  }

  package func complete() -> Completion {
    if text.drop(while: \.isWhitespace).hasPrefix(":") { return command() }
    return code(text, at: 0)
  }

  // MARK: Commands

  private func command() -> Completion {
    let lead = text.prefix { $0.isWhitespace }.utf8.count + 1
    let rest = String(decoding: Array(text.utf8).dropFirst(lead), as: UTF8.self)
    guard let space = rest.firstIndex(where: \.isWhitespace) else {
      let candidates = PromptCommand.all.map {
        Candidate($0.name, detail: $0.help, suffix: $0.argument.isEmpty ? "" : " ")
      }
      return choose(candidates, word: rest, start: lead)
    }
    let word = String(rest[..<space])
    let argument = String(rest[space...].drop(while: \.isWhitespace))
    let start = cursor - argument.utf8.count
    let name = PromptCommand.all.first { $0.name.hasPrefix(word) }?.name ?? word
    switch name {
    case "load": return choose(files(argument).map { Candidate($0) }, word: argument, start: start)
    case "world": return words(["simulated", "real", "none"], argument, start)
    case "fmt": return words(ResultFormat.allCases.map(\.rawValue), argument, start)
    case "doc":
      let things = checker.visibleThings + checker.visibleBlocks
      return choose(candidates(things), word: argument, start: start)
    case "emit": return values(argument, start) { !$0.isEmpty }
    case "fail", "restore": return values(argument, start) { $0 == "Zone" }
    case "type", "advance": return code(argument, at: start)
    default: return Completion(start: start, candidates: [])  // open: no argument
    }
  }

  private func words(_ words: [String], _ typed: String, _ start: Int) -> Completion {
    choose(words.map { Candidate($0) }, word: typed, start: start)
  }

  private func values(
    _ typed: String, _ start: Int, _ isWanted: (String) -> Bool
  ) -> Completion {
    let things = checker.visibleThings.filter {
      guard $0.kind == .value, isWanted($0.detail) else { return false }
      return checker.mainNames.contains($0.name)
    }
    return choose(candidates(things), word: typed, start: start)
  }

  // MARK: Code

  /// Of code that begins at a byte of the input.
  private func code(_ code: String, at base: Int) -> Completion {
    let tokens = CodeBefore(code)
    let start = base + tokens.wordStart
    if let number = tokens.number {
      let units = Self.units.map { Candidate(number + $0.0, detail: $0.1) }
      return choose(units, word: tokens.word, start: start)
    }
    if tokens.isInText { return Completion(start: start, candidates: textChoices(tokens)) }
    if let base = tokens.expressionBeforeDot {
      if let things = checker.things(ofModule: base) ?? checker.modelThings(base) {
        return choose(candidates(things), word: tokens.word, start: start)
      }
      guard let type = checker.typeOfExpression(base) else {
        return Completion(start: start, candidates: [])
      }
      return choose(candidates(checker.members(of: type)), word: tokens.word, start: start)
    }
    if let record = block(tokens.blocks) {
      if tokens.isAtItem {
        return choose(
          candidates(checker.items(ofBlock: record), inBlock: true), word: tokens.word,
          start: start)
      }
      if let field = tokens.fieldBeforeEqual {
        let choices = checker.choices(ofField: field, in: record)
        if !choices.isEmpty, tokens.word.isEmpty {
          return Completion(start: start, candidates: choices.map { Candidate("\"\($0)\"") })
        }
      }
    }
    return names(tokens, start)
  }

  private func names(_ tokens: CodeBefore, _ start: Int) -> Completion {
    var all: [Candidate] = []
    if let function = tokens.function {
      all += checker.parameters(ofFunction: function)
        .map { Candidate("\($0.name):", detail: $0.detail, suffix: " ") }
    }
    all += candidates(checker.visibleThings)
    if tokens.isAtStart {
      all += candidates(checker.visibleBlocks)
      all += Self.declarationWords.map { Candidate($0, suffix: " ") }
    }
    all += Self.expressionWords.map { Candidate($0) }
    return choose(all, word: tokens.word, start: start)
  }

  private func textChoices(_ tokens: CodeBefore) -> [Candidate] {
    guard let record = block(tokens.blocks), let field = tokens.fieldBeforeEqual else { return [] }
    return checker.choices(ofField: field, in: record).map { "\"\($0)\"" }
      .filter { $0.hasPrefix(tokens.word) }.map { Candidate($0) }
  }

  /// The type of the innermost of nested blocks, given by their heads.
  private func block(_ heads: [String]) -> RecordID? {
    var record: RecordID?
    for head in heads {
      record = checker.record(ofBlock: head, in: record)
      if record == nil { return nil }
    }
    return record
  }

  // MARK: Candidates

  private func candidates(_ things: [NamedThing], inBlock: Bool = false) -> [Candidate] {
    things.map { thing in
      let suffix =
        switch thing.kind {
        case .function: "("
        case .field where inBlock: " = "
        case .blockKeyword: " "
        case .module: "."
        case .value, .type, .field, .parameter: ""
        }
      return Candidate(thing.name, detail: thing.detail, suffix: suffix)
    }
  }

  private func choose(_ all: [Candidate], word: String, start: Int) -> Completion {
    var seen: Set<String> = []
    let fitting = all.filter { $0.text.hasPrefix(word) && seen.insert($0.text).inserted }
    return Completion(start: start, candidates: fitting)
  }

  private static let units: [(String, String)] = [
    ("ms", "milliseconds"), ("s", "seconds"), ("m", "minutes"), ("h", "hours"), ("d", "days"),
    ("Ki", "1024 bytes"), ("Mi", "1024 Ki"), ("Gi", "1024 Mi"), ("Ti", "1024 Gi"),
    ("KB", "1000 bytes"), ("MB", "1000 KB"), ("GB", "1000 MB"), ("TB", "1000 GB"),
    ("B", "bytes"), ("%", "percent"), ("rps", "requests a second"), ("us", "microseconds"),
    ("ns", "nanoseconds"), ("MB/s", "a throughput"), ("GB/s", "a throughput"),
  ]
  private static let declarationWords = [
    "let", "fn", "type", "use", "input", "runbook", "policy", "drill", "test", "rule", "emit",
    "reads", "acts",
  ]
  private static let expressionWords = [
    "if", "match", "for", "not", "and", "or", "in", "true", "false", "nil",
  ]
}
