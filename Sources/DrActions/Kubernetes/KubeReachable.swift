// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// Whether an API server answers at all. Credentials that it does not accept are a failure and no
/// `false`: a cluster must not seem lost because a token has expired.
struct KubeReachable: Read {
  static let name = "kube.reachable"
  private let kube: KubeClient

  init(_ arguments: Arguments) throws(WorldFailure) { kube = try arguments.kube() }

  func read() -> Flow<Document> { ask(attempt: 1) }

  private func ask(attempt: Int) -> Flow<Document> {
    let request = KubernetesRequest(
      cluster: kube.cluster, method: .get, path: "/readyz", agent: kube.agent)
    return .ask(.kubernetes(request)) { reply in
      switch KubeReply.read(reply) {
      case .failure(.refused(let message)): return .failure(.refused(message))
      case .success(let reply) where reply.isSuccess || reply.status == 404:
        // Before 1.16 there was no /readyz; who answers 404 answers.
        return .value(true)
      case .success(let reply) where reply.status == 401 || reply.status == 403:
        return .failure(reply.failure("read /readyz"))
      case .failure, .success:
        guard attempt < 2 else { return .value(false) }
        return .sleep(nanoseconds: 500 * Unit.millisecond) { ask(attempt: attempt + 1) }
      }
    }
  }
}
