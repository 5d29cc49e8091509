// SPDX-License-Identifier: Apache-2.0

import DrAnswers
import DrBase
import DrEval
import DrSema
import DrSyntax

extension Session {
  /// Checks a module's text.
  func check(_ source: SessionSource, includesBackends: Bool = false) -> Checker {
    var options = CheckOptions()
    options.includesBackends = includesBackends
    let checker = Checker(loader: loader, options: options)
    checker.check(path: path, bytes: source.bytes, display: source.display)
    return checker
  }

  /// Takes definitions in, or says why not and leaves everything as it was.
  func define(_ text: String) {
    inputCount += 1
    if let value = readLet(text) {
      evaluate(value.expression, binding: value.name)
      return
    }
    let bytes = Array(text.utf8)
    let name = "<\(inputCount)>"
    guard parses(name, bytes) else { return }
    var next = source
    let replaced = next.add(name: name, bytes: bytes)
    let checked = check(next)
    guard !checked.diagnostics.hasErrors else {
      return report(checked.diagnostics, checked.program.sources, as: next)
    }
    let saved = (source, checker, kept, typeOfIt)
    (source, checker) = (next, checked)
    let declared = SessionSource.declarations(in: bytes)
    for declaration in declared { kept[declaration.key.name] = nil }
    if declared.contains(where: { $0.key.name == Self.lastResult }) { typeOfIt = nil }
    guard show(declared, replaced) else {
      (source, checker, kept, typeOfIt) = saved
      return
    }
  }

  /// Whether a part is whole by itself, so that it cannot swallow what comes after it.
  private func parses(_ name: String, _ bytes: [UInt8]) -> Bool {
    var sources = SourceMap()
    let id = sources.add(name: name, bytes: bytes)
    let tree = parse(sources[id])
    guard tree.diagnostics.hasErrors else { return true }
    report(tree.diagnostics, sources)
    return false
  }

  /// Says what was defined; false after a report that a value of it cannot be had.
  private func show(_ declared: [SessionSource.Declaration], _ replaced: [String]) -> Bool {
    let machine = machine(for: checker.program)
    var lines: [Output] = replaced.filter { $0 != Self.lastResult }.map {
      .note("replaces the former `\($0)`")
    }
    do throws(Diagnostic) {
      for declaration in declared {
        let name = declaration.key.name
        if declaration.kind == .letDecl, let id = checker.mainGlobal(name) {
          let text = ValueText(
            machine: machine, width: width, limit: shownLimit, format: .text)
          let value = try machine.global(id)
          let written = try text.write(value, type: checker.program[id].type)
          lines.append(.result(text.titled(name, written)))
        } else {
          if declaration.kind == .block, let id = checker.mainGlobal(name) {
            try machine.forceAll(try machine.global(id))
          }
          if let signature = checker.explanations(of: name).first?.signature {
            lines.append(.note(signature))
          }
        }
      }
    } catch {
      report([error], checker.program.sources)
      return false
    }
    for line in lines { say(line) }
    return true
  }

  /// A `let` that needs the world: its value is kept as it was read.
  private func readLet(_ text: String) -> (name: String, expression: String)? {
    let tree = InputShape.tree(text)
    let children = Array(tree.root.children)
    guard children.count == 1, children[0].kind == .letDecl, let name = children[0].name,
      let node = children[0].expression(after: "="), tree.diagnostics.isEmpty
    else { return nil }
    let value = checker.asking { checker.checkPrompt(node.text, name: "<let>") }
    guard let value, value.effect > .pure else { return nil }
    return (name, node.text)
  }

  /// Gives a name to a value that was read; false after a report.
  func bind(_ name: String, _ value: KeptValue, _ type: String) -> Bool {
    var next = source
    let isNew = checker.mainGlobal(name) == nil
    _ = next.add(name: "<\(inputCount)>", bytes: Array("input \(name): \(type)".utf8))
    let checked = check(next)
    guard !checked.diagnostics.hasErrors else {
      report(checked.diagnostics, checked.program.sources, as: next)
      return false
    }
    source = next
    checker = checked
    kept[name] = value
    if name == Self.lastResult { typeOfIt = nil }
    if !isNew { say(.note("replaces the former `\(name)`")) }
    return true
  }

  // MARK: Files

  /// Makes a file the one that the session is about. What was typed stays, and goes before the
  /// file's where both define a name.
  package func load(_ file: String) {
    let loaded: LoadedFile
    do throws(UnreadableFile) {
      loaded = try host.load(file)
    } catch {
      return fail(error.message)
    }
    self.file = file
    guard parses(loaded.display, loaded.bytes) else { return }
    var next = SessionSource(display: loaded.display)
    _ = next.add(name: loaded.display, bytes: loaded.bytes)
    for part in source.parts where part.name.hasPrefix("<") {
      _ = next.add(name: part.name, bytes: part.visible)
    }
    let saved = (loader, path)
    (loader, path) = (loaded.loader, loaded.path)
    let checked = check(next)
    guard !checked.diagnostics.hasErrors else {
      report(checked.diagnostics, checked.program.sources, as: next)
      (loader, path) = saved
      return
    }
    source = next
    checker = checked
    let count = SessionSource.declarations(in: loaded.bytes).count
    say(.note("\(loaded.display): \(count == 1 ? "1 definition" : "\(count) definitions")"))
  }
}
