// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrData
import DrSema

/// A call on the world at which a fiber stopped. The host performs it and resumes the fiber with the result.
package struct HostCall: Sendable {
  /// The driver's name for it: `kube.scale`.
  package let name: String
  package let effect: Effect
  /// `nil` for reads.
  package let actClass: ActClass?
  /// By parameter label, in declaration order.
  package let arguments: DocumentObject
  package let resultType: TypeID
  package let span: Span

  package init(
    name: String, effect: Effect, actClass: ActClass?, arguments: DocumentObject,
    resultType: TypeID, span: Span
  ) {
    self.name = name
    self.effect = effect
    self.actClass = actClass
    self.arguments = arguments
    self.resultType = resultType
    self.span = span
  }
}

/// A runbook statement at which a fiber stopped; `DirectiveKind` says what the operands are.
package struct Directive {
  package let kind: DirectiveKind
  package let operands: [Value]
  package let span: Span

  package init(kind: DirectiveKind, operands: [Value], span: Span) {
    self.kind = kind
    self.operands = operands
    self.span = span
  }
}

/// What a host that is asked at once says to a call.
package enum HostAnswer {
  /// Of the call's result type, made on the same machine.
  case value(Value)
  case failure(DiagnosticCode, String, help: String?)
  /// The fiber stops, and whoever runs it resumes it.
  case later
}

/// Why a fiber stopped. What is large and rare lies elsewhere: most outcomes are a value.
package enum Outcome {
  case finished(Value)
  indirect case call(HostCall)
  indirect case directive(Directive)
  /// The program's own failure, with its place: a limit, an overflow, a false `assert`, a broken constraint.
  indirect case failed(Diagnostic)
}
