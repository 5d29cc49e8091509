// SPDX-License-Identifier: Apache-2.0

/// What a token is.
///
/// Tokens are the significant pieces of a file. The trivia between them (spaces, newlines,
/// comments, and bytes that no program may hold) is not stored: `SyntaxTree.trivia(before:)` cuts a
/// gap into pieces when asked.
package enum TokenKind: UInt8, Sendable, CaseIterable {
  case endOfFile

  // Names and literals
  case identifier
  /// An identifier that means something where it stands: `step`, `on`, `when`, `guard` …
  case word
  case integer  // 1_000
  case float  // 0.5
  case quantity  // 30s, 16Gi, 70%, 50rps, 2GB/s
  case stringOpen  // " or """
  case stringText  // what stands between quotes and interpolations, escapes not yet decoded
  case stringClose
  case interpolationOpen  // \(
  case interpolationClose  // the ) that goes with it
  case rawString  // `…`, quotes included

  // Reserved words
  case useKeyword, asKeyword, moduleKeyword, inputKeyword, letKeyword
  case typeKeyword, declaresKeyword, whereKeyword, subjectKeyword, parentKeyword
  case fnKeyword, readsKeyword, actsKeyword, nativeKeyword
  case ruleKeyword, emitKeyword, runbookKeyword, policyKeyword, drillKeyword, testKeyword
  case ifKeyword, elseKeyword, matchKeyword, forKeyword, inKeyword
  case andKeyword, orKeyword, notKeyword
  case trueKeyword, falseKeyword, nilKeyword
  case yieldKeyword

  // Punctuation
  case leftBrace, rightBrace, leftParen, rightParen, leftBracket, rightBracket
  case comma, semicolon, colon
  case equal, equalEqual, notEqual, less, lessEqual, greater, greaterEqual
  case plus, minus, star, slash
  case dot, dotDot, ellipsis, questionDot, questionQuestion, question
  case fatArrow, arrow, pipe

  // Trivia: never the kind of a token in the tree
  case space, newline
  case comment  // # …
  case docComment  // ## …
  case invalid  // bytes that no program may hold

  /// Whether this is a reserved word.
  package var isKeyword: Bool {
    rawValue >= TokenKind.useKeyword.rawValue && rawValue <= TokenKind.yieldKeyword.rawValue
  }

  /// Whether this stands between tokens and means nothing to the parser.
  package var isTrivia: Bool { rawValue >= TokenKind.space.rawValue }

  /// How the token is always spelled; `nil` when its spelling varies.
  package var spelling: StaticString? {
    if isKeyword { return keywordSpelling }
    return punctuationSpelling
  }
}

extension TokenKind {
  private var keywordSpelling: StaticString? {
    switch self {
    case .useKeyword: "use"
    case .asKeyword: "as"
    case .moduleKeyword: "module"
    case .inputKeyword: "input"
    case .letKeyword: "let"
    case .typeKeyword: "type"
    case .declaresKeyword: "declares"
    case .whereKeyword: "where"
    case .subjectKeyword: "subject"
    case .parentKeyword: "parent"
    case .fnKeyword: "fn"
    case .readsKeyword: "reads"
    case .actsKeyword: "acts"
    case .nativeKeyword: "native"
    case .ruleKeyword: "rule"
    case .emitKeyword: "emit"
    case .runbookKeyword: "runbook"
    case .policyKeyword: "policy"
    case .drillKeyword: "drill"
    case .testKeyword: "test"
    case .ifKeyword: "if"
    case .elseKeyword: "else"
    case .matchKeyword: "match"
    case .forKeyword: "for"
    case .inKeyword: "in"
    case .andKeyword: "and"
    case .orKeyword: "or"
    case .notKeyword: "not"
    case .trueKeyword: "true"
    case .falseKeyword: "false"
    case .nilKeyword: "nil"
    case .yieldKeyword: "yield"
    default: nil  // open: no reserved word
    }
  }

  private var punctuationSpelling: StaticString? {
    switch self {
    case .leftBrace: "{"
    case .rightBrace: "}"
    case .leftParen: "("
    case .rightParen, .interpolationClose: ")"
    case .leftBracket: "["
    case .rightBracket: "]"
    case .comma: ","
    case .semicolon: ";"
    case .colon: ":"
    case .equal: "="
    case .equalEqual: "=="
    case .notEqual: "!="
    case .less: "<"
    case .lessEqual: "<="
    case .greater: ">"
    case .greaterEqual: ">="
    case .plus: "+"
    case .minus: "-"
    case .star: "*"
    case .slash: "/"
    case .dot: "."
    case .dotDot: ".."
    case .ellipsis: "..."
    case .questionDot: "?."
    case .questionQuestion: "??"
    case .question: "?"
    case .fatArrow: "=>"
    case .arrow: "->"
    case .pipe: "|"
    case .interpolationOpen: "\\("
    default: nil  // open: spelled in many ways
    }
  }
}

/// Words that mean something only where the grammar asks for them, and are names elsewhere.
enum Word: UInt8, Sendable, CaseIterable {
  case none
  case step, undo, wait, until, pause, require, verify, approve, parallel, run, lock
  case on, failure, fail, assert, report
  case `guard`, failback, when, lasting
  case steady, load, fault, abort, expect
  case within, retry, every, backoff, jitter, limit, quorum, by, after, ask
  case at

  /// Written out, since asking the runtime for a case's name takes longer than lexing a file.
  var spelling: StaticString {
    switch self {
    case .none: ""
    case .step: "step"
    case .undo: "undo"
    case .wait: "wait"
    case .until: "until"
    case .pause: "pause"
    case .require: "require"
    case .verify: "verify"
    case .approve: "approve"
    case .parallel: "parallel"
    case .run: "run"
    case .lock: "lock"
    case .on: "on"
    case .failure: "failure"
    case .fail: "fail"
    case .assert: "assert"
    case .report: "report"
    case .guard: "guard"
    case .failback: "failback"
    case .when: "when"
    case .lasting: "lasting"
    case .steady: "steady"
    case .load: "load"
    case .fault: "fault"
    case .abort: "abort"
    case .expect: "expect"
    case .within: "within"
    case .retry: "retry"
    case .every: "every"
    case .backoff: "backoff"
    case .jitter: "jitter"
    case .quorum: "quorum"
    case .limit: "limit"
    case .by: "by"
    case .after: "after"
    case .ask: "ask"
    case .at: "at"
    }
  }
}

/// One significant token. Its text is `start..<end` of the file.
package struct Token: Sendable {
  package var start: UInt32
  package var end: UInt32
  package var kind: TokenKind
  var word: Word
  var flags: TokenFlags
}

/// What stands directly before a token.
struct TokenFlags: OptionSet, Sendable {
  let rawValue: UInt8

  /// A newline lies between this token and the one before.
  static let newline = TokenFlags(rawValue: 1)
  /// Anything lies between this token and the one before.
  static let space = TokenFlags(rawValue: 2)
  /// The token is the first byte of its line.
  static let column0 = TokenFlags(rawValue: 4)
  /// The lexer has reported a mistake between this token and the one before, or in this token.
  static let mistake = TokenFlags(rawValue: 8)
  /// The token is a bracket that the file lacks; see Parser+Brackets.swift.
  static let virtual = TokenFlags(rawValue: 16)
}
