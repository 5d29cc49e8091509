// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DrAnswers
import DrBase
import DrData
import DrEval
import DrSema

struct Eval: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Evaluate an expression, by itself or as seen from a program.",
    discussion: """
      dr eval '5m / 2'
      dr eval deepseek.dr                           every value and block of the program
      dr eval deepseek.dr deepseek.objective.rto    what the program has there
      dr eval deepseek.dr --why deepseek.replicas   and where that came from
      dr eval deepseek.dr NAME --profile            and what computing it costs
      """
  ).ofDr

  @Argument(help: "An expression, or a program (a file that ends in .dr).")
  var subject: String

  @Argument(help: "With a program: an expression as seen from it.")
  var expression: String?

  @Flag(help: "Write JSON.")
  var json = false

  @Flag(help: "Write YAML.")
  var yaml = false

  @Option(
    help: "Say where a value came from: a name, a path such as deepseek.objective.rto, a block.")
  var why: String?

  @Option(help: "With --why: how many steps back.")
  var depth = 3

  @Flag(help: "Say what the evaluation costs, by line and by function.")
  var profile = false

  @Option(help: "Draw what the evaluation costs as a flame graph, an SVG file.")
  var flame: String?

  @OptionGroup var source: SourceOptions

  func validate() throws {
    if profile || flame != nil, !subject.hasSuffix(".dr") || why != nil || yaml {
      throw ValidationError("--profile and --flame are for programs: dr eval FILE NAME --profile")
    }
    if why != nil, !subject.hasSuffix(".dr") || expression != nil {
      throw ValidationError("--why asks about a program: dr eval FILE --why NAME")
    }
    if why != nil, yaml { throw ValidationError("--why writes text or, with --json, JSON") }
    if !(0...20).contains(depth) { throw ValidationError("--depth is a number from 0 to 20") }
    if json, yaml { throw ValidationError("--json or --yaml, not both") }
    if expression != nil, !subject.hasSuffix(".dr") {
      throw ValidationError("\(subject) is no program; its name would end in .dr")
    }
  }

  func run() throws {
    if why != nil || profile || flame != nil { return try answer() }
    try Evaluation(
      subject: subject, expression: expression, json: json, yaml: yaml, inputs: source.inputs(),
      style: source.output.style
    ).run()
  }
}

/// What `dr eval` does once its arguments are understood.
struct Evaluation {
  var subject: String
  var expression: String?
  var json = false
  var yaml = false
  var inputs: [String] = []
  var style = OutputStyle(colour: .auto)

  func run() throws {
    let text = isProgram ? expression : subject
    var project = project(.named(expression: text))
    guard !project.diagnostics.hasErrors else { throw project.fail() }
    guard let text else { return try printProgram(project) }
    var checked = project.checker.checkValue(text)
    if checked == nil {
      project = self.project(.whole)
      checked = project.checker.checkValue(text)
    }
    guard let function = checked else {
      project.reportArgumentMistakes()
      throw project.fail()
    }
    guard let machine = project.loadMachine() else { throw project.fail() }
    do throws(Diagnostic) {
      let value = try machine.call(function, [])
      try write(value, type: project.checker.program[function].result, machine)
    } catch {
      project.report(error)
      throw project.fail()
    }
  }

  private var isProgram: Bool { subject.hasSuffix(".dr") }

  private func project(_ prelude: Prelude) -> Project {
    isProgram
      ? Project(file: subject, inputs: inputs, style: style, prelude: prelude)
      : Project(style: style, prelude: prelude)
  }

  /// Values as `name = value`; blocks as themselves, with what was left to the defaults.
  private func printProgram(_ project: Project) throws {
    guard let machine = project.loadModel() else { throw project.fail() }
    let program = project.checker.program
    let text = text(of: machine)
    var members: [(String, Document)] = []
    var lines: [String] = []
    do throws(Diagnostic) {
      for id in program.roots where program[id].module == project.checker.mainAlias {
        let value = try machine.global(id)
        if format != .text {
          members.append((program[id].name, try text.document(value)))
          continue
        }
        let written = try text.write(value, type: program[id].type)
        let isBlock = machine.record(value)?.block != nil
        lines.append(isBlock ? written : text.titled(program[id].name, written))
      }
    } catch {
      project.report(error)
      throw project.fail()
    }
    switch format {
    case .json, .yaml: write(.object(DocumentObject(members)))
    case .text: for line in lines { Console.write(line + "\n") }
    }
  }

  private var format: ResultFormat { json ? .json : yaml ? .yaml : .text }

  private func text(of machine: Machine) -> ValueText {
    ValueText(machine: machine, width: OutputStyle.width(.output), format: format)
  }

  private func write(_ value: Value, type: TypeID, _ machine: Machine) throws(Diagnostic) {
    let text = text(of: machine)
    if format != .text { return write(try text.document(value)) }
    Console.write(try text.write(value, type: type) + "\n")
  }

  private func write(_ document: Document) {
    Console.write(json ? JSON.write(document, pretty: true) + "\n" : YAML.write([document]))
  }
}

extension Evaluation {
  /// `nil` where these are not the words that it takes.
  init?(words: [String]) {
    guard words.count == 1 || (words.count == 2 && words[0].hasSuffix(".dr")) else { return nil }
    self.init(subject: words[0], expression: words.count > 1 ? words[1] : nil)
  }
}
