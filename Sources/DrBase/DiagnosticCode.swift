// SPDX-License-Identifier: Apache-2.0

/// Stable codes of mistakes in a program. A code is never reused for something else.
///
/// Ranges: E00 syntax, E01 names, E02 types and units, E03 effects, E04 limits, E05 manifests,
/// E06 runs and drivers, E07 rules.
package enum DiagnosticCode: String, Sendable, CaseIterable {
  // Syntax
  case unexpectedToken = "E0001"
  case unterminatedString = "E0002"
  case invalidCharacter = "E0003"
  case invalidNumber = "E0004"
  case invalidUtf8 = "E0005"
  case nestingTooDeep = "E0006"
  case unknownUnit = "E0007"
  case invalidEscape = "E0008"

  // Names
  case unknownName = "E0101"
  case duplicateName = "E0102"
  case cyclicImport = "E0103"
  case fileOutsideRoot = "E0104"
  case cyclicDefinition = "E0105"
  case unknownField = "E0106"
  case missingField = "E0107"
  case unknownModule = "E0108"
  case unknownBlock = "E0109"
  case unreadableFile = "E0110"

  // Types and units
  case unitMismatch = "E0201"
  case typeMismatch = "E0202"
  case wrongArguments = "E0203"
  case notCallable = "E0204"
  case constraintViolated = "E0205"
  case notExhaustive = "E0206"
  case missingInput = "E0207"
  case mayBeNil = "E0208"

  // Effects
  case actOutsideStep = "E0301"
  case effectNotAllowed = "E0302"
  case undeclaredNeed = "E0303"

  // Limits and failures while evaluating
  case fuelExhausted = "E0401"
  case memoryExhausted = "E0402"
  case depthExceeded = "E0403"
  case arithmetic = "E0404"
  case outOfRange = "E0405"
  case failed = "E0406"
  case cancelled = "E0407"

  // Manifests
  case unsupportedTarget = "E0501"
  case invalidManifest = "E0502"
  case duplicateManifest = "E0503"
  case unknownManifestField = "E0504"
  case missingManifestField = "E0505"
  case invalidManifestValue = "E0506"
  case notInTarget = "E0507"

  // Runs and drivers
  case unreachable = "E0601"
  case invalidKubeconfig = "E0602"
  case journalRefused = "E0603"
  case lockHeld = "E0604"
  case runFailed = "E0605"
  case driverRefused = "E0606"

  // Rules
  case ruleFinding = "E0701"
  case bareSuppression = "E0702"
  case unknownRule = "E0703"
  case unusedSuppression = "E0704"
  case invalidSetting = "E0705"
  case unreadableManifest = "E0706"

  /// The name that goes with the code: `unit-mismatch`.
  package var name: String {
    var words = ""
    for character in String(describing: self) {
      if character.isUppercase { words.append("-") }
      words.append(character.lowercased())
    }
    return words
  }
}
