// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// Whether the API server would let these credentials do something, by a SelfSubjectAccessReview,
/// which changes nothing.
struct KubeAllowed: Read {
  static let name = "kube.allowed"
  private let kube: KubeClient
  private let permission: String
  private let attributes: Document

  init(_ arguments: Arguments) throws(WorldFailure) {
    kube = try arguments.kube()
    permission = try arguments.text("permission")
    guard let attributes = Self.attributes(permission) else {
      throw arguments.mismatch("permission", "as in `patch deployments.apps/scale in web`")
    }
    self.attributes = attributes
  }

  /// `VERB RESOURCE[.GROUP][/SUBRESOURCE] [in NAMESPACE]`, as plans write it.
  private static func attributes(_ text: String) -> Document? {
    let words = text.split(separator: " ").map(String.init)
    guard words.count == 2 || (words.count == 4 && words[2] == "in") else { return nil }
    let parts = words[1].split(separator: "/", maxSplits: 1).map(String.init)
    guard let first = parts.first else { return nil }
    let resource = first.prefix { $0 != "." }
    var object = DocumentObject([
      ("verb", .string(words[0])), ("resource", .string(String(resource))),
      ("group", .string(String(first.dropFirst(resource.count + 1)))),
    ])
    if parts.count == 2 { object["subresource"] = .string(parts[1]) }
    if words.count == 4 { object["namespace"] = .string(words[3]) }
    return .object(object)
  }

  func read() -> Flow<Document> {
    let path = KubePath(
      group: "authorization.k8s.io", version: "v1", "selfsubjectaccessreviews")
    let body: Document = [
      "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
      "spec": ["resourceAttributes": attributes],
    ]
    return kube.change(.post, path, contentType: "application/json", body).then { reply in
      guard reply.isSuccess, let allowed = reply.body["status"]?["allowed"]?.boolValue else {
        return .failure(reply.failure("ask whether `\(permission)` is allowed"))
      }
      return .value(.bool(allowed))
    }
  }
}
