// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrData
import DrEval
import DrSema

/// One machine with what it needs of the host, for one evaluation.
final class Session {
  let machine: Machine
  private let host: SessionHost

  var checked: CheckedProgram { machine.program.checked }

  init(
    _ program: Program, code: DrEval.Program? = nil, _ cancellation: Cancellation?
  ) throws(DrError) {
    let storage = program.storage
    host = SessionHost(functions: storage.hostFunctions)
    machine = Machine(
      program: code ?? storage.code, limits: storage.limits, inputs: try Session.inputs(storage))
    machine.inputsAreConverted = true
    if let cancellation { machine.cancel { cancellation.isCancelled } }
    machine.answer = host.answer
  }

  private static func inputs(_ storage: Program.Storage) throws(DrError) -> [String: Document] {
    var inputs: [String: Document] = [:]
    for (name, value) in storage.inputs.sorted(by: { $0.key < $1.key }) {
      guard let id = storage.input(name) else { continue }
      let global = storage.checked[id]
      do throws(BridgeError) {
        inputs[name] = try Conforming(program: storage.checked).document(value, global.type, [])
      } catch {
        throw error.asDrError("the input `\(name)`", at: global.span, in: storage.checked.sources)
      }
    }
    return inputs
  }

  /// The arguments of the call that a fiber stopped at.
  func arguments(
    of call: HostCall, _ fiber: Fiber
  ) throws(DrError) -> [HostRequest.Argument] {
    let labels = call.arguments.members.map(\.name)
    var arguments: [HostRequest.Argument] = []
    for (label, value) in zip(labels, machine.arguments(of: fiber, count: labels.count)) {
      do {
        let reader = Reader(machine: machine, value: value, path: [PlaceKey(label)])
        arguments.append(
          HostRequest.Argument(label: label, value: try Value.read(reader, isInner: true)))
      } catch {
        throw BridgeError.wrapping(error)
          .asDrError("the arguments of `\(call.name)`", at: call.span, in: checked.sources)
      }
    }
    return arguments
  }

  // MARK: Results

  func error(_ diagnostic: Diagnostic) -> DrError {
    DrError(evaluating: diagnostic, checked.sources, cause: host.cause)
  }

  func decode<T: Decodable>(
    _ value: DrEval.Value, as type: T.Type, name: String, at span: Span?
  ) throws(DrError) -> T {
    do {
      return try Reader(machine: machine, value: value, path: []).decode(type)
    } catch {
      throw BridgeError.wrapping(error)
        .asDrError(name, at: span, in: checked.sources, cause: host.cause)
    }
  }
}

/// What answers a machine's calls: the host's closures.
final class SessionHost {
  /// What the latest host function that failed threw.
  private(set) var cause: (any Error)?
  private let functions: [String: HostFunction]

  init(functions: [String: HostFunction]) { self.functions = functions }

  func answer(
    _ machine: Machine, _ call: HostCall, _ values: [DrEval.Value]
  ) -> HostAnswer {
    guard let function = functions[call.name], let body = function.body else { return .later }
    let labels = call.arguments.members.map(\.name)
    let result: Value
    do {
      result = try body(HostArguments(machine: machine, labels: labels, values: values))
    } catch let error as BridgeError {
      let diagnostic = error.asDiagnostic("the arguments of `\(function.name)`")
      return .failure(diagnostic.code, diagnostic.message, help: diagnostic.help)
    } catch {
      cause = error
      return .failure(.failed, "`\(function.name)` failed: \(error)", help: nil)
    }
    do throws(Diagnostic) {
      return .value(try SessionHost.value(result, for: call, function.name, on: machine))
    } catch {
      cause = HostFunctionResultError(function: function.name, reason: error.message)
      return .failure(error.code, error.message, help: error.help)
    }
  }

  /// What a host says to a call, as a value of the machine.
  static func value(
    _ value: Value, for call: HostCall, _ name: String, on machine: Machine
  ) throws(Diagnostic) -> DrEval.Value {
    if call.resultType == TypeTable.unit { return .unit }
    return try Conforming.value(
      value, as: call.resultType, on: machine, name: "what `\(name)` gave")
  }
}

/// A host function gave something that is not of the type which it is declared to give.
public struct HostFunctionResultError: Error, Sendable, Hashable {
  /// As programs call it.
  public let function: String
  /// What is wrong with it.
  public let reason: String
}
