// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrEval
import DrSema

/// A function of a program with Swift's types; see ``Program/function(_:as:)``. Any thread may call it.
public struct Function<Result: Decodable, each Argument: Encodable & Sendable>: Sendable {
  let program: Program
  let id: FunctionID

  /// Calls it, on a machine of its own.
  public func callAsFunction(_ arguments: repeat each Argument) throws(DrError) -> Result {
    try start(repeat each arguments).finish(as: Result.self)
  }

  /// Begins a call that stops where it calls a host function without a closure.
  public func start(
    _ arguments: repeat each Argument, cancellation: Cancellation? = nil
  ) throws(DrError) -> Evaluation {
    let session = try Session(program, cancellation)
    let function = session.checked[id]
    var values: [DrEval.Value] = []
    for argument in try encoded(repeat each arguments) {
      let parameter = function.parameters[values.count]
      do throws(Diagnostic) {
        values.append(
          try Conforming.value(
            argument, as: parameter.type, on: session.machine,
            name: "`\(parameter.label)` of `\(function.name)`"))
      } catch {
        var diagnostic = error
        diagnostic.span = diagnostic.span ?? function.span
        throw DrError(
          error.code == .typeMismatch ? .mismatch : .failed, [diagnostic], session.checked.sources)
      }
    }
    return Evaluation(session: session, function: id, arguments: values)
  }

  private func encoded(_ arguments: repeat each Argument) throws(DrError) -> [Value] {
    var values: [Value] = []
    for argument in repeat each arguments { values.append(try Value(encoding: argument)) }
    return values
  }
}

/// What a function of a program gives that gives nothing: `as: ((String) -> Nothing).self`.
public struct Nothing: Sendable, Hashable, Codable {
  /// Nothing.
  public init() {}

  /// Takes any value for nothing.
  public init(from decoder: any Decoder) {}

  /// Writes nil.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encodeNil()
  }
}
