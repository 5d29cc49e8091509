// SPDX-License-Identifier: Apache-2.0

import DrActions
import DrBase

/// Connections to all clusters of a run, made when they are first needed.
actor KubeClusters {
  private let kubeconfig: Kubeconfig?
  private let chosenContext: String?
  private let allowsInsecure: Bool
  /// By context.
  private var connections: [String: KubeConnection] = [:]

  init(kubeconfig: Kubeconfig?, chosenContext: String?, allowsInsecure: Bool) {
    self.kubeconfig = kubeconfig
    self.chosenContext = chosenContext
    self.allowsInsecure = allowsInsecure
  }

  func connection(_ cluster: String) -> Result<KubeConnection, CredentialFailure> {
    guard let kubeconfig else {
      return .failure(CredentialFailure(message: "there is no kubeconfig for \(cluster)"))
    }
    let resolved: Kubeconfig.Resolved
    do throws(Diagnostic) {
      resolved = try kubeconfig.resolve(cluster: cluster, chosen: chosenContext)
    } catch {
      return .failure(CredentialFailure(message: error.message))
    }
    if let known = connections[resolved.context] { return .success(known) }
    do throws(CredentialFailure) {
      let connection = try KubeConnection(resolved, allowsInsecure: allowsInsecure)
      connections[resolved.context] = connection
      return .success(connection)
    } catch {
      return .failure(error)
    }
  }

  func shutdown() async {
    let open = connections.values
    connections = [:]
    for connection in open { await connection.shutdown() }
  }
}
