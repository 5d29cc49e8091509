// SPDX-License-Identifier: Apache-2.0

/// How bad a finding is; what decides the exit status of a command.
package enum Severity: String, Sendable, Comparable {
  case note, warning, error

  package static func < (a: Severity, b: Severity) -> Bool { a.rank < b.rank }

  private var rank: Int {
    switch self {
    case .note: 0
    case .warning: 1
    case .error: 2
    }
  }
}

/// A place that a diagnostic points at, with a few words about it.
package struct Label: Sendable, Equatable {
  package let span: Span
  package let text: String

  package init(_ span: Span, _ text: String) {
    self.span = span
    self.text = text
  }
}

/// A part of a condition that did not hold, with the value that it had then.
package struct Witness: Sendable, Equatable {
  package let span: Span
  /// For people, and short; a secret is masked.
  package let value: String

  package init(_ span: Span, _ value: String) {
    self.span = span
    self.value = value
  }
}

extension [Witness] {
  /// `ready(svc, in: az2) is 1, svc.replicas is 2`
  package func sentence(_ sources: SourceMap) -> String {
    map { "\(sources.excerpt($0.span, columns: 48)) is \($0.value)" }.joined(separator: ", ")
  }
}

/// How far a fix may be trusted.
package enum Applicability: String, Sendable {
  /// Keeps the meaning or restores the only possible one; tools apply it unasked.
  case safe
  /// Likely right, to be looked at by a person.
  case review
  /// Shown only.
  case manual
}

/// A change of source text that mends a finding.
package struct Fix: Sendable, Equatable {
  package let title: String
  package let span: Span
  package let replacement: String
  package let applicability: Applicability

  package init(
    _ title: String, replacing span: Span, with replacement: String,
    _ applicability: Applicability = .review
  ) {
    self.title = title
    self.span = span
    self.replacement = replacement
    self.applicability = applicability
  }
}

/// A rule of a program, as its findings name it.
package struct RuleName: Sendable, Equatable {
  /// `DR107`
  package let code: String
  /// `two-zone-quorum`
  package let name: String

  package init(code: String, name: String) {
    self.code = code
    self.name = name
  }
}

/// One finding: what is wrong, where, why, and what to do about it.
package struct Diagnostic: Error, Sendable, Equatable {
  package var code: DiagnosticCode
  /// The rule that found it, whose code and name are shown in place of the diagnostic's own.
  package var rule: RuleName?
  package var severity: Severity
  /// What is wrong, in one sentence without a full stop.
  package var message: String
  /// Where; `nil` for what has no place in a source file, such as a broken kubeconfig.
  package var span: Span?
  /// A few words under the excerpt, at `span`.
  package var caption: String?
  package var labels: [Label] = []
  /// What the parts of the condition at `span` were, in source order.
  package var witnesses: [Witness] = []
  package var notes: [String] = []
  /// What to do, as an order: "write 30s".
  package var help: String?
  package var fixes: [Fix] = []

  package init(
    _ code: DiagnosticCode, _ message: String, at span: Span? = nil, caption: String? = nil,
    labels: [Label] = [], notes: [String] = [], help: String? = nil, fixes: [Fix] = [],
    severity: Severity = .error
  ) {
    self.code = code
    self.severity = severity
    self.message = message
    self.span = span
    self.caption = caption
    self.labels = labels
    self.notes = notes
    self.help = help
    self.fixes = fixes
  }
}

extension Diagnostic {
  /// The code that is shown: `E0201`, `DR107`.
  package var shownCode: String { rule?.code ?? code.rawValue }
  /// The name that goes with it.
  package var shownName: String { rule?.name ?? code.name }
}

extension [Diagnostic] {
  package var hasErrors: Bool { contains { $0.severity == .error } }

  /// The total order in which diagnostics are printed: file, offset, code.
  package func inSourceOrder() -> [Diagnostic] {
    sorted { a, b in
      let x = (a.span?.file.rawValue ?? .max, a.span?.start ?? 0, a.shownCode)
      let y = (b.span?.file.rawValue ?? .max, b.span?.start ?? 0, b.shownCode)
      return x < y
    }
  }
}
