// SPDX-License-Identifier: Apache-2.0

extension SimulatedCluster {
  /// A HorizontalPodAutoscaler on a Deployment. Its bounds hold always; load moves it where it follows that.
  package struct Autoscaler: Sendable, Equatable {
    package var least: Int
    package var most: Int
    /// Whether what it looks at rises with the requests that replicas get, as the use of CPU does.
    package var followsLoad: Bool
    /// Requests a second at which a replica is at its target; `nil` is what each gets in the beginning.
    package var perReplica: Double?
    package var up: Pace
    package var down: Pace

    package init(
      least: Int, most: Int, followsLoad: Bool = true, perReplica: Double? = nil,
      up: Pace = .usualUp, down: Pace = .usualDown
    ) {
      self.least = least
      self.most = most
      self.followsLoad = followsLoad
      self.perReplica = perReplica
      self.up = up
      self.down = down
    }

    /// One direction of `behavior` (autoscaling/v2).
    package struct Pace: Sendable, Equatable {
      /// The stabilization window, in nanoseconds.
      package var settle: Int64
      /// The one that allows the most counts.
      package var steps: [Step]

      package init(settle: Int64, steps: [Step]) {
        self.settle = settle
        self.steps = steps
      }

      /// What the API server fills in (pkg/apis/autoscaling/v2/defaults.go): at most four pods or as many
      /// again every 15 s; all that is too much every 15 s, but nothing within 300 s of a higher wish.
      package static let usualUp = Pace(
        settle: 0,
        steps: [
          Step(.pods(4), within: 15 * Second.one), Step(.percent(100), within: 15 * Second.one),
        ])
      package static let usualDown = Pace(
        settle: 300 * Second.one, steps: [Step(.percent(100), within: 15 * Second.one)])
    }

    /// By how much within how many nanoseconds.
    package struct Step: Sendable, Equatable {
      package enum Size: Sendable, Equatable {
        case pods(Int)
        case percent(Int)
      }

      package var size: Size
      package var within: Int64

      package init(_ size: Size, within: Int64) {
        self.size = size
        self.within = within
      }
    }
  }
}
