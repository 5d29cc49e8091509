// SPDX-License-Identifier: Apache-2.0

import DrActions
import DrData
import DrRun
import Testing

struct LockTests {
  private let arguments: Document = [
    "cluster": "a", "name": "deepseek", "holder": "run-1", "ttl": 60_000_000_000,
  ]
  private let path = "/apis/coordination.k8s.io/v1/namespaces/default/leases"
  private var get: String { "GET \(path)/dr-deepseek" }
  private var date: (String, String) { ("date", "Mon, 23 Nov 2026 20:15:00 GMT") }
  private let now = "2026-11-23T20:15:00.000000Z"

  private func lease(_ holder: String, renewed: String, transitions: Int = 4) -> String {
    #"{"metadata":{"resourceVersion":"9"},"spec":{"holderIdentity":"\#(holder)","#
      + #""leaseDurationSeconds":60,"renewTime":"\#(renewed)","leaseTransitions":\#(transitions)}}"#
  }

  private func read(_ status: Int, _ body: String = "{}") -> Transcript.Turn {
    turn(get, status, body, headers: [date])
  }

  private func patch(transitions: Int, isNew: Bool) -> String {
    let acquired = isNew ? #","acquireTime":"\#(now)""# : ""
    return
      #"PATCH \#(path)/dr-deepseek {"spec":{"holderIdentity":"run-1","leaseDurationSeconds":60,"#
      + #""renewTime":"\#(now)","leaseTransitions":\#(transitions)\#(acquired)},"#
      + #""metadata":{"resourceVersion":"9"}}"#
  }

  @Test("a lock that nobody has is created, with the server's time")
  func creates() {
    let post =
      #"POST \#(path) {"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":"#
      + #"{"name":"dr-deepseek","namespace":"default"},"spec":{"holderIdentity":"run-1","#
      + #""leaseDurationSeconds":60,"renewTime":"\#(now)","leaseTransitions":1,"acquireTime":"\#(now)"}}"#
    #expect(
      Transcript([read(404), turn(post, 201)])
        .run("lock.acquire", arguments, .perform(observed: observed(.null, 1))) == .finish(1))
    // Somebody was faster: refused in their name.
    #expect(
      Transcript([read(404), turn(post, 409), read(200, lease("run-2", renewed: now))])
        .run("lock.acquire", arguments, .perform(observed: observed(.null, 1)))
        == .fail(.held("lock deepseek is held by run-2 for 1m more unless renewed")))
  }

  @Test("a lock that somebody holds is refused with the holder's name")
  func held() {
    #expect(
      Transcript([read(200, lease("run-2", renewed: "2026-11-23T20:14:30.000000Z"))])
        .run("lock.acquire", arguments, .observe)
        == .fail(.held("lock deepseek is held by run-2 for 30s more unless renewed")))
  }

  @Test("a lock whose hold has expired is taken over, with a new number, if nobody renews it")
  func expired() {
    let old = lease("run-2", renewed: "2026-11-23T20:13:00.500000Z")
    #expect(
      Transcript([
        read(200, old), sleep(5000), read(200, old), turn(patch(transitions: 5, isNew: true)),
      ]).run("lock.acquire", arguments, .perform(observed: observed(.null, 5))) == .finish(5))
  }

  @Test("a lock that was released, or is ours, is taken at once")
  func free() {
    #expect(
      Transcript([
        read(200, lease("", renewed: now)), turn(patch(transitions: 5, isNew: true)),
      ]).run("lock.acquire", arguments, .perform(observed: observed(.null, 5))) == .finish(5))
    #expect(
      Transcript([
        read(200, lease("run-1", renewed: "2026-11-23T20:00:00.000000Z")),
        turn(patch(transitions: 4, isNew: false)),
      ]).run("lock.acquire", arguments, .perform(observed: observed(.null, 4))) == .finish(4))
    #expect(
      Transcript([read(200, lease("run-1", renewed: now))])
        .run("lock.acquire", arguments, .settle(observed: observed(.null, 4)))
        == settled("done", 4))
  }

  @Test("renewing fails once somebody else has the lock")
  func renews() {
    #expect(
      Transcript([
        read(200, lease("run-1", renewed: "2026-11-23T20:14:00.000000Z")),
        turn(patch(transitions: 4, isNew: false)),
      ]).run("lock.renew", arguments, .perform(observed: observed(.null, .null)))
        == .finish(.null))
    #expect(
      Transcript([read(200, lease("run-2", renewed: now))])
        .run("lock.renew", arguments, .perform(observed: observed(.null, .null)))
        == .fail(.held("lock deepseek is held by run-2 for 1m more unless renewed")))
  }

  @Test("releasing leaves the Lease and what is not ours")
  func releases() {
    #expect(
      Transcript([
        read(200, lease("run-1", renewed: now)),
        turn(
          #"PATCH \#(path)/dr-deepseek {"spec":{"holderIdentity":null},"metadata":{"resourceVersion":"9"}}"#
        ),
      ]).run("lock.release", arguments, .perform(observed: observed(.null, .null)))
        == .finish(.null))
    #expect(
      Transcript([read(200, lease("run-2", renewed: now))])
        .run("lock.release", arguments, .perform(observed: observed(.null, .null)))
        == .finish(.null))
  }

  @Test("names that are no object names get one of their own")
  func objectNames() {
    for (name, object) in [("Deep Seek", "dr-deep-seek-"), ("deep-seek-", "dr-deep-seek-")] {
      var call = arguments.objectValue ?? DocumentObject()
      call["name"] = .string(name)
      var exchange = try? Drivers.exchange(
        for: WorldCall(
          name: "lock.renew", arguments: call, effect: .acts, actClass: .apply, key: "k"),
        phase: .observe)
      guard case .send(.kubernetes(let request)) = exchange?.next(nil) else {
        Issue.record("no request")
        continue
      }
      let leaf = request.path.split(separator: "/").last ?? ""
      #expect(leaf.hasPrefix(object) && leaf.count == object.count + 8)
    }
  }
}
