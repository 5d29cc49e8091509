// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrData
import DrEval

extension Profile {
  /// The whole profile as JSON. Without times it is the same each time.
  package func document(_ sources: SourceMap, hasTime: Bool) -> Document {
    func members(_ own: Cost, _ total: Cost) -> [(String, Document)] {
      var members: [(String, Document)] = [
        ("steps", .int(Int64(own.steps))), ("stepsWithCalls", .int(Int64(total.steps))),
        ("bytes", .int(Int64(own.bytes))), ("bytesWithCalls", .int(Int64(total.bytes))),
      ]
      if hasTime {
        members += [
          ("nanoseconds", .int(Int64(own.time))),
          ("nanosecondsWithCalls", .int(Int64(total.time))),
        ]
      }
      return members
    }
    func place(_ span: Span) -> [(String, Document)] {
      let file = sources[span.file]
      return [
        ("file", .string(file.name)), ("line", .int(Int64(file.line(at: span.start) + 1))),
      ]
    }
    let lines = self.lines.sorted {
      ($0.span.file.rawValue, $0.span.start) < ($1.span.file.rawValue, $1.span.start)
    }
    return .object(
      DocumentObject([
        (
          "total",
          .object(DocumentObject(members(total, total).filter { !$0.0.hasSuffix("Calls") }))
        ),
        ("stepsOutside", .int(Int64(outside.steps))),
        (
          "lines",
          .array(lines.map { .object(DocumentObject(place($0.span) + members($0.own, $0.total))) })
        ),
        (
          "functions",
          .array(
            functions.map {
              .object(
                DocumentObject(
                  [("name", .string($0.name))] + place($0.span)
                    + [("calls", .int(Int64($0.calls)))] + members($0.own, $0.total)))
            })
        ),
      ]))
  }
}
