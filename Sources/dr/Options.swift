// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DrBase
import DrSystem

/// How text is coloured.
struct ColourOptions: ParsableArguments {
  @Option(help: "Colour: auto, always or never.")
  var color: OutputStyle.Colour = .auto

  /// As if no option were given; so in all that follow.
  static var plain: ColourOptions {
    var options = ColourOptions()
    options.color = .auto
    return options
  }
}

/// How diagnostics are shown to people.
struct ReportOptions: ParsableArguments {
  @OptionGroup var colour: ColourOptions

  @Flag(help: "Write all diagnostics, not only the first \(OutputStyle.shownAtMost).")
  var all = false

  static var plain: ReportOptions {
    var options = ReportOptions()
    options.colour = .plain
    options.all = false
    return options
  }

  func style(_ format: OutputStyle.Format) -> OutputStyle {
    OutputStyle(colour: colour.color, format: format, showsAll: all)
  }
}

/// How diagnostics are written by a command that makes something else: `--format` is for what it makes.
struct OutputOptions: ParsableArguments {
  @OptionGroup var report: ReportOptions

  @Option(help: "How diagnostics are written: text, or json (a JSON object per line).")
  var diagnostics: OutputStyle.Format = .text

  static var plain: OutputOptions {
    var options = OutputOptions()
    options.report = .plain
    options.diagnostics = .text
    return options
  }

  var style: OutputStyle { report.style(diagnostics) }
}

/// What a program takes from outside.
struct InputOptions: ParsableArguments {
  @Option(
    name: .customLong("set"),
    help:
      "Set an input: --set name=value, or name:=JSON for lists, maps and records. May be repeated.")
  var assignments: [String] = []

  @Option(
    help: "Set inputs from a file: a YAML or JSON object. --set counts for more. May be repeated.")
  var values: [String] = []

  /// All inputs, each `name=value` or `name:=JSON`; of several for one name the last counts.
  func all() throws -> [String] {
    for text in assignments { try ValuesFile.check(text) }
    return try values.flatMap { try ValuesFile.read($0) } + assignments
  }

  static var plain: InputOptions {
    var options = InputOptions()
    options.assignments = []
    options.values = []
    return options
  }
}

/// What every command that reads a program takes.
struct SourceOptions: ParsableArguments {
  @OptionGroup var input: InputOptions
  @OptionGroup var output: OutputOptions

  static var plain: SourceOptions {
    var options = SourceOptions()
    options.input = .plain
    options.output = .plain
    return options
  }

  /// See `InputOptions.all`.
  func inputs() throws -> [String] { try input.all() }
}
