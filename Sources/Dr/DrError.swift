// SPDX-License-Identifier: Apache-2.0

import DrBase

/// One finding about a program or about what a host did with it.
public struct Finding: Sendable, Hashable, CustomStringConvertible {
  /// How bad it is.
  public enum Severity: String, Sendable, Hashable {
    /// Something worth knowing.
    case note
    /// Something that is likely wrong.
    case warning
    /// Something that is wrong.
    case error
  }

  /// Stable, and never used for something else: `E0201`.
  public let code: String
  /// The name that goes with the code: `unit-mismatch`.
  public let name: String
  /// How bad it is.
  public let severity: Severity
  /// What is wrong, in one sentence without a full stop.
  public let message: String
  /// What to do, where that is known.
  public let help: String?
  /// The file, `<expression>` for an expression, `<host>` for what the host declared; `nil` for what
  /// has no place in a source.
  public let file: String?
  /// Counted from 1.
  public let line: Int?
  /// Counted from 1, in Unicode scalars.
  public let column: Int?
  /// The whole of it as people read it in a terminal: code, message, excerpt, reason, help.
  public let rendered: String

  /// ``rendered``.
  public var description: String { rendered }

  init(_ diagnostic: DrBase.Diagnostic, _ sources: SourceMap) {
    code = diagnostic.code.rawValue
    name = diagnostic.code.name
    severity = Severity(rawValue: diagnostic.severity.rawValue) ?? .error
    message = diagnostic.message
    help = diagnostic.help
    rendered = DiagnosticRenderer(sources: sources, colour: false).render(diagnostic)
    guard let span = diagnostic.span, Int(span.file.rawValue) < sources.files.count else {
      (file, line, column) = (nil, nil, nil)
      return
    }
    let source = sources[span.file]
    let number = source.line(at: span.start)
    let before = source.bytes[Int(source.lineStarts[number])..<Int(span.start)]
    file = source.name
    line = number + 1
    column = before.count { $0 & 0b1100_0000 != 0b1000_0000 } + 1
  }
}

/// Why something that was asked of an ``Engine``, a ``Program`` or an ``Evaluation`` was not done.
public struct DrError: Error, Sendable, CustomStringConvertible {
  /// What a host may want to tell apart.
  public enum Kind: String, Sendable, Hashable {
    /// The program, an expression or a declaration has mistakes; nothing ran.
    case invalid
    /// The program has no value, function or input of that name.
    case unknownName
    /// Types of Swift and of the program do not fit each other.
    case mismatch
    /// The program failed: a false `assert`, a broken constraint, an overflow.
    case failed
    /// A limit on fuel, memory or depth was reached.
    case limit
    /// ``Cancellation/cancel()`` was called.
    case cancelled
    /// A host function threw, or gave what it must not; ``DrError/cause`` has what it threw.
    case hostFunction
    /// The host used an object of this library in a way that it does not work.
    case misuse
  }

  /// What a host may want to tell apart.
  public let kind: Kind
  /// What is wrong, in source order; at least one.
  public let findings: [Finding]
  /// What a host function threw.
  public let cause: (any Error)?

  /// The first finding's message.
  public var message: String { findings.first?.message ?? kind.rawValue }

  /// All findings as people read them.
  public var description: String { findings.map(\.rendered).joined(separator: "\n") }

  init(
    _ kind: Kind, _ diagnostics: [DrBase.Diagnostic], _ sources: SourceMap,
    cause: (any Error)? = nil
  ) {
    self.kind = kind
    findings = diagnostics.inSourceOrder().map { Finding($0, sources) }
    self.cause = cause
  }

  /// A failure while evaluating; its code tells of which kind it is.
  init(
    evaluating diagnostic: DrBase.Diagnostic, _ sources: SourceMap, cause: (any Error)? = nil
  ) {
    let kind: Kind =
      switch diagnostic.code {
      case .fuelExhausted, .memoryExhausted, .depthExceeded: .limit
      case .cancelled: .cancelled
      default: cause == nil ? .failed : .hostFunction  // open: codes of the program's own failures
      }
    self.init(kind, [diagnostic], sources, cause: cause)
  }

  static func misuse(_ message: String, help: String? = nil) -> DrError {
    DrError(.misuse, [DrBase.Diagnostic(.failed, message, help: help)], SourceMap())
  }
}
