// SPDX-License-Identifier: Apache-2.0

import DrActions
import DrData
import DrRun
import Testing

@Suite("Alerts, told and remembered")
struct AlertTests {
  private let now = Instant(nanoseconds: 1_000_000_000)

  private func alert(
    _ zone: String, start: String = "1", isFiring: Bool = true, group: String = "g"
  ) -> Alert {
    Alert(
      key: Alert.Key(groupKey: group, fingerprint: zone, startsAt: start),
      labels: DocumentObject([("alertname", "ZoneDark"), ("zone", .string(zone))]),
      isFiring: isFiring)
  }

  private func fires(_ book: inout AlertBook, _ zone: String, asker: String = "a") -> Bool {
    book.isFiring(
      "ZoneDark", with: DocumentObject([("zone", .string(zone))]), asker: asker, at: now)
  }

  @Test("one occurrence has its effect once, for who asked")
  func once() {
    var book = AlertBook()
    let first = book.take([alert("az1"), alert("az1")], at: now)
    #expect(first.new.count == 1 && first.repeated == 1)
    let before = (fires(&book, "az1"), fires(&book, "az2"))
    #expect(before == (true, false))
    let used = book.use(asker: "a")
    #expect(used.map(\.fingerprint) == ["az1"])
    let after = (fires(&book, "az1"), fires(&book, "az1", asker: "b"))
    #expect(after == (false, true), "another detector has not used it")
    let again = book.take([alert("az1")], at: now)
    #expect(again.new.isEmpty)
    let stillUsed = fires(&book, "az1")
    #expect(!stillUsed)
    let next = book.take([alert("az1", start: "2")], at: now)
    let anew = fires(&book, "az1")
    #expect(next.new.count == 1 && anew && book.count == 1, "it takes the old one's place")
  }

  @Test("of thousands that come at once each is known by its own, and one too many is counted")
  func many() {
    var book = AlertBook()
    let all = (0...AlertBook.countMax).map { alert("az\($0)") }
    let taken = book.take(all, at: now)
    #expect(taken.new.count == AlertBook.countMax && taken.refused == 1)
    let again = book.take(all.map { alert($0.key.fingerprint, isFiring: false) }, at: now)
    #expect(again.resolved.count == AlertBook.countMax && again.repeated == 1 && book.count == 0)
  }

  @Test("a long one fills no log")
  func text() {
    let long = Alert(
      key: alert("az1").key,
      labels: DocumentObject(
        [("alertname", "Many")] + (0..<20_000).map { ("l\($0)", "v") }), isFiring: true)
    #expect(long.text.count < 300 && long.text.hasPrefix(#"Many{l0="v", l1="v""#))
    #expect(alert("az1").text == #"ZoneDark{zone="az1"}"#)
  }

  @Test("an alert whose run was not begun fires again")
  func released() {
    var book = AlertBook()
    _ = book.take([alert("az1")], at: now)
    _ = fires(&book, "az1")
    let used = book.use(asker: "a")
    let meanwhile = fires(&book, "az1")
    book.release(used, asker: "a")
    let again = fires(&book, "az1")
    #expect(!meanwhile && again)
  }

  @Test("what is resolved or forgotten does not fire")
  func ends() {
    var book = AlertBook()
    _ = book.take([alert("az1"), alert("az2")], at: now)
    let told = book.take([alert("az1", isFiring: false), alert("az3", isFiring: false)], at: now)
    #expect(told.resolved.count == 1 && told.repeated == 1)
    let left = (fires(&book, "az1"), fires(&book, "az2"))
    #expect(left == (false, true))
    let later = now.advanced(by: AlertBook.forgottenAfter + 1)
    let old = book.isFiring("ZoneDark", with: DocumentObject(), asker: "a", at: later)
    #expect(!old && book.count == 0)
  }

  @Test("survives on disk, where other contents are refused")
  func document() throws {
    var book = AlertBook()
    _ = book.take([alert("az1")], at: now)
    var again = try #require(AlertBook(try JSON.parse(Array(JSON.write(book.document).utf8))))
    let before = fires(&again, "az1")
    again.use([alert("az1").key], asker: "a")
    let after = fires(&again, "az1")
    #expect(before && !after)
    #expect(AlertBook(["format": "dr-alerts/2", "alerts": []]) == nil)
    #expect(AlertBook(["format": "dr-alerts/1", "alerts": [["key": 1]]]) == nil)
  }

  @Test("takes no more than it can keep")
  func bounded() {
    var book = AlertBook()
    let many = (0...AlertBook.countMax).map { alert("z\($0)") }
    let taken = book.take(many, at: now)
    #expect(taken.new.count == AlertBook.countMax && taken.refused == 1)
  }

  private static let payload = """
    {"version": "4", "groupKey": "{}:{}", "truncatedAlerts": 0, "status": "firing", "alerts": [
     {"status": "firing", "labels": {"alertname": "ZoneDark", "zone": "az1"}, "annotations": {},
      "startsAt": "2026-11-27T18:00:00.5Z", "endsAt": "0001-01-01T00:00:00Z", "fingerprint": "f1"},
     {"status": "resolved", "labels": {"alertname": "ZoneDark"}, "startsAt": "t", "fingerprint": "f2"}]}
    """

  @Test("a payload of Alertmanager is read whole")
  func webhook() throws {
    let alerts = try AlertmanagerWebhook.read(Array(Self.payload.utf8))
    #expect(alerts.map(\.text) == ["ZoneDark{zone=\"az1\"}", "ZoneDark"])
    #expect(alerts.map(\.isFiring) == [true, false])
    #expect(
      alerts[0].key
        == Alert.Key(
          groupKey: "{}:{}", fingerprint: "f1", startsAt: "2026-11-27T18:00:00.5Z"))
  }

  @Test(
    "a payload with one mistake is refused whole",
    arguments: [
      ("\"4\"", "4", "`version`"), ("\"groupKey\": \"{}:{}\"", "\"x\": 1", "`groupKey`"),
      ("\"alertname\": \"ZoneDark\", ", "", "alert 1 has no label `alertname`"),
      ("\"fingerprint\": \"f2\"", "\"x\": 1", "`fingerprint` of alert 2"),
      ("\"zone\": \"az1\"", "\"zone\": 7", "`labels` of alert 1"),
      ("\"resolved\"", "\"gone\"", "`status` of alert 2"), ("]}", "]", "this is no JSON"),
    ])
  func mistakes(old: String, new: String, sentence: String) {
    let text = Self.payload
    guard let range = text.firstRange(of: old) else {
      Issue.record("the payload has no \(old)")
      return
    }
    let bad = text.replacingCharacters(in: range, with: new)
    #expect {
      try AlertmanagerWebhook.read(Array(bad.utf8))
    } throws: {
      ($0 as? AlertmanagerWebhook.Mistake)?.message.contains(sentence) == true
    }
  }
}

extension String {
  fileprivate func replacingCharacters(in range: Range<Index>, with other: String) -> String {
    String(self[..<range.lowerBound]) + other + String(self[range.upperBound...])
  }
}
