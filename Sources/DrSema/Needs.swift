// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrSyntax

/// `runbook move() needs kube, http.get { … }`: where a runbook says what it may come to call, it
/// comes to nothing else, whatever its conditions. The words are those of `--allow` and `--deny`.
extension Checker {
  func checkNeeds() {
    for work in functionWork where work.node.kind == .runbookDecl {
      if let clause = work.node.first(.needs) { checkNeeds(clause, of: work.function) }
    }
  }

  private func checkNeeds(_ clause: SyntaxNode, of runbook: FunctionID) {
    let entries = clause.expressions.filter { !$0.text.isEmpty }
    let known = callableNatives
    for (index, entry) in entries.enumerated() {
      if let earlier = entries[..<index].first(where: { $0.text == entry.text }) {
        reportGivenTwice(entry.text, at: entry.span, earlier: earlier.span)
      } else if !known.contains(where: { covers(entry.text, $0) }) {
        let names = Set(known.map(area)).sorted() + known
        report(
          .unknownName, "nothing that this program can call is `\(entry.text)`", at: entry.span,
          help: nearestName(to: entry.text, among: names).map { "did you mean `\($0)`?" }
            ?? "name areas such as `kube`, or functions such as `kube.scale`")
      }
    }
    var missing: Set<String> = []
    for (site, natives, way) in callSites(in: runbook) {
      for native in natives where !entries.contains(where: { covers($0.text, native) }) {
        guard missing.insert(area(of: native)).inserted else { continue }
        let written = (entries.map(\.text) + [area(of: native)]).reduce(into: [String]()) {
          if !$0.contains($1) { $0.append($1) }
        }
        report(
          .undeclaredNeed, "this comes to `\(native)`, which the runbook does not need",
          at: site, caption: "this calls `\(native)`",
          labels: [Label(clause.span, "all that it may come to call")], notes: way,
          help: "write `needs \(written.joined(separator: ", "))`")
      }
    }
  }

  /// What stands in a runbook and comes to natives, in source order.
  private func callSites(
    in runbook: FunctionID
  ) -> [(span: Span, natives: [String], way: [String])] {
    var sites = effectSites.filter { $0.context.function == runbook }.map { site in
      (site.span, natives(reachableFrom: [site.callee]), wayToEffect(site.callee))
    }
    sites += lockSites.filter { $0.function == runbook }.map { ($0.span, ["lock.acquire"], []) }
    return sites.sorted { $0.0.start < $1.0.start }
  }

  /// Sorted, with what a `lock` comes to.
  private var callableNatives: [String] {
    var names: Set = ["lock.acquire"]
    for function in program.functions where function.effect > .pure {
      if case .native(let name, _) = function.body { names.insert(name) }
    }
    return names.sorted()
  }

  private func area(of native: String) -> String {
    native.split(separator: ".").first.map(String.init) ?? native
  }

  private func covers(_ entry: String, _ native: String) -> Bool {
    native == entry || native.hasPrefix(entry + ".")
  }
}
