// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// Sets weights of a backend's servers and reads them back. Servers that are not named keep theirs.
/// What gains weight is set before what loses it, so that there is capacity all the time.
struct HAProxySetWeights: Act {
  static let name = "haproxy.set_weights"
  private let socket: HAProxySocket
  private let weights: [(name: String, value: Int64)]
  private let lastZone: LastZone

  init(_ arguments: Arguments) throws(WorldFailure) {
    socket = try HAProxySocket(arguments)
    weights = try arguments.percents("weights")
    lastZone = try LastZone(arguments)
    guard weights.allSatisfy({ HAProxySocket.isName($0.name) }) else {
      throw arguments.mismatch("weights", "an Object of percents by server name")
    }
  }

  private var target: String { "backend \(socket.backend) of HAProxy at \(socket.path)" }

  private struct Change {
    let server: HAProxyServer
    let weight: Int64
    let percent: Int64
    var isDue: Bool { server.weight != weight }
  }

  /// What is to become of each named server; a failure where that makes no sense.
  private func changes(_ servers: [HAProxyServer]) -> Flow<[Change]> {
    var changes: [Change] = []
    for (name, percent) in weights {
      guard let server = servers.first(where: { $0.name == name }) else {
        return .failure(.refused("\(target) has no server \(name)"))
      }
      let weight = server.weight(for: percent)
      if percent > 0, weight == 0 {
        return .failure(
          .refused(
            "\(target): \(Unit.percentText(percent)) of the initial weight "
              + "\(server.initialWeight) of \(name) is none; configure a larger one, such as 100"
          ))
      }
      changes.append(Change(server: server, weight: weight, percent: percent))
    }
    let serving = servers.filter { server in
      let weight = changes.first { $0.server.name == server.name }?.weight ?? server.weight
      return weight > 0 && server.adminState & 0x7f == 0
    }
    guard !serving.isEmpty else {
      return .failure(.refused("\(target) would be left without a server that has weight"))
    }
    return .value(changes)
  }

  func observe() -> Flow<Observation> {
    socket.servers().then { servers in
      changes(servers).then { changes in
        let before = HAProxyWeights.document(servers)
        let observation = Observation(
          target: target,
          changes: changes.filter(\.isDue).map { change in
            "weight of \(change.server.name) \(Unit.percentText(change.server.percent)) → "
              + Unit.percentText(change.percent)
          },
          permissions: ["level admin on \(socket.path)"], state: before, result: before)
        return lastZone.guarding(drain(servers, changes), observation) { zones in
          .value(servers.filter { zones.contains($0.name) }.map { ($0.name, $0.health) })
        }
      }
    }
  }

  private func drain(_ servers: [HAProxyServer], _ changes: [Change]) -> Drain {
    Drain(
      servers.map { server in
        let weight = changes.first { $0.server.name == server.name }?.weight ?? server.weight
        return (server.name, server.takesRequests, weight > 0 && server.adminState & 0x7f == 0)
      })
  }

  func perform(_ observed: Observation) -> Flow<Document> {
    socket.servers().then { servers in
      changes(servers).then { changes in
        let due = changes.filter(\.isDue)
        let raises = due.filter { $0.weight > $0.server.weight }
        let cuts = due.filter { $0.weight < $0.server.weight }
        return send((raises + cuts)[...]).then { readBack(observed) }
      }
    }
  }

  private func send(_ changes: ArraySlice<Change>) -> Flow<Void> {
    guard let change = changes.first else { return .value(()) }
    let argument = change.server.argument(for: change.weight)
    let server = "\(socket.backend)/\(change.server.name)"
    return socket.order("set server \(server) weight \(argument)").then {
      send(changes.dropFirst())
    }
  }

  private func readBack(_ observed: Observation) -> Flow<Document> {
    socket.servers().then { servers in
      changes(servers).then { changes in
        guard let odd = changes.first(where: \.isDue) else { return .value(observed.result) }
        return .failure(
          .busy(
            "\(target): the weight of \(odd.server.name) reads \(odd.server.weight) after it was "
              + "set to \(odd.weight); somebody else may be setting weights too"))
      }
    }
  }

  func settle(_ observed: Observation) -> Flow<Settlement> {
    socket.servers().then { servers in
      changes(servers).map { $0.contains(where: \.isDue) ? .notDone : .done(observed.result) }
    }
  }
}
