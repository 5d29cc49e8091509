// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// Whether the API server would let these credentials do something, by a SelfSubjectAccessReview,
/// which changes nothing.
struct KubeAllowed: Read {
  static let name = "kube.allowed"
  private let kube: KubeClient
  private let permission: KubePermission

  init(_ arguments: Arguments) throws(WorldFailure) {
    kube = try arguments.kube()
    guard let permission = KubePermission(try arguments.text("permission")) else {
      throw arguments.mismatch("permission", "as in `patch deployments.apps/scale in web`")
    }
    self.permission = permission
  }

  func read() -> Flow<Document> {
    let path = KubePath(
      group: "authorization.k8s.io", version: "v1", "selfsubjectaccessreviews")
    let body: Document = [
      "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
      "spec": ["resourceAttributes": permission.attributes],
    ]
    return kube.change(.post, path, contentType: "application/json", body).then { reply in
      guard reply.isSuccess, let allowed = reply.body["status"]?["allowed"]?.boolValue else {
        return .failure(reply.failure("ask whether `\(permission.text)` is allowed"))
      }
      return .value(.bool(allowed))
    }
  }
}
