// SPDX-License-Identifier: Apache-2.0

import DrRun

/// Something that goes on in a simulated world beside its policies and their runs.
package protocol SimulatedCompanion: AnyObject {
  /// Changes what is simulated, before it is.
  func prepare(_ clusters: inout [SimulatedCluster])
  /// When it wants a turn next; `nil` where it does not.
  var nextTurn: Instant? { get }
  /// Takes its turn; that instant has come.
  func turn(in world: SimulatedWorld)
  /// Whether the simulation need not go on for its sake; it then ends with the run under way.
  var isOver: Bool { get }
  /// What it did, in the order of time.
  var events: [SimulationEvent] { get }
}
