// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// What Alertmanager posts to a webhook, version 4 of its payload (prometheus.io, "webhook_config").
package enum AlertmanagerWebhook {
  /// Why a payload is none, as a sentence without a full stop.
  package struct Mistake: Error, Equatable {
    package let message: String

    package init(message: String) { self.message = message }
  }

  /// The alerts of a payload, all of them or none.
  package static func read(_ body: [UInt8]) throws(Mistake) -> [Alert] {
    let document: Document
    do throws(DataError) {
      document = try JSON.parse(body)
    } catch {
      throw Mistake(
        message:
          "this is no JSON: \(error.message), at line \(error.line), column \(error.column)")
    }
    guard case .object = document else {
      throw Mistake(message: "Alertmanager's payload is a JSON object")
    }
    let version = try text(document, "version", "the payload")
    guard version == "4" else {
      throw Mistake(message: "version \(quoted(version)) of the payload is not known, only \"4\"")
    }
    let groupKey = try text(document, "groupKey", "the payload")
    guard let items = document["alerts"]?.arrayValue else {
      throw Mistake(message: "`alerts` of the payload must be a list")
    }
    var alerts: [Alert] = []
    for (index, item) in items.enumerated() {
      alerts.append(try alert(item, groupKey, "alert \(index + 1)"))
    }
    return alerts
  }

  private static func alert(
    _ item: Document, _ groupKey: String, _ what: String
  ) throws(Mistake) -> Alert {
    let status = try text(item, "status", what)
    guard status == "firing" || status == "resolved" else {
      throw Mistake(
        message: "`status` of \(what) must be firing or resolved, not \(quoted(status))")
    }
    guard let labels = item["labels"]?.objectValue,
      labels.members.allSatisfy({ $0.value.stringValue != nil })
    else { throw Mistake(message: "`labels` of \(what) must be an object of texts") }
    guard labels["alertname"]?.stringValue?.isEmpty == false else {
      throw Mistake(message: "\(what) has no label `alertname`")
    }
    let key = Alert.Key(
      groupKey: groupKey, fingerprint: try text(item, "fingerprint", what),
      startsAt: try text(item, "startsAt", what))
    return Alert(key: key, labels: labels, isFiring: status == "firing")
  }

  private static func text(
    _ object: Document, _ name: String, _ what: String
  ) throws(Mistake) -> String {
    guard let text = object[name]?.stringValue, !text.isEmpty, text.utf8.count <= 1 << 14 else {
      throw Mistake(message: "`\(name)` of \(what) must be a text")
    }
    return text
  }

  private static func quoted(_ text: String) -> String {
    JSON.write(.string(String(text.prefix(40))))
  }
}
