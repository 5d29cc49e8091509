// SPDX-License-Identifier: Apache-2.0

import DrData
import Testing

@testable import DrEmit

@Suite("What differs between two objects")
struct ObjectDiffTests {
  private func diff(_ old: String, _ new: String) throws -> [String] {
    let objects = try [old, new].map { try #require(try YAML.parse(Array($0.utf8)).first) }
    return ObjectDiff(from: objects[0], to: objects[1]).changes.map {
      "\($0.path) \($0.old.map { JSON.write($0) } ?? "-") \($0.new.map { JSON.write($0) } ?? "-")"
    }
  }

  @Test("finds members by their path, elements by their name")
  func paths() throws {
    let old = """
      metadata: { labels: { app.kubernetes.io/name: a } }
      spec: { replicas: 2, containers: [{ name: b, image: x:1 }, { name: a, image: y:1 }] }
      """
    let new = """
      metadata: { labels: { app.kubernetes.io/name: z } }
      spec: { replicas: 3, containers: [{ name: c, image: c:1 }, { name: b, image: x:2 }, { name: a, image: y:1 }] }
      """
    #expect(
      try diff(old, new) == [
        #"metadata.labels["app.kubernetes.io/name"] "a" "z""#,
        "spec.replicas 2 3",
        #"spec.containers[b].image "x:1" "x:2""#,
        #"spec.containers[c] - {"name":"c","image":"c:1"}"#,
      ])
  }

  @Test("tells of elements that changed places, and compares lists without names by place")
  func lists() throws {
    #expect(
      try diff("env: [{ name: A }, { name: B }]", "env: [{ name: B }, { name: A }]") == [
        #"env, in order ["A","B"] ["B","A"]"#
      ])
    #expect(
      try diff("args: [a, b]", "args: [a, c, d]") == [#"args[1] "b" "c""#, #"args[2] - "d""#])
  }

  @Test("leaves out what the API server keeps for itself")
  func bookkeeping() throws {
    let old =
      "metadata: { name: a, uid: 1, resourceVersion: '5', generation: 1 }\nstatus: { ready: 1 }"
    let new = """
      metadata:
        name: a
        uid: 2
        resourceVersion: '9'
        generation: 2
        annotations: { kubectl.kubernetes.io/last-applied-configuration: '{}' }
      status: { ready: 2 }
      """
    #expect(try diff(old, new).isEmpty)
  }

  @Test("never shows what is in a Secret")
  func secrets() throws {
    let old = "kind: Secret\ndata: { password: b2xk, token: c2FtZQ== }"
    let new = "kind: Secret\ndata: { password: bmV3, token: c2FtZQ== }\nstringData: { key: plain }"
    #expect(
      try diff(old, new) == [
        #"data.password "•••" "•••""#, #"stringData - {"key":"•••"}"#,
      ])
  }
}
