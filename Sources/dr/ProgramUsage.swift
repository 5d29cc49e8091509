// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrDoc
import DrSema

/// What a program says when it is started by itself: `./evacuate.dr`.
enum ProgramUsage {
  /// Writes what the program can do; gives the exit status.
  static func show(_ file: String) -> Int32 {
    let project = Project(file: file, inputs: [], style: OutputStyle(colour: .auto))
    guard !project.diagnostics.hasErrors else {
      project.printDiagnostics()
      return 1
    }
    Console.write(text(file, project))
    return 0
  }

  /// Says which runbooks there are where none was named, which is wrong usage.
  static func askForRunbook(of file: String) {
    let project = Project(file: file, inputs: [], style: OutputStyle(colour: .auto))
    guard !project.diagnostics.hasErrors else { return project.printDiagnostics() }
    Console.write("error: which runbook of \(file)?\n\n\(text(file, project))", to: .error)
  }

  private static func text(_ file: String, _ project: Project) -> String {
    let reference = Reference(project.checker, title: file, ofStandardLibrary: false)
    return text(file, project.checker, reference.modules.first)
  }

  private static func text(_ file: String, _ checker: Checker, _ module: DocModule?) -> String {
    var text = (module?.documentation).map { $0 + "\n\n" } ?? ""
    let items = module?.items ?? []
    let usages = items.filter { $0.kind == .runbook }.compactMap { item -> (String, String)? in
      guard let id = checker.program.runbooks[item.name] else { return nil }
      let parameters = checker.program[id].parameters.map { parameter in
        let word = "\(parameter.label)=\(checker.typeName(parameter.type))"
        return parameter.defaultValue == nil ? word : "[\(word)]"
      }
      return (([item.name] + parameters).joined(separator: " "), documentation(of: item))
    }
    guard let first = usages.first else {
      return text + "\(file) has no runbook to run; `dr check \(file)` checks it, "
        + "`dr compile \(file)` gives its manifests\n"
    }
    text += "Runbooks:\n" + table(usages)
    let inputs = items.filter { $0.kind == .input }.map {
      ("--set " + $0.signature.dropFirst("input ".count), documentation(of: $0))
    }
    if !inputs.isEmpty { text += "\nInputs:\n" + table(inputs) }
    let example = first.0.split(separator: " ").map { word in
      word.firstIndex(of: "=").map { word[...$0] + "…" } ?? String(word)
    }.filter { !$0.hasPrefix("[") }.joined(separator: " ")
    return text
      + "\nLook first:  dr plan \(file) \(example)\nRun it:      dr run \(file) \(example)\n"
  }

  private static func documentation(of item: DocItem) -> String {
    item.documentation == nil ? "" : item.summary
  }

  private static func table(_ rows: [(String, String)]) -> String {
    let longest = min(rows.map(\.0.count).max() ?? 0, 44)
    return rows.map { name, words in
      guard !words.isEmpty else { return "  \(name)\n" }
      let gap = String(repeating: " ", count: max(0, longest - name.count))
      return "  \(name)\(gap)  \(words)\n"
    }.joined()
  }
}
