// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// A native function with an effect, bound to the arguments of one call.
protocol Action: SendableMetatype {
  /// As in `native "kube.scale"`.
  static var name: String { get }
  init(_ arguments: Arguments) throws(WorldFailure)
}

/// An action that only looks.
protocol Read: Action {
  func read() -> Flow<Document>
}

/// An action that changes the world.
protocol Act: Action {
  func observe() -> Flow<Observation>
  func perform(_ observed: Observation) -> Flow<Document>
  func settle(_ observed: Observation) -> Flow<Settlement>
}

/// Whether an act that was observed as given has happened.
enum Settlement {
  case done(Document)
  case notDone
  /// Neither the state before nor the one wanted: a person must look.
  case unknown

  var document: Document {
    switch self {
    case .done(let result): ["state": "done", "result": result]
    case .notDone: ["state": "not_done", "result": .null]
    case .unknown: ["state": "unknown", "result": .null]
    }
  }
}

/// Units of docs/drivers.md.
enum Unit {
  static let millisecond: Int64 = 1_000_000
  static let second: Int64 = 1_000_000_000
  /// 1% in units of 1e-9.
  static let percent: Int64 = 10_000_000
  static let wholePercent: Int64 = 1_000_000_000

  /// `70%`, `12.5%`.
  static func percentText(_ value: Int64) -> String {
    let whole = value / percent
    let rest = value % percent
    if rest == 0 { return "\(whole)%" }
    var digits = String(abs(rest) + percent).dropFirst()
    while digits.hasSuffix("0") { digits = digits.dropLast() }
    return "\(rest < 0 && whole == 0 ? "-" : "")\(whole).\(digits)%"
  }

  /// `30s`, `1500ms`.
  static func durationText(_ nanoseconds: Int64) -> String {
    nanoseconds % second == 0 ? "\(nanoseconds / second)s" : "\(nanoseconds / millisecond)ms"
  }
}
