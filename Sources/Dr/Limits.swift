// SPDX-License-Identifier: Apache-2.0

import DrBase

/// What one evaluation may use, so that a broken or hostile program cannot hang its host or exhaust
/// its memory.
///
/// Every evaluation starts with the whole of it. Passing a limit ends the evaluation with a
/// ``DrError`` of the kind ``DrError/Kind-swift.enum/limit`` that names the limit and the line. A
/// limit below zero counts as zero.
public struct Limits: Sendable, Hashable {
  /// Steps: calls, turns of loops, elements and bytes that built-in functions handle. A million steps
  /// take some ten milliseconds.
  public var fuel: Int
  /// Memory that values may take, of all values that the evaluation makes.
  public var memory: Bytes
  /// Calls within calls.
  public var depth: Int
  /// The length of one source file.
  public var fileSize: Bytes
  /// Files of one program, the standard library's included.
  public var files: Int

  /// The defaults suit a program that computes a model; an expression or a rule needs far less.
  public init(
    fuel: Int = 200_000_000, memory: Bytes = .mebibytes(512), depth: Int = 2_000,
    fileSize: Bytes = .mebibytes(8), files: Int = 1_000
  ) {
    self.fuel = fuel
    self.memory = memory
    self.depth = depth
    self.fileSize = fileSize
    self.files = files
  }

  var machineLimits: DrBase.Limits {
    var limits = DrBase.Limits()
    limits.fuel = max(0, fuel)
    limits.memoryBytes = max(0, memory.count)
    limits.callDepth = max(0, depth)
    limits.fileBytes = max(0, fileSize.count)
    limits.files = max(0, files)
    return limits
  }
}
