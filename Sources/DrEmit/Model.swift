// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrEval
import DrSema

extension Machine {
  /// Labels of the program's clusters, in the order of the program.
  package func clusterLabels() throws(Diagnostic) -> [String] {
    var labels: [String] = []
    for id in program.checked.roots {
      guard case .block(let record, _) = program.checked[id].body,
        program.checked[record].name == "Cluster"
      else { continue }
      if let label = try field(global(id), named: "label"), let text = string(label) {
        labels.append(text)
      }
    }
    return labels
  }

  /// Computes every block and value of the program and checks every constraint; what went wrong, in
  /// source order, each mistake once however many values depend on it.
  package func modelFailures() -> [Diagnostic] {
    var failures: [Diagnostic] = []
    var seen: Set<Mistake> = []
    func note(_ diagnostic: Diagnostic) {
      // A cycle is the same from wherever it is entered: what it goes through says which one it is.
      let isCycle = diagnostic.code == .cyclicDefinition
      let places =
        isCycle ? Set(diagnostic.labels.map(\.span)) : Set([diagnostic.span].compactMap(\.self))
      if seen.insert(Mistake(code: diagnostic.code, places: places)).inserted {
        failures.append(diagnostic)
      }
    }
    for id in program.checked.roots {
      refuel()
      do throws(Diagnostic) {
        for failure in self.failures(forcing: try global(id)) { note(failure) }
      } catch {
        note(error)
      }
    }
    return failures.inSourceOrder()
  }
}

/// What makes two failures the same: the values around them only say who asked.
private struct Mistake: Hashable {
  let code: DiagnosticCode
  let places: Set<Span>
}
