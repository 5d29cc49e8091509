// SPDX-License-Identifier: Apache-2.0

import DrRun

/// When the kubelet's checks of a container take effect. Checks are sent `after` its start and then
/// `every` so often; a check that holds is answered at once.
struct ProbeTiming {
  let probe: SimulatedCluster.Probe
  let startedAt: Instant

  /// The first check at that instant or later.
  func firstCheck(from instant: Instant) -> Instant {
    let first = startedAt.advanced(by: probe.after)
    guard instant > first, probe.every > 0 else { return first }
    let late = instant.nanoseconds - first.nanoseconds
    let rounds = late / probe.every + (late % probe.every == 0 ? 0 : 1)
    return first.advanced(by: Second.product(rounds, probe.every))
  }

  /// When so many checks in a row have failed of a container that stops answering at that instant:
  /// the last of them is known to have failed once its timeout is over.
  func failure(from instant: Instant) -> Instant {
    firstCheck(from: instant)
      .advanced(by: Second.product(max(probe.failures, 1) - 1, probe.every))
      .advanced(by: probe.timeout)
  }
}
