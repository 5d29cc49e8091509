// SPDX-License-Identifier: Apache-2.0

import DrData
import Foundation
import Testing

/// What `dr compile -o` writes, `--diff` reads, and `--crds` brings.
@Suite("Manifests on disk")
struct ManifestCommandTests {
  private func text(_ path: String) -> String {
    String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
  }

  private func write(_ text: String, to path: String) throws {
    try text.write(toFile: path, atomically: true, encoding: .utf8)
  }

  private func paths(below folder: String) throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: folder).sorted()
  }

  @Test("every folder with a kustomization lists what is in it, and nothing else")
  func kustomizations() throws {
    try inFolder { folder in
      let target = "\(folder)/out"
      #expect(try run(dr, ["compile", scenario, "-o", target]).status == 0)
      let all = try paths(below: target)
      let kustomizations = all.filter { $0.hasSuffix("kustomization.yaml") }
      #expect(
        kustomizations == [
          "deepseek-dr-cluster/drills/az1-goes-dark/kustomization.yaml",
          "deepseek-dr-cluster/kustomization.yaml",
          "deepseek-dr-cluster/zones/cn-beijing-az1/kustomization.yaml",
          "deepseek-dr-cluster/zones/cn-beijing-az2/kustomization.yaml",
        ])
      var listed: Set<String> = []
      for path in kustomizations {
        let base = path.dropLast("/kustomization.yaml".count)
        let document = try YAML.parse(Array(text("\(target)/\(path)").utf8))[0]
        for resource in document["resources"]?.arrayValue ?? [] {
          #expect(listed.insert("\(base)/\(resource.stringValue ?? "")").inserted)
        }
      }
      let objects = all.filter { path in
        path.hasSuffix(".yaml") && !kustomizations.contains(path)
      }
      // The faults of a drill are applied by nothing but itself.
      let zones = kustomizations.dropFirst(2).map {
        String($0.dropLast("/kustomization.yaml".count))
      }
      #expect(listed == Set(objects + zones))
      #expect(
        objects.contains(
          "deepseek-dr-cluster/zones/cn-beijing-az1/deepseek/deployment-deepseek-inference-cn-beijing-az1.yaml"
        ))
    }
  }

  @Test("each object says what made it, unless that is not wanted")
  func comments() throws {
    let with = try run(dr, ["compile", scenario])
    #expect(with.output.contains("\n# from deepseek.dr:26 service deepseek\napiVersion: apps/v1\n"))
    let without = try run(dr, ["compile", scenario, "--no-source-comments"])
    #expect(!without.output.contains("# from"))
    #expect(try YAML.parse(Array(with.output.utf8)) == YAML.parse(Array(without.output.utf8)))
  }

  @Test("nothing is written where anything is wrong")
  func nothingWritten() throws {
    try inFolder { folder in
      let target = "\(folder)/out"
      try write(
        """
        cluster a { kubernetes = "1.20" }
        emit x(c: Cluster, to: Target) {
          yield { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "good" } }
          yield { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "bad" }, dta: {} }
        }

        """, to: "\(folder)/a.dr")
      let outcome = try run(dr, ["compile", "\(folder)/a.dr", "-o", target])
      #expect(outcome.status == 1)
      #expect(outcome.errors.contains("did you mean `data`?"))
      #expect(!FileManager.default.fileExists(atPath: target))
    }
  }

  @Test("custom resources are held against the definitions that are given")
  func customResources() throws {
    try inFolder { folder in
      try write(
        """
        apiVersion: apiextensions.k8s.io/v1
        kind: CustomResourceDefinition
        metadata: {name: gslbs.example.net}
        spec:
          group: example.net
          scope: Namespaced
          names: {kind: Gslb, plural: gslbs}
          versions:
          - name: v1
            served: true
            storage: true
            schema:
              openAPIV3Schema:
                type: object
                required: [spec]
                properties:
                  spec:
                    type: object
                    required: [strategy, ttl]
                    properties:
                      strategy: {type: string, enum: [failover, roundRobin]}
                      ttl: {type: integer, minimum: 1, default: 30}
                      port: {x-kubernetes-int-or-string: true}
                      host: {type: string, pattern: "^[a-z.]+$"}
                      free: {type: object, x-kubernetes-preserve-unknown-fields: true}

        """, to: "\(folder)/crd.yaml")
      try write(
        """
        cluster a {}
        emit x(c: Cluster, to: Target) {
          yield {
            apiVersion: "example.net/v1", kind: "Gslb", metadata: { name: "x" }
            spec: { strategy: "failovr", port: [], host: "A.b", free: { any: 1 }, tll: 2 }
          }
        }

        """, to: "\(folder)/a.dr")
      let unchecked = try run(dr, ["compile", "\(folder)/a.dr"])
      #expect(unchecked.status == 0)
      let outcome = try run(dr, ["compile", "\(folder)/a.dr", "--crds", "\(folder)/crd.yaml"])
      #expect(outcome.status == 1)
      #expect(outcome.output == "")
      for words in [
        "did you mean \"failover\"?", "`spec.port` of a Gslb must be a whole number or a text",
        "did you mean `ttl`?", "`spec.host` of a Gslb: \"A.b\" does not match ^[a-z.]+$",
      ] {
        #expect(outcome.errors.contains(words), "\(words)")
      }
      #expect(!outcome.errors.contains("E0505"))
      let nothing = try run(dr, ["compile", "\(folder)/a.dr", "--crds", "\(folder)/a.dr"])
      #expect(nothing.status != 0)
    }
  }

  @Test("diff tells what differs in the data, and only that")
  func diff() throws {
    try inFolder { folder in
      let target = "\(folder)/out"
      #expect(try run(dr, ["compile", scenario, "-o", target]).status == 0)
      let same = try run(dr, ["compile", scenario, "--diff", target])
      #expect(same.status == 0)
      #expect(same.output == "")

      let service = "\(target)/deepseek-dr-cluster/deepseek/service-deepseek-inference.yaml"
      try write(
        text(service).replacingOccurrences(of: "port: 80\n", with: "port: 81\n"), to: service)
      try FileManager.default.removeItem(
        atPath: "\(target)/deepseek-dr-cluster/namespace-deepseek.yaml")
      try write(
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: old\n", to: "\(target)/old.yaml")
      let outcome = try run(dr, ["compile", scenario, "--diff", target])
      #expect(outcome.status == 1)
      #expect(
        outcome.output == """
          - ConfigMap old
          + Namespace deepseek
          ~ Service deepseek/deepseek-inference
              spec.ports[http].port: 81 → 80

          """)
    }
  }

  @Test("diff says of a Secret that it differs, not how")
  func secrets() throws {
    try inFolder { folder in
      try write(
        """
        cluster a {}
        emit x(c: Cluster, to: Target) {
          yield { apiVersion: "v1", kind: "Secret", metadata: { name: "s" }, data: { key: "bmV3" } }
        }

        """, to: "\(folder)/a.dr")
      try write(
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: s\ndata:\n  key: b2xk\n  other: eA==\n",
        to: "\(folder)/s.yaml")
      let outcome = try run(dr, ["compile", "\(folder)/a.dr", "--diff", "\(folder)/s.yaml"])
      #expect(outcome.status == 1)
      #expect(outcome.output.contains("data.key: changed"))
      #expect(outcome.output.contains("- data.other: "))
      #expect(!outcome.output.contains("b2xk") && !outcome.output.contains("bmV3"))
    }
  }

  @Test("a full disk is an error, and a compile that is ended leaves the folder that was there")
  func fullDisk() throws {
    let streamed = try run("/bin/sh", ["-c", "'\(dr)' compile '\(scenario)' > /dev/full"])
    #expect(streamed.status == 1)
    #expect(streamed.errors.hasSuffix("Error: cannot write the output: No space left on device\n"))
    try inFolder { folder in
      let target = "\(folder)/out"
      #expect(try run(dr, ["compile", scenario, "-o", target]).status == 0)
      let before = try paths(below: target)
      // Ended in the midst of it: no file may be larger than a block.
      let command = "ulimit -f 1; '\(dr)' compile '\(scenario)' -o '\(target)'"
      #expect(try run("/bin/sh", ["-c", command]).status != 0)
      #expect(try paths(below: target) == before)
    }
  }

  @Test(
    "the output folder may end in a slash; what is no folder to write into is told as what it is")
  func outputFolders() throws {
    try inFolder { folder in
      try write("cluster a {}\n", to: "\(folder)/a.dr")
      func compile(to output: String, in place: String) throws -> Outcome {
        try run(dr, ["compile", "\(folder)/a.dr", "-o", output], in: place)
      }
      for _ in 1...2 { #expect(try compile(to: "out/", in: folder).status == 0) }
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == ["a.dr", "out"])
      let file = try compile(to: "a.dr", in: folder)
      #expect(file.status == 1)
      #expect(
        file.errors.contains("cannot replace a.dr: it is no folder that can be read; name a folder")
      )
      for place in [".", "../out"] {
        let inside = try compile(to: place, in: "\(folder)/out")
        #expect(inside.status == 1)
        #expect(inside.errors.contains("this runs inside of it; name a folder in it"))
      }
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == ["a.dr", "out"])
    }
  }
}
