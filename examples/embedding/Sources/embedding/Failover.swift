// SPDX-License-Identifier: Apache-2.0

import Dr

/// What a service knows about its zones.
struct ZoneState: Sendable {
  var isHealthy: Bool
  var load: Percent
}

/// What the policy decides for one zone; read from the record of the same name in `failover.dr`.
struct Decision: Decodable, Equatable {
  var zone: String
  var move: Bool
  var to: String?
  var keep: Duration
}

/// A failover policy that operators write and this service evaluates.
struct Failover {
  private let decide: Function<Decision, String>
  let zones: [String]

  /// Loads `failover.dr` from a folder. `states` is asked whenever the policy looks at a zone.
  init(folder: String, busy: Percent, states: @escaping @Sendable (String) -> ZoneState?) throws {
    let limits = Limits(fuel: 100_000, memory: .mebibytes(8), depth: 100)
    var engine = Engine(limits: limits, files: FolderFiles(root: folder))
    try engine.register(
      """
      ## Whether a zone answers.
      reads fn healthy(zone: String) -> Bool
      """
    ) { (zone: String) in states(zone)?.isHealthy ?? false }
    try engine.register(
      """
      ## How much of what a zone can serve it serves.
      reads fn load(zone: String) -> Percent
      """
    ) { (zone: String) in
      guard let state = states(zone) else { throw UnknownZone(name: zone) }
      return state.load
    }
    let program = try engine.load(file: "failover.dr", inputs: ["busy": .percent(busy)])
    try program.verify()
    decide = try program.function("decide", as: ((String) -> Decision).self)
    zones = try program.value(of: "zones")
  }

  /// One decision per zone.
  func decisions() throws -> [Decision] { try zones.map { try decide($0) } }
}

struct UnknownZone: Error, CustomStringConvertible {
  var name: String
  var description: String { "there is no zone \(name)" }
}

/// What the example prints.
func report(folder: String, states: [String: ZoneState]) throws -> String {
  let failover = try Failover(folder: folder, busy: Percent(70)) { states[$0] }
  return try failover.decisions().map { decision in
    guard decision.move, let to = decision.to else { return "\(decision.zone): stays" }
    return "\(decision.zone): moves to \(to) for \(decision.keep)"
  }.joined(separator: "\n")
}
