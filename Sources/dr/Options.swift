// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DrBase
import DrSystem

/// How text is coloured.
struct ColourOptions: ParsableArguments {
  @Option(help: "Colour: auto, always or never.")
  var color: OutputStyle.Colour = .auto
}

/// How diagnostics are written.
struct OutputOptions: ParsableArguments {
  @OptionGroup var colour: ColourOptions

  @Option(help: "How diagnostics are written: text, or json (a JSON object per line).")
  var format: OutputStyle.Format = .text

  @Flag(help: "Write all diagnostics, not only the first \(OutputStyle.shownAtMost).")
  var all = false

  var style: OutputStyle { OutputStyle(colour: colour.color, format: format, showsAll: all) }
}

/// What every command that reads a program takes.
struct SourceOptions: ParsableArguments {
  @Option(name: .customLong("set"), help: "Set an input: --set name=value. May be repeated.")
  var inputs: [String] = []

  @OptionGroup var output: OutputOptions
}
