// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DrBase
import DrData
import DrSystem

struct OutputStyle {
  enum Colour: String, ExpressibleByArgument, CaseIterable { case auto, always, never }
  enum Format: String, ExpressibleByArgument, CaseIterable { case text, json }

  /// Of more diagnostics than these the first are the ones to mend.
  static let shownAtMost = 50

  let colour: Colour
  var format: Format = .text
  var showsAll = false

  /// Whether text for a stream is to be coloured.
  func usesColour(_ stream: Terminal.Stream) -> Bool {
    switch colour {
    case .always: true
    case .never: false
    case .auto: Terminal(stream).allowsStyle
    }
  }

  /// Columns of a stream; `nil` where nobody is there for whom lines would have to fit.
  static func width(_ stream: Terminal.Stream) -> Int? {
    let terminal = Terminal(stream)
    return terminal.isTerminal ? terminal.width : nil
  }

  /// One line of a list, cut where it does not fit.
  static func clipped(_ line: String, to width: Int?) -> String {
    width.map { DrBase.clipped(line, to: $0) } ?? line
  }

  func printDiagnostics(
    _ diagnostics: [Diagnostic], _ sources: SourceMap, to stream: Terminal.Stream = .error
  ) {
    var report = DiagnosticReport(style: self, stream: stream)
    report.add(diagnostics, sources)
    report.end()
  }
}

/// The diagnostics of one command, be they of one program or several: each is written once, and no more of them
/// than somebody reads.
struct DiagnosticReport {
  let style: OutputStyle
  let stream: Terminal.Stream
  private(set) var errors = 0
  private(set) var warnings = 0
  private var hidden = 0
  private var seen: Set<Key> = []
  private var realNames: [String: String] = [:]

  init(style: OutputStyle, stream: Terminal.Stream) {
    self.style = style
    self.stream = stream
  }

  /// What makes two diagnostics of two programs, which may use the same files, one.
  private struct Key: Hashable {
    let code: String
    let message: String
    let file: String
    let start: UInt32
    let end: UInt32
  }

  /// Writes those that were not written before.
  mutating func add(_ diagnostics: [Diagnostic], _ sources: SourceMap) {
    let renderer = DiagnosticRenderer(
      sources: sources, colour: style.usesColour(stream), width: OutputStyle.width(stream))
    for diagnostic in diagnostics where seen.insert(key(diagnostic, sources)).inserted {
      switch diagnostic.severity {
      case .error: errors += 1
      case .warning: warnings += 1
      case .note: break
      }
      if style.format == .json {
        Console.write(JSON.write(diagnostic.document(sources)) + "\n", to: stream)
      } else if style.showsAll || seen.count <= OutputStyle.shownAtMost {
        Console.write(renderer.render(diagnostic) + "\n", to: stream)
      } else {
        hidden += 1
      }
    }
  }

  /// Says how many were left out.
  func end() {
    guard hidden > 0 else { return }
    Console.write("… and \(hidden) more; --all shows them\n", to: stream)
  }

  /// `2 errors, 1 warning`; `nil` when there are none.
  var summary: String? {
    let counts = [(errors, "error"), (warnings, "warning")].filter { $0.0 > 0 }
    guard !counts.isEmpty else { return nil }
    return counts.map { "\($0.0) \($0.1)\($0.0 == 1 ? "" : "s")" }.joined(separator: ", ")
  }

  private mutating func key(_ diagnostic: Diagnostic, _ sources: SourceMap) -> Key {
    Key(
      code: diagnostic.shownCode, message: diagnostic.message,
      file: diagnostic.span.map { realName(sources[$0.file].name) } ?? "",
      start: diagnostic.span?.start ?? 0, end: diagnostic.span?.end ?? 0)
  }

  /// The same file may be named in several ways.
  private mutating func realName(_ name: String) -> String {
    if let known = realNames[name] { return known }
    let real = realPath(name) ?? name
    realNames[name] = real
    return real
  }
}
