// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DrBase
import DrSystem

/// How text is coloured.
struct ColourOptions: ParsableArguments {
  @Option(help: "Colour: auto, always or never.")
  var color: OutputStyle.Colour = .auto
}

/// How diagnostics are shown to people.
struct ReportOptions: ParsableArguments {
  @OptionGroup var colour: ColourOptions

  @Flag(help: "Write all diagnostics, not only the first \(OutputStyle.shownAtMost).")
  var all = false

  func style(_ format: OutputStyle.Format) -> OutputStyle {
    OutputStyle(colour: colour.color, format: format, showsAll: all)
  }
}

/// How diagnostics are written by a command that makes something else: `--format` is for what it makes.
struct OutputOptions: ParsableArguments {
  @OptionGroup var report: ReportOptions

  @Option(help: "How diagnostics are written: text, or json (a JSON object per line).")
  var diagnostics: OutputStyle.Format = .text

  var style: OutputStyle { report.style(diagnostics) }
}

/// What a program takes from outside.
struct InputOptions: ParsableArguments {
  @Option(name: .customLong("set"), help: "Set an input: --set name=value. May be repeated.")
  var inputs: [String] = []
}

/// What every command that reads a program takes.
struct SourceOptions: ParsableArguments {
  @OptionGroup var input: InputOptions
  @OptionGroup var output: OutputOptions

  var inputs: [String] { input.inputs }
}
