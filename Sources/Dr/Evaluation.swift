// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrEval
import DrSema

/// One evaluation in progress, which stops at calls that the host answers when it can.
///
/// ```swift
/// let evaluation = try program.start("approved(\"move\")")
/// while case .call(let request) = try evaluation.next() {
///   try evaluation.resume(with: ask(request.name))
/// }
/// let isApproved: Bool = try evaluation.finish()
/// ```
///
/// An evaluation owns the machine that runs it and belongs to one thread at a time: it is not
/// `Sendable`, and neither is a ``HostRequest`` answered by any other way than through it.
public final class Evaluation {
  /// Where an evaluation has come to.
  public enum Step: Sendable {
    /// There is a result; ``Evaluation/finish(as:)`` gives it.
    case finished
    /// A host function was called that has no closure, or a driver of the standard library; the
    /// evaluation goes on once it was resumed.
    case call(HostRequest)
  }

  private let session: Session
  private let fiber: Fiber
  private let function: FunctionID
  private var waiting: (call: HostCall, request: HostRequest)?

  init(session: Session, function: FunctionID, arguments: [DrEval.Value]) {
    self.session = session
    self.function = function
    fiber = session.machine.start(function, arguments)
  }

  /// Goes on to the next call or to the end. Asked again before it was resumed, or after the end, it
  /// says the same again.
  ///
  /// - Throws: ``DrError`` where the evaluation failed, was cancelled or reached a limit.
  public func next() throws(DrError) -> Step {
    if let waiting { return .call(waiting.request) }
    switch session.machine.run(fiber) {
    case .finished: return .finished
    case .call(let call):
      let request = HostRequest(call, try session.arguments(of: call, fiber))
      waiting = (call, request)
      return .call(request)
    case .failed(let diagnostic): throw session.error(diagnostic)
    case .directive(let directive):
      throw DrError(
        .invalid,
        [
          Diagnostic(
            .effectNotAllowed, "a statement of a runbook needs a run with a journal",
            at: directive.span, help: "run it with `dr run`")
        ], session.checked.sources)
    }
  }

  /// Answers the call that the evaluation stopped at.
  ///
  /// - Throws: ``DrError`` of the kind `mismatch` where the value is not of the type that the function
  ///   is declared to give; the evaluation then still waits.
  public func resume(with value: some Encodable) throws(DrError) {
    guard let (call, request) = waiting else { throw .misuse("the evaluation waits for nothing") }
    let result = try Value(encoding: value)
    do throws(Diagnostic) {
      let value = try SessionHost.value(
        result, for: call, request.name, on: session.machine)
      session.machine.resume(fiber, with: value)
    } catch {
      var diagnostic = error
      diagnostic.span = diagnostic.span ?? call.span
      throw DrError(.mismatch, [diagnostic], session.checked.sources)
    }
    waiting = nil
  }

  /// Answers a call that gives nothing.
  public func resume() throws(DrError) { try resume(with: Nothing()) }

  /// Says that the call which the evaluation stopped at cannot be answered: the evaluation fails
  /// there with that reason.
  public func refuse(_ reason: String) throws(DrError) {
    guard let request = waiting?.request else {
      throw .misuse("the evaluation waits for nothing")
    }
    waiting = nil
    session.machine.refuse(
      fiber, .failed, "`\(request.name)` failed: \(reason)", help: nil)
  }

  /// The result, evaluated to its end.
  ///
  /// - Throws: ``DrError`` as ``next()`` does; of the kind `mismatch` where the result is not of the
  ///   type; of the kind `misuse` where a call has to be answered first.
  public func finish<T: Decodable>(as type: T.Type = T.self) throws(DrError) -> T {
    switch try next() {
    case .call(let request):
      throw .misuse(
        "`\(request.name)` was called, which nobody answers",
        help: "use `start`, and answer what `next` gives; or register the function with a closure")
    case .finished: break
    }
    guard case .finished(let value) = session.machine.run(fiber) else {
      throw .misuse("the evaluation did not finish")
    }
    let called = session.checked[function]
    let name = called.name == "argument" ? "the value" : "what `\(called.name)` gave"
    return try session.decode(value, as: type, name: name, at: called.span)
  }
}

/// A call that a host is asked to answer.
public struct HostRequest: Sendable {
  /// As the host declared it, such as `now_serving`; a driver's name, such as `kube.pods`, where the
  /// standard library asks.
  public let name: String
  /// What answering it may do to the world.
  public let effect: Effect
  /// In the order in which they are declared. Blocks are told by their labels.
  public let arguments: [Argument]

  /// One argument of a call.
  public struct Argument: Sendable, Hashable {
    /// As the function declares it.
    public let label: String
    /// What it is.
    public let value: Value
  }

  init(_ call: HostCall, _ arguments: [Argument]) {
    name = call.name.hasPrefix("host.") ? String(call.name.dropFirst(5)) : call.name
    effect = Effect(call.effect)
    self.arguments = arguments
  }

  /// The argument of that label; `nil` where there is none.
  public subscript(label: String) -> Value? { arguments.first { $0.label == label }?.value }
}

/// What a call may do to the world.
public enum Effect: String, Sendable, Hashable {
  /// Nothing, nor does it look at the world.
  case pure
  /// Looks at it.
  case reads
  /// Changes it.
  case acts

  init(_ effect: DrSema.Effect) {
    self =
      switch effect {
      case .pure: .pure
      case .reads: .reads
      case .acts: .acts
      }
  }
}
