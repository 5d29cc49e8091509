// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrData

extension Provenance {
  /// The provenance as JSON: what the text says, with exact places.
  package func document(_ map: SourceMap) -> Document {
    var members: [(String, Document)] = [
      ("name", .string(name)), ("value", .string(value)), ("from", .string(giver.rawValue)),
    ]
    if let type { members.append(("type", .string(type))) }
    if let expression { members.append(("expression", .string(expression))) }
    if let span { members += span.members(map) }
    if let calledFrom {
      members.append(("calledFrom", .object(DocumentObject(calledFrom.members(map)))))
    }
    if let insteadOf {
      members.append(
        (
          "insteadOf",
          .object(
            DocumentObject(
              [("value", .string(insteadOf.value))] + insteadOf.span.members(map)))
        ))
    }
    if !parts.isEmpty { members.append(("parts", .array(parts.map { $0.document(map) }))) }
    if !sources.isEmpty { members.append(("sources", .array(sources.map { $0.document(map) }))) }
    if hidden > 0 { members.append(("hidden", .int(Int64(hidden)))) }
    if isRepeated { members.append(("repeated", .bool(true))) }
    return .object(DocumentObject(members))
  }
}
