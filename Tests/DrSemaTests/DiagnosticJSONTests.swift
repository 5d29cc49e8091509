// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrData
import DrSema
import Foundation
import Testing

/// As much of JSON Schema as our schema uses; a keyword that it does not know is a failure.
private struct Schema {
  let root: Document

  /// What is wrong, with its path.
  func check(_ value: Document, _ schema: Document, _ path: String) -> [String] {
    var findings: [String] = []
    for (keyword, rule) in schema.objectValue?.members ?? [] {
      switch keyword {
      case "$schema", "$defs", "title", "description": continue
      case "$ref":
        let name = rule.stringValue?.split(separator: "/").last.map(String.init) ?? ""
        guard let target = root["$defs"]?[name] else { return ["\(path): no \(name)"] }
        findings += check(value, target, path)
      case "type":
        let types = rule.arrayValue?.compactMap(\.stringValue) ?? [rule.stringValue ?? ""]
        if !types.contains(type(value)) { findings.append("\(path): no \(types)") }
      case "enum":
        if rule.arrayValue?.contains(value) != true { findings.append("\(path): \(value)") }
      case "anyOf":
        let all = (rule.arrayValue ?? []).map { check(value, $0, path) }
        if !all.contains([]) { findings += all.joined() }
      case "minimum":
        if let number = value.intValue, number < rule.intValue ?? 0 {
          findings.append("\(path): \(number)")
        }
      case "items":
        for item in value.arrayValue ?? [] { findings += check(item, rule, path + "[]") }
      case "required":
        for name in rule.arrayValue ?? [] where value[name.stringValue ?? ""] == nil {
          findings.append("\(path): \(name) is missing")
        }
      case "properties":
        for (name, rule) in rule.objectValue?.members ?? [] {
          if let member = value[name] { findings += check(member, rule, "\(path).\(name)") }
        }
      case "additionalProperties":
        for (name, _) in value.objectValue?.members ?? [] where schema["properties"]?[name] == nil {
          findings.append("\(path): \(name) is too much")
        }
      default: findings.append("the schema's \(keyword) is not understood")
      }
    }
    return findings
  }

  private func type(_ value: Document) -> String {
    switch value {
    case .null: "null"
    case .bool: "boolean"
    case .int: "integer"
    case .float: "number"
    case .string: "string"
    case .array: "array"
    case .object: "object"
    }
  }
}

@Suite struct DiagnosticJSONTests {
  private let schema: Schema

  init() throws {
    let bytes = try #require(
      FileManager.default.contents(atPath: Repository.path("docs/diagnostics/schema.json")))
    schema = Schema(root: try JSON.parse(Array(bytes)))
  }

  @Test("every golden program's diagnostics are valid and written in one order")
  func valid() throws {
    var count = 0
    for sample in CheckCase.all {
      let (checker, _, diagnostics) = sample.run()
      for diagnostic in diagnostics {
        let text = JSON.write(diagnostic.document(checker.program.sources))
        #expect(!text.contains("\n"))
        let value = try JSON.parse(Array(text.utf8))
        #expect(schema.check(value, schema.root, "$") == [], "\(sample.path)")
        #expect(
          value.objectValue?.members.map(\.name)
            == schema.root["required"]?.arrayValue?.compactMap(\.stringValue))
        count += 1
      }
    }
    #expect(count > 200)
  }

  @Test("the validator finds what is wrong")
  func invalid() throws {
    func findings(_ text: String) throws -> Int {
      schema.check(try JSON.parse(Array(text.utf8)), schema.root, "$").count
    }
    #expect(try findings("[]") > 0)
    #expect(try findings("{\"code\": 1}") > 0)
  }

  @Test("lines and columns count from 1, columns in UTF-16 units, offsets in bytes")
  func positions() throws {
    let checker = check("let a = 1\nlet b = \"数👩\" + nowhere\n")
    let found = try #require(checker.diagnostics.first).document(checker.program.sources)
    #expect(found["start"] == ["line": 2, "column": 17, "offset": 30])
    #expect(found["end"] == ["line": 2, "column": 24, "offset": 37])
    #expect(found["file"] == "main.dr")
    let placeless = Diagnostic(.missingInput, "no such input").document(SourceMap())
    #expect(placeless["file"] == .null)
    #expect(schema.check(placeless, schema.root, "$") == [])
  }
}
