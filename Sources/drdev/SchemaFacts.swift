// SPDX-License-Identifier: Apache-2.0

import DrSchema
import Foundation

/// What `schemas/facts.txt` adds to the published schemas.
struct SchemaFacts {
  /// By `core.v1.Container.imagePullPolicy`.
  var choices: [String: [SchemaOption]] = [:]
  /// Of a map's keys, and of a text or a map's values.
  var formats: [String: (keys: SchemaFormat, values: SchemaFormat)] = [:]
  var bounds: [String: SchemaBounds] = [:]
  var since: [String: (taken: Int, kept: Int)] = [:]

  struct Mistake: Error, CustomStringConvertible {
    let description: String
  }

  init(path: String) throws {
    let text = try String(contentsOfFile: path, encoding: .utf8)
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
    {
      let words = line.split(separator: " ").map(String.init)
      guard let word = words.first, word != "#", !word.hasPrefix("#") else { continue }
      guard words.count >= 3, try read(word, words[1], Array(words[2...])) else {
        throw Mistake(description: "\(path):\(index + 1): \(line)")
      }
    }
  }

  private mutating func read(_ word: String, _ field: String, _ rest: [String]) throws -> Bool {
    switch word {
    case "choice":
      choices[field] = rest.map { text in
        let parts = text.split(separator: "@")
        let since = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
        return SchemaOption(String(parts[0]), versions: Self.mask(from: since))
      }
    case "format":
      let parts = rest[0].split(separator: ":").map { Self.formats[String($0)] }
      guard let last = parts.last, let values = last else { return false }
      formats[field] = (parts.count > 1 ? parts[0] ?? .none : .none, values)
    case "bounds":
      let ends = rest[0].components(separatedBy: "..")
      guard ends.count == 2 else { return false }
      bounds[field] = SchemaBounds(least: Int64(ends[0]), greatest: Int64(ends[1]))
    case "since":
      guard let taken = Int(rest[0]), let kept = Int(rest.last ?? "") else { return false }
      since[field] = (taken, kept)
    default: return false  // open: any other word is a mistake
    }
    return true
  }

  private static let formats: [String: SchemaFormat] = [
    "none": .none, "label": .label, "subdomain": .subdomain, "labelValue": .labelValue,
    "qualifiedName": .qualifiedName, "portName": .portName,
  ]

  /// The versions from 1.`minor` on.
  static func mask(from minor: Int) -> VersionMask {
    let first = KubernetesVersion.known.lowerBound.minor
    return VersionMask(rawValue: .max << UInt32(max(0, minor - first)))
  }
}
