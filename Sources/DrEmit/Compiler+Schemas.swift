// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrEval
import DrSchema
import DrSema

/// What is wrong with manifests by their schemas, said once for each mistake in the program however
/// many objects it is in.
struct SchemaFindings {
  private(set) var diagnostics: [Diagnostic] = []
  private var known: [Key: Int] = [:]
  /// Objects that show the same mistake, the first one not counted.
  private var repeats: [Int: Int] = [:]

  private struct Key: Hashable {
    let span: Span?
    let message: String
  }

  /// Who made an object of what.
  struct Maker {
    let machine: Machine
    let function: FunctionID
    let source: ManifestSource

    var program: CheckedProgram { machine.program.checked }
    var backend: Function { program[function] }
    var origin: Span { source.span }
    var blockLabel: Label { Label(origin, "for this block") }
  }

  /// Everything found, each with a word about how often.
  func finished() -> [Diagnostic] {
    diagnostics.enumerated().map { index, diagnostic in
      guard let count = repeats[index] else { return diagnostic }
      var diagnostic = diagnostic
      diagnostic.notes.append(
        count == 1
          ? "the same is wrong with another object"
          : "the same is wrong with \(count) other objects")
      return diagnostic
    }
  }

  mutating func add(
    _ problem: SchemaProblem, kind: String, version: KubernetesVersion, by maker: Maker
  ) {
    add(Wording(problem, kind: kind, version: version), problem.path, kind: kind, by: maker)
  }

  /// Says that the target has no such kind of object, where it has none.
  mutating func add(_ type: ManifestType, version: KubernetesVersion, by maker: Maker) {
    if type.isKnown { return }
    let (kind, apiVersion) = (type.kind, type.apiVersion)
    let target = "the target is \(version.text)"
    var wording = Wording()
    switch type.schema {
    case .type, .custom: return
    case .unknown(let similar):
      wording.code = .invalidManifest
      wording.message = "Kubernetes has no \(kind) in \(apiVersion)"
      wording.help = similar.map { "did you mean \($0)?" }
    case .notYet(let since, let instead):
      wording.message = "\(kind) in \(apiVersion) needs Kubernetes \(since.text), and \(target)"
      wording.help = instead.map { "write apiVersion: \"\($0)\" for this target" }
    case .gone(let last, let instead):
      wording.message =
        "\(kind) in \(apiVersion) is gone since Kubernetes \(last.next.text), and \(target)"
      wording.help = instead.map { "write apiVersion: \"\($0)\" for this target" }
    }
    add(wording, SchemaPath([.member("apiVersion")]), kind: kind, by: maker)
  }

  private mutating func add(
    _ wording: Wording, _ path: SchemaPath, kind: String, by maker: Maker
  ) {
    var origin = ManifestOrigin(maker.program)
    let wanted = wording.isMissing ? SchemaPath(path.parts.dropLast()) : path
    let place = origin.place(
      of: wanted, kind: kind, backend: maker.backend, block: maker.source.block)
    var labels = [maker.blockLabel]
    var span = place.flatMap { wording.pointsAtName ? $0.name ?? $0.value.span : $0.value.span }
    let isWhole = place?.found == wanted.parts.count
    if let place, isWhole, !wording.pointsAtName, let source = origin.userSource(of: place) {
      if let span { labels.append(Label(span, "which this backend writes here")) }
      span = source.span
      labels.removeFirst()
    }
    add(
      Diagnostic(
        wording.code, wording.message, at: span ?? maker.backend.span,
        caption: wording.caption, labels: labels, help: wording.help, severity: wording.severity))
  }

  /// Adds what is said once of a place.
  mutating func add(_ diagnostic: Diagnostic) {
    let key = Key(span: diagnostic.span, message: diagnostic.message)
    if let index = known[key] {
      repeats[index, default: 0] += 1
    } else {
      known[key] = diagnostics.count
      diagnostics.append(diagnostic)
    }
  }
}

/// A problem in words.
private struct Wording {
  var code = DiagnosticCode.invalidManifestValue
  var severity = Severity.error
  var message = ""
  var caption: String?
  var help: String?
  /// Whether the name of the member is at fault, not its value.
  var pointsAtName = false
  var isMissing = false

  /// Of a kind that the target has not.
  init() { code = .notInTarget }

  init(_ problem: SchemaProblem, kind: String, version: KubernetesVersion) {
    let path = "`\(problem.path.text)`"
    let owner = "\(article(kind)) \(kind)"
    switch problem.kind {
    case .unknown(let similar):
      code = .unknownManifestField
      message = "\(owner) has no \(path)"
      caption = "there is no such field"
      help = similar.map { "did you mean `\($0)`?" } ?? "leave it out, or see `kubectl explain`"
      pointsAtName = true
    case .notYet(let since):
      code = .notInTarget
      message =
        "\(path) of \(owner) needs Kubernetes \(since.text), and the target is \(version.text)"
      caption = "new in \(since.text)"
      help =
        "leave it out where to.kubernetes is older, or compile with --target kubernetes=\(since.text)"
      pointsAtName = true
    case .gone(let last):
      code = .notInTarget
      message =
        "\(path) of \(owner) is gone since Kubernetes \(last.next.text), and the target is \(version.text)"
      caption = "last in \(last.text)"
      help = "leave it out from \(last.next.text) on"
      pointsAtName = true
    case .dropped(let until):
      code = .notInTarget
      severity = .warning
      message = "Kubernetes \(version.text) drops \(path) of \(owner) in silence"
      caption = "its feature gate is off"
      help = until.map { "rely on it from \($0.text) on, or turn the feature on in the cluster" }
      pointsAtName = true
    case .missing:
      code = .missingManifestField
      message = "\(owner) needs \(path)"
      caption = "it is missing here"
      pointsAtName = true
      isMissing = true
    case .wrongType(let expected, let found):
      message = "\(path) of \(owner) must be \(expected), not \(found)"
      help = "give it \(expected)"
    case .noOption(let found, let options, let similar):
      message = "\(path) of \(owner) cannot be \"\(found)\""
      help =
        similar.map { "did you mean \"\($0)\"?" }
        ?? "it is one of " + options.map { "\"\($0)\"" }.joined(separator: ", ")
    case .invalid(let found, let reason):
      message = "\(path) of \(owner): \(found) \(reason)"
    case .misshapen(let reason):
      message = "\(path) of \(owner) \(reason)"
    case .invalidName(let reason):
      let name = if case .member(let name)? = problem.path.parts.last { name } else { "" }
      message = "\(path) of \(owner): \"\(name)\" \(reason)"
      pointsAtName = true
    case .rounded(let found, let unit):
      message = "\(path) of \(owner) is counted in \(unit): Kubernetes would round \(found)"
      help = "give it a value that Kubernetes keeps as it is"
    }
  }
}

/// The article of a kind: an Ingress, an HTTPRoute.
func article(_ kind: String) -> String {
  guard let first = kind.first else { return "a" }
  let isSpelt = kind.prefix(2).count == 2 && kind.prefix(2).allSatisfy(\.isUppercase)
  return (isSpelt ? "AEFHILMNORSX" : "AEIOU").contains(first) ? "an" : "a"
}

extension KubernetesVersion {
  fileprivate var next: KubernetesVersion { KubernetesVersion(minor: minor + 1) }
}
