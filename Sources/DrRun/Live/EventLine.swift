// SPDX-License-Identifier: Apache-2.0
//
// What goes on, for programs: one JSON object a line. `docs/events.md` is what they may rely on.

import DrData

/// An event as a line of JSON.
package enum EventLine {
  /// It changes where a member goes away or changes its meaning; new members and events may come at any time.
  package static let version: Int64 = 1

  /// `name` is the event's.
  package static func text(
    _ name: String, at instant: Instant, run: String? = nil,
    _ members: [(String, Document)] = []
  ) -> String {
    var object = head(name, at: instant, run: run)
    for (name, value) in members { object[name] = value }
    return JSON.write(.object(object)) + "\n"
  }

  /// A record of a run's journal: the members are the record's, instants as text.
  package static func text(_ record: JournalRecord, run: String) -> String {
    var object = head(record.body.kind, at: record.at, run: run)
    for (name, value) in record.document.objectValue?.members ?? [] {
      switch name {
      case "kind", "at": continue
      case "until", "next":
        object[name] = value.intValue.map { .string(Instant(nanoseconds: $0).rfc3339) } ?? value
      case _: object[name] = value  // open: all other members are as in the journal
      }
    }
    return JSON.write(.object(object)) + "\n"
  }

  private static func head(_ name: String, at instant: Instant, run: String?) -> DocumentObject {
    var object = DocumentObject([
      ("v", .int(version)), ("event", .string(name)), ("at", .string(instant.rfc3339)),
    ])
    object["run"] = run.map(Document.string)
    return object
  }
}

extension Instant {
  /// `2026-11-23T20:15:00.250000000Z`, for years from 1970 on: texts sort as the instants do.
  package var rfc3339: String {
    let digits = String(max(0, nanoseconds) % 1_000_000_000)
    let fraction = String(repeating: "0", count: 9 - digits.count) + digits
    return "\(utcText.dropLast()).\(fraction)Z"
  }
}
