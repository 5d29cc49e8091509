// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DrActions
import DrData
import DrHost
import DrRun

/// Which permissions that acts need the credentials do not have: asked of the API servers by SelfSubjectAccessReviews,
/// which change nothing.
struct PermissionReview {
  /// How long the API servers have to answer, where nothing else is waited for.
  static let patience = Duration.seconds(20)

  /// A permission in a cluster, as the program calls it.
  private struct Need: Hashable {
    let cluster: String
    let permission: KubePermission
  }

  private let lacking: [Need]
  /// Why not all could be asked; `nil` where they were.
  private(set) var doubt: String?

  /// Each kind of permission is asked once, for any object. Only where that is not allowed it is asked for each
  /// object by its name, since a rule may name them.
  init(of items: [PlanItem], in world: RealWorld, within limit: Duration) async {
    var objects: [Need: Set<Need>] = [:]
    var needs: [Need] = []
    for item in items {
      for permission in item.permissions.compactMap(KubePermission.init) {
        let need = Need(cluster: item.cluster, permission: permission)
        if objects[need] == nil { needs.append(need) }
        let named = item.target.flatMap(permission.named(by:))
        objects[need, default: []].formUnion(
          named.map { [Need(cluster: item.cluster, permission: $0)] } ?? [])
      }
    }
    let end = ContinuousClock.now.advanced(by: limit)
    let first = await Self.ask(needs, in: world, until: end)
    let refused = first.refused.filter { objects[$0]?.isEmpty != false }
    let second = await Self.ask(
      first.refused.flatMap { objects[$0] ?? [] }, in: world, until: end)
    lacking = refused + second.refused
    let unanswered = first.unanswered + second.unanswered
    guard unanswered > 0 else { return }
    let why = first.why ?? second.why ?? "the API server does not answer"
    doubt =
      "it is not known whether \(Words.count(unanswered, "permission", "permissions")) "
      + "\(unanswered == 1 ? "is" : "are") given: \(why)"
  }

  private static func ask(
    _ needs: [Need], in world: RealWorld, until end: ContinuousClock.Instant
  ) async -> (refused: [Need], unanswered: Int, why: String?) {
    guard !needs.isEmpty else { return ([], 0, nil) }
    // Tasks that are not waited for: one that stands still does not keep a failover from beginning.
    let (answers, heard) = AsyncStream.makeStream(of: (Int, Result<Document, WorldFailure>).self)
    let tasks = needs.enumerated().map { index, need in
      Task {
        let call = WorldCall(
          name: KubePermission.question,
          arguments: DocumentObject([
            ("cluster", .string(need.cluster)), ("permission", .string(need.permission.text)),
          ]),
          effect: .reads, actClass: nil, key: "plan")
        heard.yield((index, await world.answer(call, .read)))
      }
    }
    let timer = Task {
      try? await Task.sleep(until: end)
      heard.finish()
    }
    var allowed: [Int: Bool] = [:]
    var count = 0
    var why: String?
    for await (index, answer) in answers {
      switch answer {
      case .success(let document): allowed[index] = document.boolValue
      case .failure(let failure): why = why ?? failure.message
      }
      count += 1
      if count == needs.count { break }
    }
    timer.cancel()
    for task in tasks { task.cancel() }
    let refused = needs.indices.filter { allowed[$0] == false }.map { needs[$0] }
    return (refused, needs.count - allowed.count, why)
  }

  /// As plans write them, sorted, each once.
  var missing: [String] { Set(lacking.map(\.permission.text)).sorted() }

  /// Which are missing, to whom, and the rules that give them.
  func refusal(of launch: Launch, in places: [ClusterPlace]) -> String {
    var text = ""
    // Where there is one cluster, calls that name it and calls that name none mean the same.
    let groups = Dictionary(grouping: lacking) { places.count == 1 ? "" : $0.cluster }
    for (cluster, needs) in groups.sorted(by: { $0.key < $1.key }) {
      let place = cluster.isEmpty ? "" : " in cluster \(cluster)"
      let user = places.first { $0.cluster == cluster || places.count == 1 }?.user ?? ""
      let who = launch.impersonation?.text ?? (user.isEmpty ? "these credentials" : user)
      let permissions = needs.map(\.permission)
      text += "not permitted to \(who)\(place):\n"
      text += Set(permissions.map(\.text)).sorted().map { "  \($0)\n" }.joined()
      for (namespace, lines) in KubePermission.rules(for: permissions) {
        let role = namespace.isEmpty ? "a ClusterRole" : "a Role in \(namespace)"
        text += "rules of \(role) that permit it:\n"
        text += lines.map { "  \($0)\n" }.joined()
      }
    }
    return text
  }

  /// Throws where a permission is missing, unless somebody has said that it may be.
  func refuse(_ launch: Launch, in places: [ClusterPlace], accepted: Bool) throws {
    guard !lacking.isEmpty else { return }
    Console.write(refusal(of: launch, in: places), to: .error)
    if !accepted { throw Self.nothingDone() }
  }

  /// Says so, and how to go on nevertheless.
  static func nothingDone() -> ExitCode {
    Console.write(
      "nothing was done; --accept-missing goes on nevertheless, as far as it gets\n", to: .error)
    return ExitCode(1)
  }
}
