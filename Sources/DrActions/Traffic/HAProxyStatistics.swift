// SPDX-License-Identifier: Apache-2.0

/// The counters of a backend out of `show stat` (management guide, section 9.1, "CSV format").
struct HAProxyStatistics: Equatable {
  /// Responses by first digit of their status; requests that got none are under `other`.
  let responses: Int64
  let serverErrors: Int64
  /// Requests that no server took (`econ`) and responses that broke off (`eresp`).
  let connectionErrors: Int64

  /// `nil` where there is no such backend.
  static func parse(_ text: String, backend: String) -> HAProxyStatistics? {
    let lines = text.split(whereSeparator: \.isNewline)
    guard let header = lines.first, header.hasPrefix("# ") else { return nil }
    let columns = fields(header.dropFirst(2))
    for line in lines.dropFirst() {
      let values = fields(line)
      func value(_ name: String) -> String? {
        columns.firstIndex(of: name).flatMap { $0 < values.count ? values[$0] : nil }
      }
      guard value("pxname") == backend, value("svname") == "BACKEND" else { continue }
      func count(_ name: String) -> Int64 { value(name).flatMap { Int64($0) } ?? 0 }
      let errors = count("econ") + count("eresp")
      guard value("hrsp_2xx").map({ !$0.isEmpty }) == true else {
        // A backend in TCP mode has sessions only.
        return HAProxyStatistics(
          responses: count("stot"), serverErrors: 0, connectionErrors: errors)
      }
      let classes = ["1xx", "2xx", "3xx", "4xx", "5xx", "other"].map { count("hrsp_\($0)") }
      return HAProxyStatistics(
        responses: classes.reduce(0, +), serverErrors: count("hrsp_5xx"),
        connectionErrors: errors)
    }
    return nil
  }

  /// Fields may be quoted, with quotes doubled inside.
  private static func fields(_ line: Substring) -> [String] {
    var fields: [String] = []
    var field = ""
    var isQuoted = false
    for character in line {
      switch character {
      case "\"":
        if !isQuoted, !field.isEmpty { field.append(character) }
        isQuoted.toggle()
      case "," where !isQuoted:
        fields.append(field)
        field = ""
      case _:
        field.append(character)
      }
    }
    fields.append(field)
    return fields
  }
}
