// SPDX-License-Identifier: Apache-2.0
//
// DrSpec runs `test "name" { … }` blocks. It is a function of a checked program and its inputs: the
// clock, the threads and the files belong to the command.

import DrBase
import DrSema

/// A test of a program.
package struct TestCase: Sendable {
  package let id: FunctionID
  package let name: String
  /// Its name as users see the file.
  package let file: String
  /// One-based.
  package let line: Int

  /// The tests of one file of a program, in source order; not those of the modules that it uses.
  package static func all(of program: CheckedProgram, file: String) -> [TestCase] {
    program.functions.indices.compactMap { index in
      let function = program.functions[index]
      let source = program.sources[function.span.file]
      guard function.role == .test, source.name == file else { return nil }
      return TestCase(
        id: FunctionID(Int32(index)), name: function.name, file: file,
        line: source.line(at: function.span.start) + 1)
    }.sorted { $0.line < $1.line }
  }
}

/// What became of a test.
package enum Verdict: Sendable, Equatable {
  case holds
  /// An assertion that does not hold, or a mistake or a limit that ended the test.
  case fails(Diagnostic)
  /// It says nothing about the program, because something that it needs is not there.
  case notEvaluated(Diagnostic)
}

/// A test that was run.
package struct TestResult: Sendable {
  package let test: TestCase
  package let verdict: Verdict
  /// Steps of the evaluation: back-edges, calls, and elements handled by natives.
  package let fuel: Int
  /// How often each site of the program was passed; empty where nobody counts.
  package var hits: [Int] = []
  /// Nanoseconds of real time; 0 where nobody measured it.
  package var duration: Int64 = 0
}
