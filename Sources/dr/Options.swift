// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DrBase
import DrSystem

/// How text is written.
struct OutputOptions: ParsableArguments {
  @Option(help: "Colour: auto, always or never.")
  var color: OutputStyle.Colour = .auto

  var style: OutputStyle { OutputStyle(colour: color) }
}

/// What every command that reads a program takes.
struct SourceOptions: ParsableArguments {
  @Option(name: .customLong("set"), help: "Set an input: --set name=value. May be repeated.")
  var inputs: [String] = []

  @OptionGroup var output: OutputOptions
}

struct OutputStyle {
  enum Colour: String, ExpressibleByArgument, CaseIterable { case auto, always, never }

  let colour: Colour

  /// Whether text for a stream is to be coloured.
  func usesColour(_ stream: Terminal.Stream) -> Bool {
    switch colour {
    case .always: true
    case .never: false
    case .auto: Terminal(stream).allowsStyle
    }
  }

  func printDiagnostics(_ diagnostics: [Diagnostic], _ sources: SourceMap) {
    let renderer = DiagnosticRenderer(sources: sources, colour: usesColour(.error))
    for diagnostic in diagnostics {
      Console.write(renderer.render(diagnostic) + "\n", to: .error)
    }
  }
}
