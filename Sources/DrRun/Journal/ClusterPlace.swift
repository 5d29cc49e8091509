// SPDX-License-Identifier: Apache-2.0

import DrData

/// Where a cluster of a program is, as a kubeconfig says.
package struct ClusterPlace: Sendable, Equatable, CustomStringConvertible {
  /// The program's name for it; empty where it has none.
  package let cluster: String
  package let context: String
  /// URL of its API server.
  package let server: String
  /// The kubeconfig's name for whom it is asked as, or who is impersonated; empty where it is anonymous.
  package let user: String

  package init(cluster: String, context: String, server: String, user: String) {
    self.cluster = cluster
    self.context = context
    self.server = server
    self.user = user
  }

  /// `prod: https://10.0.0.1:6443 (context prod-admin, user admin)`
  package var description: String {
    let who = user.isEmpty ? "nobody in particular" : "user \(user)"
    return "\(cluster.isEmpty ? context : cluster): \(server) (context \(context), \(who))"
  }

  /// The same with `cluster` before it.
  package var text: String { "cluster \(description)" }

  package var document: Document {
    [
      "cluster": .string(cluster), "context": .string(context), "server": .string(server),
      "user": .string(user),
    ]
  }

  /// `nil` where a document is not what `document` gives.
  package init?(_ document: Document) {
    guard let cluster = document["cluster"]?.stringValue,
      let context = document["context"]?.stringValue,
      let server = document["server"]?.stringValue, let user = document["user"]?.stringValue
    else { return nil }
    self.init(cluster: cluster, context: context, server: server, user: user)
  }
}
