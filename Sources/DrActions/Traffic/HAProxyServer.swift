// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// One line of `show servers state`.
struct HAProxyServer: Equatable {
  let name: String
  /// `srv_uweight`: 0 to 256, as set last.
  let weight: Int64
  /// `srv_iweight`: as configured, which 100% means.
  let initialWeight: Int64
  /// `srv_admin_state`: bits of maintenance and drain.
  let adminState: Int64
  /// What its checks say of it.
  let health: SeenHealth

  /// Maintenance of any origin (0x01, 0x02, 0x04, 0x20, 0x40) and drain (0x08, 0x10) keep requests
  /// away whatever the weight is.
  var takesRequests: Bool { weight > 0 && adminState & 0x7f == 0 }

  /// In units of 1e-9.
  var percent: Int64 { initialWeight > 0 ? weight * Unit.wholePercent / initialWeight : 0 }

  /// The weight that a percent of the initial weight means, to the nearest whole.
  func weight(for percent: Int64) -> Int64 {
    min(256, (initialWeight * percent + Unit.wholePercent / 2) / Unit.wholePercent)
  }

  /// What `set server … weight` takes: relative where that is exact, else absolute.
  func argument(for weight: Int64) -> String {
    if initialWeight > 0 {
      let relative = (weight * 100 + initialWeight - 1) / initialWeight
      if relative * initialWeight / 100 == weight { return "\(relative)%" }
    }
    return "\(weight)"
  }

  /// `nil` where the text has no header of columns: an error message.
  static func parse(_ text: String, backend: String) -> [HAProxyServer]? {
    var columns: [Substring]?
    var servers: [HAProxyServer] = []
    for line in text.split(whereSeparator: \.isNewline) {
      if line.hasPrefix("# ") {
        columns = line.dropFirst(2).split(separator: " ")
        continue
      }
      guard let columns else { continue }
      let fields = line.split(separator: " ")
      func field(_ name: Substring) -> Substring? {
        columns.firstIndex(of: name).flatMap { $0 < fields.count ? fields[$0] : nil }
      }
      guard field("be_name").map({ $0 == backend }) == true, let name = field("srv_name"),
        let weight = field("srv_uweight").flatMap({ Int64($0) }),
        let initial = field("srv_iweight").flatMap({ Int64($0) }),
        let admin = field("srv_admin_state").flatMap({ Int64($0) })
      else { continue }
      func number(_ name: Substring) -> Int64? { field(name).flatMap { Int64($0) } }
      servers.append(
        HAProxyServer(
          name: String(name), weight: weight, initialWeight: initial, adminState: admin,
          health: health(
            state: number("srv_op_state"), check: number("srv_check_state"),
            result: number("srv_check_result"))))
    }
    return columns == nil ? nil : servers
  }

  /// Of `srv_op_state` (0 is down), `srv_check_state` (bit 0x04: checks are on) and `srv_check_result` (0: none yet). A server
  /// without checks is up whatever has become of it.
  private static func health(state: Int64?, check: Int64?, result: Int64?) -> SeenHealth {
    if state == 0 { return .unhealthy("HAProxy has it DOWN") }
    guard let check, check & 0x04 != 0 else { return .unknown("HAProxy does not check it") }
    return result == 0 ? .unknown("HAProxy has not checked it yet") : .healthy
  }
}
