// SPDX-License-Identifier: Apache-2.0

import DrData
import Testing

@testable import DrSchema

/// What one version says of an object, as texts.
func problems(_ object: Document, of minor: Int, custom: [SchemaTables] = []) -> [String] {
  let set = KubernetesSchemas.set(for: KubernetesVersion(minor: minor), custom: custom)
  let kind = object["kind"]?.stringValue ?? ""
  guard case .type(let type) = set.look(up: kind, in: object["apiVersion"]?.stringValue ?? "")
  else {
    return ["no such kind"]
  }
  var validator = SchemaValidator(set)
  validator.begin(type)
  object.write(to: &validator)
  return validator.problems.map { "\($0.path.text): \($0.kind)" }
}

@Suite struct KubernetesSchemaTests {
  @Test("the tables are small, and read as they were written")
  func coding() throws {
    let tables = try #require(KubernetesSchemas.tables)
    let bytes = try #require(tables.encoded())
    #expect(bytes.count < 100_000)
    #expect(bytes.withUnsafeBufferPointer { SchemaTables(decoding: $0) } == tables)
    #expect(tables.roots.count > 150)
  }

  @Test("bytes that were cut short or changed are no tables", arguments: 0..<40)
  func damage(_ seed: Int) throws {
    let whole = try #require(KubernetesSchemas.tables?.encoded())
    let cut = Array(whole.prefix(whole.count * seed / 40))
    #expect(cut.withUnsafeBufferPointer { SchemaTables(decoding: $0) } == nil)
  }

  @Test("every version has the kinds that manifests are made of", arguments: 20...37)
  func kinds(_ minor: Int) {
    let set = KubernetesSchemas.set(for: KubernetesVersion(minor: minor))
    let kinds = [
      ("Deployment", "apps/v1"), ("Service", "v1"), ("Namespace", "v1"), ("Job", "batch/v1"),
      ("Role", "rbac.authorization.k8s.io/v1"), ("NetworkPolicy", "networking.k8s.io/v1"),
      ("CustomResourceDefinition", "apiextensions.k8s.io/v1"),
    ]
    for (kind, api) in kinds {
      if case .type = set.look(up: kind, in: api) { continue }
      Issue.record("\(kind) in \(api)")
    }
    #expect(set.look(up: "Gslb", in: "k8gb.absa.oss/v1beta1") == .custom)
  }

  @Test("kinds come and go")
  func lifecycles() {
    func look(_ kind: String, _ api: String, _ minor: Int) -> SchemaSet.Lookup {
      KubernetesSchemas.set(for: KubernetesVersion(minor: minor)).look(up: kind, in: api)
    }
    #expect(
      look("HorizontalPodAutoscaler", "autoscaling/v2", 22)
        == .notYet(since: KubernetesVersion(minor: 23), instead: "autoscaling/v2beta2"))
    #expect(
      look("PodDisruptionBudget", "policy/v1beta1", 25)
        == .gone(last: KubernetesVersion(minor: 24), instead: "policy/v1"))
    #expect(look("Deploymnet", "apps/v1", 30) == .unknown(similar: "apps/v1 Deployment"))
  }

  @Test("fields are asked for in every depth")
  func fields() {
    let pod: Document = [
      "apiVersion": "v1", "kind": "Pod", "metadata": ["name": "a", "labels": ["a/b": "c"]],
      "spec": [
        "containers": [
          ["name": "a", "resources": ["limits": ["cpu": "100m", "memory": "1Gi"]]],
          ["nmae": "b", "ports": [["containerPort": 0]], "livenessProbe": ["grpc": ["port": 1]]],
        ]
      ],
    ]
    let found = problems(pod, of: 22)
    #expect(
      found == [
        "spec.containers[1].nmae: unknown(similar: Optional(\"name\"))",
        "spec.containers[1].ports[0].containerPort: invalid(found: \"0\", reason: \"is less than 1\")",
        "spec.containers[1].livenessProbe.grpc: notYet(since: DrSchema.KubernetesVersion(minor: 24))",
        "spec.containers[1].name: missing",
      ])
  }

  @Test("what is anything may be anything")
  func anything() {
    let definition: Document = [
      "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
      "metadata": ["name": "a"],
      "spec": [
        "group": "a", "scope": "Cluster", "names": ["plural": "a", "kind": "A"],
        "versions": [
          [
            "name": "v1", "served": true, "storage": true,
            "schema": [
              "openAPIV3Schema": [
                "type": "object",
                "properties": [
                  "a": ["type": "string", "default": ["deep": ["er": [1, 2, .null]]]],
                  "b": ["additionalProperties": true, "items": [["type": 1]]],
                ],
              ]
            ],
          ]
        ],
      ],
    ]
    #expect(
      problems(definition, of: 26) == [
        // JSON schemas are objects of their own, all the way down.
      ])
  }
}

