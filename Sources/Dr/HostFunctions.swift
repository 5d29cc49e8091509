// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrEval
import DrSema
import DrSyntax

/// A function that the host answers.
struct HostFunction: Sendable {
  typealias Body = @Sendable (HostArguments) throws -> Value

  /// As programs call it.
  let name: String
  /// `nil` where an evaluation stops until it is resumed.
  let body: Body?
}

/// The arguments of one call, on the machine that made it.
struct HostArguments {
  let machine: Machine
  let labels: [String]
  let values: [DrEval.Value]

  /// The argument at that place, which then moves on.
  func next<T: Decodable>(_ type: T.Type, _ index: inout Int) throws -> T {
    defer { index += 1 }
    guard index < values.count else { throw BridgeError([], "is missing") }
    return try Reader(machine: machine, value: values[index], path: [PlaceKey(labels[index])])
      .decode(type)
  }
}

/// What a host wrote to declare a function: its head, without a body.
struct HostDeclaration {
  let name: String
  /// With the body that binds it to the host.
  let source: String

  /// What calls of it say.
  var nativeName: String { "host.\(name)" }

  init(_ text: String) throws(DrError) {
    var head = text
    while let last = head.last, last.isWhitespace { head.removeLast() }
    let tree = HostDeclaration.parse("\(head) = native \"host\" once")
    if tree.diagnostics.hasErrors {
      var sources = SourceMap()
      _ = sources.add(name: "<host>", bytes: tree.source.bytes)
      throw DrError(.invalid, tree.diagnostics, sources)
    }
    let functions = tree.root.all(.fnDecl)
    guard functions.count == 1, functions[0].first(.native) != nil, let name = functions[0].name,
      tree.root.children.count(where: { $0.kind != .token }) == 1
    else {
      throw .misuse(
        "`\(text)` is not the head of one function",
        help: "write it like `reads fn name(label: Type) -> Type`")
    }
    let isAct = functions[0].token(.actsKeyword) != nil
    self.name = name
    source = "\n\(head) = native \"host.\(name)\"\(isAct ? " once" : "")\n"
  }

  /// Whether the text declares types and nothing else.
  static func isType(_ text: String) -> Bool {
    let root = parse(text).root
    return root.first(.typeDecl) != nil && root.first(.fnDecl) == nil
  }

  private static func parse(_ text: String) -> SyntaxTree {
    DrSyntax.parse(SourceFile(id: FileID(0), name: "<host>", bytes: Array(text.utf8)))
  }
}

/// The signature of a function as the checker understood it, beside Swift's types.
struct HostSignature {
  let function: DrSema.Function
  let program: CheckedProgram

  init(_ function: DrSema.Function, _ program: CheckedProgram) {
    self.function = function
    self.program = program
  }

  /// Throws where Swift's types cannot hold the language's. Without a result, any will do where the
  /// host does not want one, and none where it must give one.
  func compare(arguments: [any Any.Type], result: (any Any.Type)?) throws(DrError) {
    guard arguments.count == function.parameters.count else {
      throw mismatch(
        "`\(function.name)` has \(count(function.parameters.count)), the Swift function "
          + count(arguments.count))
    }
    for (type, parameter) in zip(arguments, function.parameters)
    where !Shape.of(type, fits: parameter.type, in: program) {
      throw mismatch(
        "`\(parameter.label)` of `\(function.name)` is \(Shape.name(parameter.type, in: program)), "
          + "which is no Swift \(type)")
    }
    let fits =
      if let result { Shape.of(result, fits: function.result, in: program) } else {
        function.result == TypeTable.unit
      }
    if !fits {
      throw mismatch(
        "`\(function.name)` gives \(Shape.name(function.result, in: program)), "
          + "which is no Swift \(result.map { "\($0)" } ?? "Void")")
    }
  }

  private func count(_ count: Int) -> String {
    count == 0 ? "no parameters" : count == 1 ? "1 parameter" : "\(count) parameters"
  }

  private func mismatch(_ message: String) -> DrError {
    let diagnostic = Diagnostic(
      .typeMismatch, message, at: function.span, caption: "declared here")
    return DrError(.mismatch, [diagnostic], program.sources)
  }
}
