// SPDX-License-Identifier: Apache-2.0

/// Bounds on what one program may use, so that a hostile or broken file cannot hang or exhaust its host.
package struct Limits: Sendable, Equatable {
  /// Back-edges, calls and elements handled by natives in one evaluation.
  package var fuel: Int = 200_000_000
  /// Bytes of values that one evaluation may allocate.
  package var memoryBytes: Int = 512 << 20
  /// Nested calls in one evaluation.
  package var callDepth: Int = 2_000
  /// Nested brackets, blocks and operators that the parser accepts.
  package var nestingDepth: Int = 200
  /// Bytes of one source file. Reading one takes some hundred bytes of memory for each, at worst.
  package var fileBytes: Int = 8 << 20
  /// Files of one module graph.
  package var files: Int = 1_000

  package init() {}
}
