// SPDX-License-Identifier: Apache-2.0

import Foundation

/// One thing that was measured, with what it is held against.
struct Figure {
  let name: String
  /// The median.
  let ours: Double
  /// `ms`, `MB/s`, …
  let unit: String
  /// Medians of the same work elsewhere; nil for a peer that is not installed.
  var peers: [(name: String, value: Double?)] = []
  /// What is promised, in words.
  let bar: String
  /// Whether it is kept; nil where that cannot be told, for want of a peer.
  let holds: Bool?

  /// How much of a peer's figure ours is.
  private func ratio(_ value: Double) -> String { String(format: "%.2f", ours / value) }

  static func table(_ title: String, _ figures: [Figure]) -> String {
    var rows = [[title, "ours", "peers (ours / theirs)", "bar", ""]]
    for figure in figures {
      let peers = figure.peers.map { peer in
        guard let value = peer.value else { return "\(peer.name) not installed" }
        return "\(peer.name) \(number(value)) (\(figure.ratio(value)))"
      }
      let verdict = figure.holds.map { $0 ? "holds" : "MISSED" } ?? "not told"
      rows.append([
        figure.name, "\(number(figure.ours)) \(figure.unit)", peers.joined(separator: ", "),
        figure.bar, verdict,
      ])
    }
    let widths = (0..<5).map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      zip(row, widths).map { $0.padding(toLength: $1, withPad: " ", startingAt: 0) }
        .joined(separator: "  ")
    }.joined(separator: "\n") + "\n"
  }

  private static func number(_ value: Double) -> String {
    String(format: value < 10 ? "%.2f" : value < 100 ? "%.1f" : "%.0f", value)
  }

  static func json(_ figures: [Figure]) throws -> String {
    let objects = figures.map { figure -> [String: Any] in
      var object: [String: Any] = [
        "name": figure.name, "ours": figure.ours, "unit": figure.unit, "bar": figure.bar,
        "holds": figure.holds as Any? ?? NSNull(),
      ]
      object["peers"] = figure.peers.map { peer -> [String: Any] in
        ["name": peer.name, "value": peer.value as Any? ?? NSNull()]
      }
      return object
    }
    let data = try JSONSerialization.data(
      withJSONObject: objects, options: [.prettyPrinted, .sortedKeys])
    return String(decoding: data, as: UTF8.self)
  }
}
