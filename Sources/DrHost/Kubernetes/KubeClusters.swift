// SPDX-License-Identifier: Apache-2.0

import DrActions
import DrBase

/// Connections to all clusters of a run, made when they are first needed.
actor KubeClusters {
  private let kubeconfig: Kubeconfig?
  private let withoutKubeconfig: String?
  private let chosenContext: String?
  private let allowsInsecure: Bool
  private let proxies: ProxyEnvironment
  /// By context.
  private var connections: [String: KubeConnection] = [:]

  init(
    kubeconfig: Kubeconfig?, withoutKubeconfig: String? = nil, chosenContext: String?,
    allowsInsecure: Bool,
    proxies: ProxyEnvironment
  ) {
    self.kubeconfig = kubeconfig
    self.withoutKubeconfig = withoutKubeconfig
    self.chosenContext = chosenContext
    self.allowsInsecure = allowsInsecure
    self.proxies = proxies
  }

  func connection(_ cluster: String) -> Result<KubeConnection, CredentialFailure> {
    guard let kubeconfig else {
      let why = withoutKubeconfig.map { ": \($0)" } ?? ""
      return .failure(CredentialFailure(message: "there is no kubeconfig for \(cluster)\(why)"))
    }
    let resolved: Kubeconfig.Resolved
    do throws(Diagnostic) {
      resolved = try kubeconfig.resolve(cluster: cluster, chosen: chosenContext)
    } catch {
      return .failure(CredentialFailure(message: error.message))
    }
    if let known = connections[resolved.context] { return .success(known) }
    do throws(CredentialFailure) {
      let connection = try KubeConnection(
        resolved, allowsInsecure: allowsInsecure, proxies: proxies)
      connections[resolved.context] = connection
      return .success(connection)
    } catch {
      return .failure(error)
    }
  }

  nonisolated func send(_ request: KubernetesRequest) async -> Reply.Answer {
    switch await connection(request.cluster) {
    case .success(let connection): return await connection.send(request)
    case .failure(let failure): return .failure(.refused(failure.message))
    }
  }

  /// Runs a program in a container.
  nonisolated func exec(
    _ request: KubernetesRequest, timeoutNanoseconds: Int64
  ) async -> Reply.Answer {
    switch await connection(request.cluster) {
    case .success(let connection):
      return await connection.upgrade(
        request, ExecHandler.subprotocols, isAct: true, timeoutNanoseconds: timeoutNanoseconds
      ) { channel, answer in
        try channel.pipeline.syncOperations.addHandler(ExecHandler(answer))
      }.answer
    case .failure(let failure): return .failure(.refused(failure.message))
    }
  }

  /// Sends an HTTP request to a port of a pod, over a port-forward of its own.
  nonisolated func forward(_ request: HTTPRequest, to address: PodAddress) async -> Reply.Answer {
    switch await connection(address.cluster) {
    case .success(let connection):
      let agent = request.headers.first { $0.name == "user-agent" }?.value ?? "dr"
      let end = await connection.upgrade(
        address.request(agent: agent), ForwardHandler.subprotocols, isAct: false,
        timeoutNanoseconds: request.timeoutNanoseconds, to: address.text
      ) { channel, answer in
        try ForwardHandler.ask(request, address, channel, answer)
      }
      if case .response = end.answer, !end.isUpgraded {
        return .failure(address.refusal(end.answer))
      }
      return end.answer
    case .failure(let failure): return .failure(.refused(failure.message))
    }
  }

  nonisolated func stream(
    _ request: KubernetesRequest, begun: @escaping @Sendable () -> Void,
    take: @escaping @Sendable ([UInt8]) -> Bool
  ) async -> StreamEnd {
    switch await connection(request.cluster) {
    case .success(let connection):
      return await connection.stream(
        request, seconds: Int64(KubeWatches.streamSeconds) + 30, begun: begun
      ) { take(Array($0)) }
    case .failure(let failure): return .failed(failure.message)
    }
  }

  func shutdown() {
    for connection in connections.values { connection.shutdown() }
    connections = [:]
  }
}
