// SPDX-License-Identifier: Apache-2.0

import DrData
import DrEmit
import DrFormat

/// Differences of objects as people read them.
struct ObjectDiffText {
  let paint: Paint

  /// A line for each change, under the object's title; texts of several lines line by line.
  func lines(_ diff: ObjectDiff, indent: String = "    ") -> [String] {
    diff.changes.flatMap { change in lines(change).map { indent + $0 } }
  }

  private func lines(_ change: ObjectDiff.Change) -> [String] {
    switch (change.old, change.new) {
    case (.string(let old)?, .string(let new)?) where old.contains("\n") || new.contains("\n"):
      return ["\(change.path):"] + textLines(old, new).map { "  " + $0 }
    case (let old?, let new?):
      if old == new { return ["\(change.path): \(paint("changed", .yellow))"] }
      return [
        "\(change.path): \(paint(Self.short(old), .red)) → \(paint(Self.short(new), .green))"
      ]
    case (nil, let new?): return whole("+", change.path, new, .green)
    case (let old?, nil): return whole("-", change.path, old, .red)
    case (nil, nil): return []
    }
  }

  /// Something that is all new or all gone: on its line where it fits there.
  private func whole(
    _ sign: String, _ path: String, _ value: Document, _ style: Paint.Style
  ) -> [String] {
    let text = JSON.write(value)
    if text.count <= Self.width { return [paint("\(sign) \(path): \(text)", style)] }
    let lines = YAML.write([value]).split(separator: "\n").map { paint("\(sign)   \($0)", style) }
    return [paint("\(sign) \(path):", style)] + lines
  }

  private func textLines(_ old: String, _ new: String) -> [String] {
    unifiedDiff(old: old, new: new, name: "").split(separator: "\n").dropFirst(2).map { line in
      switch line.first {
      case "+": paint(String(line), .green)
      case "-": paint(String(line), .red)
      case _: String(line)
      }
    }
  }

  private static let width = 80

  private static func short(_ value: Document) -> String {
    let text = JSON.write(value)
    return text.count > width ? "\(text.prefix(width))…" : text
  }
}
