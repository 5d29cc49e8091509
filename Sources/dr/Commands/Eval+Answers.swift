// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DrAnswers
import DrBase
import DrData
import DrEmit
import DrEval
import DrSema
import DrSystem
import Glibc

/// What `dr eval` says of a value besides the value.
extension Eval {
  func answer() throws {
    let project = try Project(file: subject, inputs: source.inputs(), style: source.output.style)
    guard !project.diagnostics.hasErrors else { throw project.fail() }
    if let why { return try explain(why, project) }
    try measure(expression, project)
  }

  private func write(_ document: Document) {
    Console.write(JSON.write(document, pretty: true) + "\n")
  }

  /// Says where a value came from.
  private func explain(_ name: String, _ project: Project) throws {
    guard let function = project.checker.checkValue(name) else {
      project.reportArgumentMistakes()
      throw project.fail()
    }
    guard let machine = project.loadMachine(observing: .origins) else { throw project.fail() }
    let trace = OriginTrace(machine.program)
    machine.observer = trace
    do throws(Diagnostic) {
      let value = try machine.call(function, [])
      try machine.forceAll(value)
      var explainer = Explainer(machine: machine, trace: trace, depth: depth)
      let provenance = explainer.explain(function, value: value, text: name)
      let sources = project.checker.program.sources
      if json { return write(provenance.document(sources)) }
      let style = source.output.style
      Console.write(
        ProvenanceText(
          sources: sources, colour: style.usesColour(.output), width: OutputStyle.width(.output)
        ).text(provenance))
    } catch {
      project.report(error)
      throw project.fail()
    }
  }

  /// Says what evaluating an expression, or the whole program, costs. What a failure has cost until
  /// then is told too.
  private func measure(_ expression: String?, _ project: Project) throws {
    var function: FunctionID?
    if let expression {
      function = project.checker.checkValue(expression)
      guard function != nil else {
        project.reportArgumentMistakes()
        throw project.fail()
      }
    }
    guard let machine = project.loadMachine(observing: .lines) else { throw project.fail() }
    let profiler = Profiler(machine, clock: Self.nanoseconds)
    machine.observer = profiler
    if let function {
      do throws(Diagnostic) {
        try machine.forceAll(try machine.call(function, []))
      } catch {
        project.report(error)
      }
    } else {
      for failure in machine.modelFailures() { project.report(failure) }
    }
    let title = expression ?? subject
    let profile = profiler.profile(
      machine, naming: function.map { [$0: title] } ?? [:])
    try write(profile, title, project.checker.program.sources)
    if project.diagnostics.hasErrors { throw project.fail() }
  }

  private func write(_ profile: Profile, _ title: String, _ sources: SourceMap) throws {
    if let flame {
      let svg = FlameGraph(profile, sources: sources, title: title).svg
      do {
        try AtomicFile.write(Array(svg.utf8), to: flame)
      } catch {
        throw ValidationError("\(flame) cannot be written: \(error)")
      }
      guard self.profile else { return }
    }
    if json { return write(profile.document(sources, hasTime: true)) }
    let text = ProfileText(
      sources: sources, colour: source.output.style.usesColour(.output),
      width: OutputStyle.width(.output), hasTime: true)
    Console.write(text.text(profile, title: title))
  }

  private static func nanoseconds() -> Int {
    var now = timespec()
    clock_gettime(CLOCK_MONOTONIC, &now)
    return now.tv_sec * 1_000_000_000 + now.tv_nsec
  }
}
