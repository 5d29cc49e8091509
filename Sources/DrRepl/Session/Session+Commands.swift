// SPDX-License-Identifier: Apache-2.0

import DrAnswers
import DrBase
import DrData
import DrEmit
import DrEval
import DrSema

/// A command of the prompt.
package struct PromptCommand: Sendable {
  package let name: String
  /// What comes after it, for `:help`; empty for nothing.
  package let argument: String
  package let help: String

  /// In the order of `:help`.
  package static let all = [
    PromptCommand("type", "EXPR", "the type of an expression, and whether it reads or acts"),
    PromptCommand("doc", "NAME", "what a function, type, field or block keyword is"),
    PromptCommand("emit", "[BLOCK]", "the manifests of a block, or of everything"),
    PromptCommand("load", "FILE", "work on a program; what was typed stays"),
    PromptCommand("reload", "", "read the program again"),
    PromptCommand("list", "", "what is defined"),
    PromptCommand("world", "simulated|real|none", "attach a world, to read it and to act on it"),
    PromptCommand("advance", "DURATION", "let time pass in the simulated world"),
    PromptCommand("fail", "ZONE", "a zone goes dark in the simulated world"),
    PromptCommand("restore", "ZONE", "the zone comes back"),
    PromptCommand("fmt", "text|json|yaml", "how results are written"),
    PromptCommand("help", "", "this list"),
    PromptCommand("quit", "", "leave (also Ctrl-D)"),
  ]

  init(_ name: String, _ argument: String, _ help: String) {
    (self.name, self.argument, self.help) = (name, argument, help)
  }
}

extension Session {
  func runCommand(_ text: String) {
    let words = text.drop { $0.isWhitespace }.dropFirst()
    let typed = String(words.prefix { !$0.isWhitespace })
    let argument = words.dropFirst(typed.count).trimmed
    guard let command = command(typed) else { return }
    switch command.name {
    case "type": argument.isEmpty ? fail("the type of what? `:type EXPR`") : showType(argument)
    case "doc": document(argument)
    case "emit": emit(argument)
    case "load": argument.isEmpty ? fail("which file? `:load FILE`") : load(argument)
    case "reload": file.map(load) ?? fail("no file was loaded; `:load FILE`")
    case "list": list()
    case "world": attach(argument)
    case "advance": advance(argument)
    case "fail": strike(argument, "fail") { .fail(zone: $0) }
    case "restore": strike(argument, "restore") { .restore(zone: $0) }
    case "fmt": setFormat(argument)
    case "quit": request = .end
    default: say(.result(Self.helpText))  // open: help
    }
  }

  /// The command that a word or its beginning means; `nil` after a report.
  private func command(_ word: String) -> PromptCommand? {
    let all = PromptCommand.all
    if let exact = all.first(where: { $0.name == word }) { return exact }
    let matching = all.filter { !word.isEmpty && $0.name.hasPrefix(word) }
    if matching.count == 1 { return matching[0] }
    let near = nearestName(to: word, among: all.map(\.name))
    if matching.isEmpty {
      fail(
        "there is no command `:\(word)`; \(near.map { "did you mean `:\($0)`?" } ?? "`:help` lists them")"
      )
    } else {
      fail("`:\(word)` may be \(matching.map { "`:\($0.name)`" }.joined(separator: " or "))")
    }
    return nil
  }

  static var helpText: String {
    let lines = PromptCommand.all.map { command in
      let usage = ":\(command.name) \(command.argument)"
      return "  " + padded(usage, to: 28) + command.help
    }
    let text = """
      Type an expression to see its value; let, fn, type, use and named blocks define.
      `it` is the last result. Tab completes, Ctrl-R searches what was typed before.

      """
    return text + lines.joined(separator: "\n")
  }

  private func setFormat(_ word: String) {
    if word.isEmpty { return say(.result(format.rawValue)) }
    guard let format = ResultFormat(rawValue: word) else {
      return fail("there is no format `\(word)`; it is text, json or yaml")
    }
    self.format = format
  }

  private func showType(_ text: String) {
    let known = checker.diagnostics.count
    checker.asking {
      guard let value = checker.checkPrompt(text, name: "<type>") else {
        return report(Array(checker.diagnostics.dropFirst(known)), checker.program.sources)
      }
      let effect =
        switch value.effect {
        case .pure: ""
        case .reads: "   (reads the world)"
        case .acts: "   (acts on the world)"
        }
      say(.result(checker.typeName(value.type) + effect))
    }
  }

  private func document(_ name: String) {
    if name.isEmpty { return fail("of what? `:doc NAME`") }
    let found = checker.explanations(of: name)
    if found.isEmpty {
      let near = nearestName(to: name, among: checker.visibleThings.map(\.name))
      return fail(
        "there is nothing called `\(name)` here" + (near.map { "; did you mean `\($0)`?" } ?? ""))
    }
    say(.result(found.map(text).joined(separator: "\n\n")))
  }

  private func text(_ explanation: Explanation) -> String {
    var lines = [explanation.signature]
    lines += (explanation.documentation ?? "").split(separator: "\n").map { "  \($0)" }
    let width = explanation.fields.map { displayWidth("\($0.name): \($0.type)") }.max() ?? 0
    for field in explanation.fields {
      let words = field.documentation?.split(separator: "\n").first.map { "  # \($0)" } ?? ""
      let head = "\(field.name): \(field.type)"
      lines.append("  " + (words.isEmpty ? head : padded(head, to: min(width, 40)) + words))
    }
    return lines.joined(separator: "\n")
  }

  private func list() {
    var lines: [String] = []
    for part in source.parts {
      for declaration in SessionSource.declarations(in: part.visible) {
        let name = declaration.key.name
        guard name != Self.lastResult || typeOfIt == nil else { continue }
        lines.append(checker.explanations(of: name).first?.signature ?? name)
      }
    }
    say(lines.isEmpty ? .note("nothing is defined") : .result(lines.joined(separator: "\n")))
  }

  private func emit(_ block: String) {
    let full = check(source, includesBackends: true)
    guard !full.diagnostics.hasErrors else {
      return report(full.diagnostics, full.program.sources)
    }
    if !block.isEmpty, full.mainGlobal(block) == nil {
      let near = nearestName(to: block, among: full.visibleThings.map(\.name))
      return fail(
        "there is no block `\(block)`" + (near.map { "; did you mean `\($0)`?" } ?? ""))
    }
    let machine = machine(for: full.program)
    let failures = machine.modelFailures()
    guard !failures.hasErrors else { return report(failures, full.program.sources) }
    let manifestFormat: ManifestFormat = format == .json ? .json : .yaml
    var compiler = Compiler(machine: machine, format: manifestFormat)
    let result = compiler.compile(target: nil, block: block.isEmpty ? nil : block)
    if !result.diagnostics.isEmpty { report(result.diagnostics, full.program.sources) }
    if result.diagnostics.hasErrors { return }
    if result.manifests.isEmpty {
      return say(.note("\(block.isEmpty ? "nothing" : "`\(block)`") gives no manifest"))
    }
    say(.result(String(decoding: result.stream(manifestFormat), as: UTF8.self).trimmedEnd))
  }
}

extension StringProtocol {
  var trimmed: String {
    var rest = self[...]
    while let first = rest.first, first.isWhitespace { rest = rest.dropFirst() }
    while let last = rest.last, last.isWhitespace { rest = rest.dropLast() }
    return String(rest)
  }
}
