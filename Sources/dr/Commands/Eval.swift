// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
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

  @OptionGroup var source: SourceOptions

  func validate() throws {
    if json, yaml { throw ValidationError("--json or --yaml, not both") }
    if expression != nil, !subject.hasSuffix(".dr") {
      throw ValidationError("\(subject) is no program; its name would end in .dr")
    }
  }

  func run() throws {
    let isProgram = subject.hasSuffix(".dr")
    let project =
      isProgram
      ? Project(file: subject, inputs: source.inputs, style: source.output.style)
      : Project(style: source.output.style)
    guard !project.diagnostics.hasErrors else { throw project.fail() }
    if isProgram, expression == nil { return try printProgram(project) }
    guard let function = project.checker.checkValue(expression ?? subject) else {
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

  private func printProgram(_ project: Project) throws {
    guard let machine = project.loadModel() else { throw project.fail() }
    let program = project.checker.program
    var members: [(String, Document)] = []
    do throws(Diagnostic) {
      for id in program.roots where program[id].module == project.checker.mainAlias {
        let value = try machine.global(id)
        if json || yaml {
          members.append((program[id].name, try machine.document(value)))
        } else {
          let text = machine.describe(value, type: program[id].type)
          Console.write("\(program[id].name) = \(text)\n")
        }
      }
    } catch {
      project.report(error)
      throw project.fail()
    }
    if json || yaml { write(.object(DocumentObject(members))) }
  }

  private func write(_ value: Value, type: TypeID, _ machine: Machine) throws(Diagnostic) {
    if json || yaml {
      write(try machine.document(value))
    } else {
      Console.write(machine.describe(value, type: type) + "\n")
    }
  }

  private func write(_ document: Document) {
    Console.write(json ? JSON.write(document, pretty: true) + "\n" : YAML.write([document]))
  }
}