@Suite struct QuantityTests {
  private func quantity(_ text: String) -> KubernetesQuantity? {
    var text = text
    return text.withUTF8 { KubernetesQuantity($0) }
  }

  @Test(
    "reads quantities, and nothing else",
    arguments: [
      "0", "1", "+1", "-1", "1.5", ".5", "1.", "100m", "16Gi", "1e3", "1E3", "2E", "12Ei", "0.5Mi",
      "1e-3", "100n", "5u",
    ])
  func valid(_ text: String) { #expect(quantity(text) != nil) }

  @Test(
    "refuses what is none",
    arguments: ["", "m", "1 Gi", "1GB", "1gi", "1K", "1.2.3", "--1", "1e", "1e99", "0x1", "١"])
  func invalid(_ text: String) { #expect(quantity(text) == nil) }

  @Test(
    "knows what is whole",
    arguments: [
      ("0.0001", 3, false), ("0.001", 3, true), ("1m", 3, true), ("1.5m", 3, false),
      ("1500u", 3, false), ("2000u", 3, true), ("1.5", 0, false), ("1.5Ki", 0, true),
      ("0.1Gi", 0, false), ("0.5Gi", 0, true), ("1.5k", 0, true), ("0.0005k", 0, false),
      ("0", 0, true),
      ("0.000", 0, true), ("100m", 0, false), ("1e3", 0, true), ("1e-3", 3, true), ("1n", 9, true),
    ])
  func whole(_ text: String, _ places: Int, _ isWhole: Bool) throws {
    #expect(try #require(quantity(text)).isWhole(places: places) == isWhole)
  }

  @Test("agrees with arithmetic", arguments: 0..<200)
  func property(_ seed: Int) throws {
    // digits / 10^places, written out, is whole in 10^-n exactly where 10^(places - n) divides digits.
    var state = UInt64(seed) &* 0x9e37_79b9_7f4a_7c15 &+ 1
    func next(_ bound: UInt64) -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return (state >> 33) % bound
    }
    let digits = next(1_000_000)
    let places = Int(next(7))
    var text = String(digits)
    while text.count <= places { text = "0" + text }
    text.insert(".", at: text.index(text.endIndex, offsetBy: -places))
    for wanted in 0...6 {
      var divisor: UInt64 = 1
      for _ in 0..<max(0, places - wanted) { divisor *= 10 }
      let parsed = try #require(quantity(text))
      #expect(parsed.isWhole(places: wanted) == (digits % divisor == 0), "\(text) seed \(seed)")
    }
  }
}

@Suite struct NameRuleTests {
  private func isGood(_ text: String, _ format: SchemaFormat) -> Bool {
    var text = text
    return text.withUTF8 { NameRules.fault($0, format) } == nil
  }

  private static let long63 = String(repeating: "a", count: 63)

  @Test("labels") func labels() {
    for good in ["a", "1", "a-b", Self.long63] { #expect(isGood(good, .label), "\(good)") }
    for bad in ["", "-a", "a-", "A", "a.b", "a_b", "é", Self.long63 + "a"] {
      #expect(!isGood(bad, .label), "\(bad)")
    }
  }

  @Test("DNS names") func subdomains() {
    for good in ["a", "a.b", "a-1.b-2.c", Self.long63 + "a"] {
      #expect(isGood(good, .subdomain), "\(good)")
    }
    for bad in ["", ".", "a.", ".a", "a..b", "a.-b", "a-.b", "A.b"] {
      #expect(!isGood(bad, .subdomain), "\(bad)")
    }
  }

  @Test("values of labels") func labelValues() {
    for good in ["", "a", "A_b.c-d", "1"] { #expect(isGood(good, .labelValue), "\(good)") }
    for bad in ["-a", "a_", "a b", "a/b", Self.long63 + "a"] {
      #expect(!isGood(bad, .labelValue), "\(bad)")
    }
  }

  @Test("names of labels") func qualifiedNames() {
    for good in ["a", "A.b", "example.net/a", "nvidia.com/gpu"] {
      #expect(isGood(good, .qualifiedName), "\(good)")
    }
    for bad in ["", "/a", "a/", "a/b/c", "A.net/b", "a b"] {
      #expect(!isGood(bad, .qualifiedName), "\(bad)")
    }
  }

  @Test("ports, times and bytes") func others() {
    #expect(isGood("http", .portName) && isGood("p-80", .portName))
    for bad in ["80", "http--x", "HTTP", "a-very-long-port-name"] {
      #expect(!isGood(bad, .portName), "\(bad)")
    }
    #expect(isGood("2026-11-23T12:00:00Z", .dateTime) && !isGood("2026-11-23", .dateTime))
    #expect(isGood("YQ==", .bytes) && isGood("", .bytes) && !isGood("YQ=", .bytes))
  }
}
