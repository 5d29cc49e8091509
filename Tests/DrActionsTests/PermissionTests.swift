// SPDX-License-Identifier: Apache-2.0

import DrActions
import Foundation
import Testing

struct PermissionTests {
  /// What any account may do: asking whether the server is ready, and about itself.
  private let free: Set<String> = ["kube.reachable", "kube.allowed"]
  /// Granted with the `lock` statement, and what no API server is asked for.
  private let areas = ["kube.", "gslb.", "route."]

  @Test(
    "a permission is read as plans write it, and asked for by name where a rule can name it",
    arguments: [
      ("patch deployments.apps/scale in shop", "deployments/web in shop", "web"),
      ("get nodes", "nodes/n1", "n1"),
      ("create pods/eviction in shop", "pods/p in shop", "p"),
      ("create leases.coordination.k8s.io in default", "leases/dr-web in default", nil),
      ("list pods", "nodes/n1", nil),
      ("create pods/eviction", "nodes/n1", nil),
      (
        "patch horizontalpodautoscalers.autoscaling keda-hpa-web in shop",
        "deployments/web in shop", nil
      ),
    ] as [(String, String, String?)])
  func names(text: String, target: String, name: String?) throws {
    let permission = try #require(KubePermission(text))
    #expect(permission.text == text)
    #expect(permission.named(by: target)?.name == name)
    #expect(
      permission.named(by: target).flatMap { KubePermission($0.text) }
        == permission.named(by: target))
  }

  @Test(
    "what other systems allow is no permission of Kubernetes",
    arguments: [
      "level admin on /run/haproxy.sock", "the key dr at ns1.example.net",
      "GET and PATCH of chat.example.net at api.example.net",
      "updates without a key at ns1.example.net", "get", "get pods in",
    ])
  func others(text: String) { #expect(KubePermission(text) == nil) }

  @Test("the rules that give permissions, by Role and resource")
  func rules() {
    let rules = KubePermission.rules(
      for: [
        "patch nodes n2", "get nodes n1", "patch deployments.apps/scale web in shop",
        "list pods in shop", "get pods p in shop",
      ].compactMap(KubePermission.init))
    #expect(rules.map(\.namespace) == ["", "shop"])
    #expect(
      rules.first?.lines == [
        "- apiGroups: [\"\"]", "  resources: [\"nodes\"]", "  resourceNames: [\"n1\", \"n2\"]",
        "  verbs: [\"get\", \"patch\"]",
      ])
    #expect(
      rules.last?.lines == [
        "- apiGroups: [\"\"]", "  resources: [\"pods\"]", "  verbs: [\"get\", \"list\"]",
        "- apiGroups: [\"apps\"]", "  resources: [\"deployments/scale\"]",
        "  resourceNames: [\"web\"]", "  verbs: [\"patch\"]",
      ])
  }

  @Test("a 403 for want of a permission is told from those of quotas and webhooks")
  func lacking() {
    let words =
      "kube.scale: cannot read deployment web in shop: deployments.apps \"web\" is forbidden: "
    #expect(
      KubePermission.isLacking(
        words
          + "User \"u\" cannot get resource \"deployments\" in API group \"apps\" (403 Forbidden)"))
    #expect(!KubePermission.isLacking(words + "exceeded quota: small (403 Forbidden)"))
  }

  @Test("stdlib/rights.dr says what each action needs of the API server")
  func table() throws {
    let root = URL(filePath: #filePath).resolvingSymlinksInPath()
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let text = try String(contentsOf: root.appending(path: "stdlib/rights.dr"), encoding: .utf8)
    let named = Set(
      text.split(separator: "\n").compactMap { line -> String? in
        let line = line.drop { $0 == " " }
        guard line.hasPrefix("\""), let end = line.dropFirst().firstIndex(of: "\"") else {
          return nil
        }
        return String(line[line.index(after: line.startIndex)..<end])
      }.filter { name in areas.contains(where: name.hasPrefix) })
    let wanted = Set(
      Drivers.names.filter { name in
        areas.contains(where: name.hasPrefix) && !free.contains(name)
      })
    #expect(named == wanted)
    #expect(wanted.count >= 14)
  }
}
