// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrData
import DrRun

/// What a kubeconfig says (client.config.k8s.io/v1; kubernetes.io, "Organizing Cluster Access
/// Using kubeconfig Files"). Values are as written; files they name are read when they are used.
package struct Kubeconfig: Sendable {
  /// Bytes that stand in the file itself or in another one.
  enum Material: Sendable, Equatable {
    case inline([UInt8])
    case file(String)
  }

  struct Cluster: Sendable {
    var name: String
    var server: String
    var certificateAuthority: Material?
    var skipsVerification = false
    /// Name that the certificate must be for, where it is not the server's.
    var tlsServerName: String?
    var proxyURL: String?
    /// What a credential program is told of the cluster besides: the extension
    /// `client.authentication.k8s.io/exec`.
    var execConfig: Document?
  }

  struct User: Sendable {
    var name: String
    var clientCertificate: Material?
    var clientKey: Material?
    var token: String?
    var tokenFile: String?
    var username: String?
    var password: String?
    var exec: Exec?
    var impersonatedUser: String?
    var impersonatedGroups: [String] = []
    var impersonatedUID: String?
    /// A name may come several times.
    var impersonatedExtras: [(name: String, value: String)] = []
  }

  /// A program that gives credentials (KEP-541).
  struct Exec: Sendable, Equatable {
    /// `client.authentication.k8s.io/v1` or `…/v1beta1`.
    var apiVersion: String
    /// A path where it holds a slash, else looked up in PATH.
    var command: String
    var arguments: [String]
    var environment: [Variable]
    var installHint: String?
    var providesClusterInfo: Bool

    struct Variable: Sendable, Equatable {
      var name: String
      var value: String
    }
  }

  struct Context: Sendable {
    var name: String
    var cluster: String
    var user: String
  }

  var currentContext: String?
  var clusters: [Cluster] = []
  var users: [User] = []
  var contexts: [Context] = []
  /// Where it was read from, for messages.
  var origin: String
  /// Goes before what the users' entries say.
  package var impersonation: Impersonation?

  /// Names of all contexts, in their order.
  package var contextNames: [String] { contexts.map(\.name) }

  /// The context that a cluster's requests go to, with its server's address.
  package func destination(
    cluster: String, chosen: String?
  ) throws(Diagnostic) -> (context: String, server: String) {
    let resolved = try resolve(cluster: cluster, chosen: chosen)
    return (resolved.context, resolved.cluster.server)
  }

  /// Where all clusters of a program are; `""` is the one of a program that names none. Those that this kubeconfig does
  /// not know are left out, as long as it knows one: a runbook may never come to them.
  package func places(
    of clusters: [String], chosen: String?
  ) throws(Diagnostic) -> [ClusterPlace] {
    var places: [ClusterPlace] = []
    var unknown: Diagnostic?
    for cluster in clusters {
      do throws(Diagnostic) {
        let resolved = try resolve(cluster: cluster, chosen: chosen)
        places.append(
          ClusterPlace(
            cluster: cluster, context: resolved.context, server: resolved.cluster.server,
            user: resolved.user.impersonatedUser ?? resolved.user.name))
      } catch {
        unknown = error
      }
    }
    if places.isEmpty, let unknown { throw unknown }
    return places
  }

  /// A context with what it refers to.
  struct Resolved: Sendable {
    let context: String
    let cluster: Cluster
    /// Without a name where the context names none: anonymous.
    let user: User
  }

  /// The context to use for a cluster that a program names: the one chosen by hand, else the one of
  /// that name, else the current one.
  func resolve(cluster: String, chosen: String?) throws(Diagnostic) -> Resolved {
    let wanted: String
    if let chosen {
      wanted = chosen
    } else if contexts.contains(where: { $0.name == cluster }) {
      wanted = cluster
    } else if let currentContext, !currentContext.isEmpty {
      wanted = currentContext
    } else {
      throw problem("\(origin) has no context \(cluster) and no current-context")
    }
    guard let context = contexts.first(where: { $0.name == wanted }) else {
      throw problem("\(origin) has no context \(wanted)")
    }
    guard let found = clusters.first(where: { $0.name == context.cluster }) else {
      throw problem(
        "context \(wanted) of \(origin) names cluster \(context.cluster), which is missing")
    }
    var user = User(name: "")
    if let named = users.first(where: { $0.name == context.user }) {
      user = named
    } else if !context.user.isEmpty {
      throw problem("context \(wanted) of \(origin) names user \(context.user), which is missing")
    }
    if let impersonation { user.act(as: impersonation) }
    return Resolved(context: wanted, cluster: found, user: user)
  }

  private func problem(_ message: String) -> Diagnostic {
    let known = contextNames.prefix(10).joined(separator: ", ")
    return Diagnostic(
      .invalidKubeconfig, message,
      help: known.isEmpty ? "add a context" : "choose one of its contexts: \(known)")
  }
}
