// SPDX-License-Identifier: Apache-2.0

import DrData
import Testing

@testable import DrSchema

@Suite struct StructuralRuleTests {
  private func problems(_ schema: Document, _ value: Document) -> [String] {
    (StructuralRule(schema)?.problems(with: value) ?? []).map { problem in
      let path = problem.path.text
      switch problem.kind {
      case .invalid(let found, let reason): return "\(path): \(found) \(reason)"
      case .misshapen(let reason): return "\(path): \(reason)"
      case .missing: return "\(path): missing"
      case let other: return "\(path): \(other)"
      }
    }
  }

  @Test("a schema that asks for nothing beyond types has no rule")
  func nothing() {
    #expect(StructuralRule(["type": "object", "properties": ["a": ["type": "string"]]]) == nil)
    #expect(
      StructuralRule([
        "x-kubernetes-int-or-string": true, "anyOf": [["type": "integer"], ["type": "string"]],
      ]) == nil)
  }

  @Test("patterns and lengths are asked for in every depth, each with its place")
  func texts() {
    let name: Document = ["type": "string", "pattern": "^[a-z]+$", "maxLength": 5]
    let schema: Document = [
      "type": "object",
      "properties": [
        "spec": [
          "properties": [
            "name": name, "names": ["type": "array", "items": name, "minItems": 1],
            "byZone": ["additionalProperties": name],
          ]
        ]
      ],
    ]
    #expect(
      problems(schema, ["spec": ["name": "web", "names": ["a"], "byZone": ["x": "b"]]]) == [])
    #expect(
      problems(schema, ["spec": ["name": "Web", "names": [], "byZone": ["x": "bbbbbb"]]]) == [
        "spec.name: \"Web\" does not match ^[a-z]+$",
        "spec.names: has 0 elements, fewer than 1",
        "spec.byZone.x: \"bbbbbb\" is longer than 5 characters",
      ])
    #expect(
      problems(schema, ["spec": ["names": ["a", "B"]]]) == [
        "spec.names[1]: \"B\" does not match ^[a-z]+$"
      ])
  }

  @Test("at most one of a few members, as Istio's definitions say it")
  func oneOf() {
    let schema: Document = [
      "properties": [
        "to": [
          "oneOf": [
            ["not": ["anyOf": [["required": ["host"]], ["required": ["address"]]]]],
            ["required": ["host"]], ["required": ["address"]],
          ]
        ]
      ]
    ]
    #expect(problems(schema, ["to": ["port": 1]]) == [])
    #expect(problems(schema, ["to": ["host": "a"]]) == [])
    #expect(
      problems(schema, ["to": ["host": "a", "address": "b"]]) == [
        "to: may have only one of `host` and `address`"
      ])
  }

  @Test("one of a few, all of them, none of them")
  func forms() {
    let either: Document = ["anyOf": [["required": ["a"]], ["required": ["b", "c"]]]]
    #expect(problems(either, ["b": 1]) == [": needs `a` or `b` with `c`"])
    #expect(problems(either, ["b": 1, "c": 2]) == [])
    let exactly: Document = ["oneOf": [["required": ["a"]], ["required": ["b"]]]]
    #expect(problems(exactly, ["x": 1]) == [": needs `a` or `b`"])
    #expect(problems(exactly, ["a": .null, "b": 1]) == [])
    let ruledOut: Document = ["not": ["required": ["a"]]]
    #expect(problems(ruledOut, ["a": 1]) == [": must not have `a`"])
    let valued: Document = [
      "anyOf": [["properties": ["mode": ["enum": ["one"]]]], ["required": ["value"]]]
    ]
    #expect(problems(valued, ["mode": "one"]) == [])
    #expect(problems(valued, ["mode": "two"]) == [": has none of the forms that are allowed"])
    #expect(problems(["allOf": [["required": ["a"]]]], ["b": 1]) == ["a: missing"])
  }

  @Test("numbers of their bounds and steps")
  func numbers() {
    let schema: Document = [
      "type": "number", "minimum": 0, "exclusiveMinimum": true, "multipleOf": .float(0.5),
    ]
    #expect(problems(schema, 0) == [": 0 is not more than 0"])
    #expect(problems(schema, .float(0.7)) == [": 0.7 is no multiple of 0.5"])
    #expect(problems(schema, .float(1.5)) == [])
  }

  @Test("what is embedded as deep as it goes neither hangs nor crashes")
  func depth() {
    var schema: Document = ["pattern": "^a$"]
    var value: Document = "b"
    for _ in 0..<300 {
      schema = ["properties": ["x": schema]]
      value = ["x": value]
    }
    #expect(problems(schema, value) == [])
  }
}
