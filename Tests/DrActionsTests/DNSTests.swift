// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun
import Testing

@testable import DrActions

/// Name servers of one zone as values: what they answer, and what an update makes of it.
private struct NameServers {
  struct Server {
    var addresses: [String]
    var serial: UInt32 = 1
    var isSilent = false
    /// How many answers still give what was there before the update.
    var lag = 0
  }
  var servers: [String: Server]
  /// What the primary says to updates instead of carrying them out.
  var refusal: DNSMessage?
  /// What somebody else writes when the update is on its way.
  var intruder: [String]?
  /// The answer to the update is lost, after it was carried out or not.
  var losesAnswer = false
  /// What the resolver knows of the servers; what it does not, the machine looks up by their names.
  var primary = "ns1.example.net"
  var addresses = ["ns2.example.net": ["192.0.2.2"]]
  /// Whether the program names the servers; else the resolver knows them.
  var areDeclared = true
  private(set) var updates = 0
  private(set) var slept: Int64 = 0

  init(_ primary: [String], _ secondary: [String], lag: Int = 0) {
    servers = [
      "192.0.2.1": Server(addresses: primary), "192.0.2.2": Server(addresses: secondary, lag: lag),
    ]
  }

  mutating func run(_ name: String, _ phase: CallPhase, _ weights: Document = [:]) -> Transcript.End
  {
    let declared: Document = ["ns1.example.net": "192.0.2.1", "ns2.example.net": "192.0.2.2"]
    let arguments: Document = [
      "zone": "example.net", "host": "chat", "port": 53, "ttl": 30_000_000_000,
      "servers": areDeclared ? declared : .object(DocumentObject()),
      "addresses": ["az1": "192.0.2.10", "az2": "192.0.2.20", "az3": "2001:db8::30"],
      "weights": weights, "key": "dr", "algorithm": "hmac-sha256", "secret": "env:DR_KEY",
      "patience": 2_000_000_000,
    ]
    let call = WorldCall(
      name: name, arguments: arguments.objectValue ?? DocumentObject(),
      effect: phase == .read ? .reads : .acts, actClass: phase == .read ? nil : .verify,
      key: "run/1")
    return Transcript.drive(call, phase) { step in
      switch step {
      case .send(.dns(let request)): return answer(request)
      case .sleep(let nanoseconds): slept += nanoseconds
      case .send(let request): Issue.record("not for a name server: \(request)")
      case .finish, .fail: break
      }
      return nil
    }
  }

  private mutating func answer(_ request: DNSRequest) -> Reply.Answer {
    if request.server.isEmpty { return resolve(request) }
    let names = ["ns1.example.net": "192.0.2.1", "ns2.example.net": "192.0.2.2"]
    let place = names[request.server] ?? request.server
    guard let server = servers[place], !server.isSilent else {
      return .failure(.lostAnswer("\(place) port 53: no answer within the time allowed"))
    }
    if request.message.opcode == DNSOpcode.update { return update(request) }
    #expect(request.key == nil && request.isRepeatable)
    var reply = request.message
    reply.isResponse = true
    reply.isAuthoritative = true
    guard let question = reply.questions.first else { return .message(reply.wire) }
    if question.type == DNSType.soa {
      let data = DNSName.root.wire + DNSName.root.wire + DNSWire.bytes(server.serial)
      reply.answers = [
        .init(name: question.name, type: DNSType.soa, data: data + [UInt8](repeating: 0, count: 16))
      ]
    } else {
      reply.answers = server.addresses.compactMap { IPAddress($0) }.filter {
        $0.type == question.type
      }
      .map { .init(name: question.name, type: $0.type, data: $0.bytes) }
    }
    return .message(reply.wire)
  }

  /// The machine's resolver: it knows the servers of the zone, in another order.
  private func resolve(_ request: DNSRequest) -> Reply.Answer {
    #expect(request.port == 53 && request.key == nil && request.message.wantsRecursion)
    var reply = request.message
    reply.isResponse = true
    func wire(_ text: String) -> [UInt8] { (DNSName(text) ?? .root).wire }
    for question in reply.questions {
      let datas: [[UInt8]] =
        switch question.type {
        case DNSType.soa: [wire(primary) + wire("x") + [UInt8](repeating: 0, count: 20)]
        case DNSType.ns: [wire("ns2.example.net"), wire("ns1.example.net")]
        case let type:
          (addresses[question.name.text] ?? []).compactMap { IPAddress($0) }
            .filter { $0.type == type }.map(\.bytes)
        }
      reply.answers =
        servers.isEmpty
        ? [] : datas.map { .init(name: question.name, type: question.type, data: $0) }
    }
    return .message(reply.wire)
  }

  private mutating func update(_ request: DNSRequest) -> Reply.Answer {
    updates += 1
    #expect(["192.0.2.1", "ns1.example.net"].contains(request.server))
    #expect(request.key?.text == "dr" && !request.isRepeatable)
    if let intruder { servers["192.0.2.1"]?.addresses = intruder }
    var reply = refusal ?? request.message
    reply.isResponse = true
    let now = Set((servers["192.0.2.1"]?.addresses ?? []).compactMap { IPAddress($0) })
    let expected = Set(request.message.answers.compactMap { IPAddress($0.data) })
    if refusal == nil, now != expected { reply.code = DNSCode.recordsDiffer }
    if reply.code == DNSCode.noError {
      var next = now
      for record in request.message.authorities {
        guard let address = IPAddress(record.data) else { continue }
        if record.kind == DNSClass.none { next.remove(address) } else { next.insert(address) }
      }
      #expect(!next.isEmpty)
      for place in servers.keys.sorted() where servers[place]?.lag == 0 {
        servers[place]?.addresses = DNSFront.sorted(next).map(\.text)
        servers[place]?.serial += 1
      }
    }
    if losesAnswer { return .failure(.lostAnswer("192.0.2.1 port 53: no answer")) }
    return .message(reply.wire)
  }
}

struct DNSTests {
  private let both = ["192.0.2.10", "192.0.2.20"]
  private let leave: Document = ["az1": 0, "az2": 1_000_000_000]
  private let before: Document = ["az1": 500_000_000, "az2": 500_000_000, "az3": 0]

  private func observation(
    _ servers: inout NameServers, _ weights: Document
  ) -> Document {
    guard case .finish(let document) = servers.run("dns.set_weights", .observe, weights) else {
      Issue.record("nothing was observed")
      return .null
    }
    return document
  }

  @Test("zones whose address is published get the same; a silent primary is stood in for")
  func weights() {
    var servers = NameServers(both, both)
    #expect(servers.run("dns.weights", .read) == .finish(before))
    servers.servers["192.0.2.1"]?.isSilent = true
    #expect(servers.run("dns.weights", .read) == .finish(before))
    servers.servers["192.0.2.2"]?.isSilent = true
    #expect(
      servers.run("dns.weights", .read)
        == .fail(.unreachable("192.0.2.1 port 53: no answer within the time allowed")))
  }

  @Test("one update takes a zone out, and is over once every server has followed")
  func shifts() {
    var servers = NameServers(both + ["198.51.100.9"], both)
    let seen = observation(&servers, leave)
    #expect(
      seen["changes"] == [
        "A 192.0.2.10 of az1 is taken out",
        "not looked at is whether it is healthy: az2 (the front declares no health of it)",
      ])
    #expect(seen["permissions"] == ["the key dr at ns1.example.net"])
    #expect(servers.run("dns.set_weights", .perform(observed: seen), leave) == .finish(before))
    #expect(servers.updates == 1)
    // What belongs to no zone stays.
    #expect(servers.servers["192.0.2.2"]?.addresses == ["192.0.2.20", "198.51.100.9"])
    // A second copy of the act changes nothing.
    #expect(servers.run("dns.set_weights", .perform(observed: seen), leave) == .finish(before))
    #expect(servers.updates == 1)
  }

  @Test("servers that are not declared are found: the primary by the SOA record, all by NS records")
  func discovers() {
    var servers = NameServers(both, both)
    servers.areDeclared = false
    #expect(servers.run("dns.weights", .read) == .finish(before))
    let seen = observation(&servers, leave)
    #expect(seen["target"] == "chat.example.net at ns1.example.net")
    #expect(servers.run("dns.set_weights", .perform(observed: seen), leave) == .finish(before))
    #expect(servers.updates == 1)
    #expect(servers.servers["192.0.2.2"]?.addresses == ["192.0.2.20"])
    #expect(
      servers.run("dns.set_weights", .settle(observed: seen), leave)
        == .finish(["state": "done", "result": before]))
    servers.primary = "."
    #expect(
      servers.run("dns.weights", .read)
        == .fail(
          .refused(
            "the SOA record of example.net names no primary server: declare the zone's name servers"
          )))
    servers.servers = [:]
    #expect(
      servers.run("dns.weights", .read)
        == .fail(
          .refused(
            "the resolver knows no SOA record of example.net (NOERROR): declare the zone's name servers"
          )))
  }

  @Test("of a server that was found any address will do, of IPv6 only where there is no other")
  func locates() {
    var servers = NameServers(both, both)
    servers.areDeclared = false
    servers.servers["2001:db8::1"] = servers.servers["192.0.2.1"]
    servers.servers["192.0.2.1"] = nil
    servers.addresses["ns1.example.net"] = ["2001:db8::1"]
    #expect(servers.run("dns.weights", .read) == .finish(before))
    servers.addresses["ns1.example.net"] = ["2001:db8::1", "192.0.2.3"]
    servers.servers["192.0.2.3"] = servers.servers.removeValue(forKey: "2001:db8::1")
    #expect(servers.run("dns.weights", .read) == .finish(before))
  }

  @Test("who lags is named, and that is a doubt, not a failure: the change is made")
  func lags() {
    var servers = NameServers(both, both, lag: 1)
    let seen = observation(&servers, leave)
    let words =
      "chat.example.net is changed at ns1.example.net (192.0.2.1), serial 2, but "
      + "ns2.example.net (192.0.2.2) still answers 192.0.2.10, 192.0.2.20, serial 1"
    #expect(
      servers.run("dns.set_weights", .perform(observed: seen), leave)
        == .fail(.inDoubt(words + ", after 2s")))
    #expect(servers.slept == 2_000_000_000)
    #expect(servers.run("dns.set_weights", .settle(observed: seen), leave) == .fail(.busy(words)))
    servers.servers["192.0.2.2"] = servers.servers["192.0.2.1"]
    #expect(
      servers.run("dns.set_weights", .settle(observed: seen), leave)
        == .finish(["state": "done", "result": before]))
  }

  @Test("the answer of an old serial does not count, though the records are the same")
  func oldSerial() {
    var servers = NameServers(both, both)
    servers.servers["192.0.2.1"]?.serial = 3
    servers.servers["192.0.2.2"]?.serial = 4_294_967_295
    let seen = observation(&servers, ["az1": 1, "az2": 1])
    #expect(seen["changes"] == [])
    guard
      case .fail(.inDoubt(let words)) = servers.run(
        "dns.set_weights", .perform(observed: seen), ["az1": 1, "az2": 1])
    else { return #expect(Bool(false), "an old answer counted") }
    #expect(words.contains("serial 4294967295"))
  }

  @Test("a server that was silent from the beginning is not waited for")
  func silent() {
    var servers = NameServers(both, both)
    servers.servers["192.0.2.2"]?.isSilent = true
    let seen = observation(&servers, leave)
    #expect(
      seen["changes"] == [
        "A 192.0.2.10 of az1 is taken out",
        "ns2.example.net (192.0.2.2) does not answer, and is not waited for",
        "not looked at is whether it is healthy: az2 (the front declares no health of it)",
      ])
    #expect(servers.run("dns.set_weights", .perform(observed: seen), leave) == .finish(before))
  }

  @Test("what somebody else has changed meanwhile is left alone")
  func changedMeanwhile() {
    let words =
      "chat.example.net at ns1.example.net (192.0.2.1) was changed by somebody else since it was "
      + "looked at: it had 192.0.2.10, 192.0.2.20, and has 192.0.2.10; find out who changes it, "
      + "then run again"
    var servers = NameServers(both, both)
    let seen = observation(&servers, leave)
    servers.intruder = ["192.0.2.10"]
    #expect(
      servers.run("dns.set_weights", .perform(observed: seen), leave) == .fail(.refused(words)))
    #expect(servers.updates == 1)
    // Now that is seen before anything is sent.
    #expect(
      servers.run("dns.set_weights", .perform(observed: seen), leave) == .fail(.refused(words)))
    #expect(servers.updates == 1)
    #expect(
      servers.run("dns.set_weights", .settle(observed: seen), leave)
        == .finish(["state": "unknown", "result": .null]))
  }

  @Test("a lost answer is settled by what the primary answers")
  func lost() {
    for isCarriedOut in [true, false] {
      var servers = NameServers(both, both)
      let seen = observation(&servers, leave)
      servers.losesAnswer = true
      if !isCarriedOut {
        servers.refusal = DNSMessage()
        servers.refusal?.code = DNSCode.serverFailure
      }
      #expect(
        servers.run("dns.set_weights", .perform(observed: seen), leave)
          == .fail(.inDoubt("192.0.2.1 port 53: no answer")))
      #expect(
        servers.run("dns.set_weights", .settle(observed: seen), leave)
          == .finish(
            isCarriedOut
              ? ["state": "done", "result": before] : ["state": "not_done", "result": .null]))
    }
  }

  @Test("no zone is never published")
  func refusesNone() {
    var servers = NameServers(both, both)
    #expect(
      servers.run("dns.set_weights", .observe, ["az1": 0, "az2": 0])
        == .fail(
          .refused(
            "chat.example.net at ns1.example.net (192.0.2.1) would be left without the address of any zone"
          )))
    #expect(
      servers.run("dns.set_weights", .observe, ["az9": 1])
        == .fail(
          .refused("chat.example.net at ns1.example.net (192.0.2.1): no address of az9 is known")))
  }

  @Test("shares that records cannot carry are said")
  func unequal() {
    var servers = NameServers(["192.0.2.10"], ["192.0.2.10"])
    let seen = observation(
      &servers, ["az1": 300_000_000, "az2": 200_000_000, "az3": 500_000_000])
    #expect(
      seen["changes"] == [
        "A 192.0.2.20 of az2 is put in", "AAAA 2001:db8::30 of az3 is put in",
        "plain DNS carries no weights: az1, az2 and az3 get 33.333% each, not 30%, 20% and 50%",
      ])
  }

  @Test("what a server says no with is explained")
  func refusals() {
    func refused(_ code: UInt8, problem: UInt16? = nil, other: [UInt8] = []) -> Transcript.End {
      var servers = NameServers(both, both)
      let seen = observation(&servers, leave)
      var reply = DNSMessage()
      reply.code = code
      if let problem {
        let key = TSIGKey(name: DNSName("dr") ?? .root, algorithm: .sha256, secret: "")
        var signature = TSIG(key, id: 0, seconds: 1000)
        signature.problem = problem
        signature.other = other
        reply.additionals = [signature.record(key)]
      }
      servers.refusal = reply
      return servers.run("dns.set_weights", .perform(observed: seen), leave)
    }
    let head = "ns1.example.net (192.0.2.1) does not change chat.example.net: "
    let cases: [(Transcript.End, String)] = [
      (
        refused(5),
        "the key dr may not (REFUSED); allow it in the zone's update-policy, and name the primary server first"
      ),
      (refused(9), "it does not answer for the zone (NOTAUTH); name the primary server first"),
      (
        refused(9, problem: 17),
        "it does not know the key dr with hmac-sha256 (BADKEY); compare its name and algorithm with the server's"
      ),
      (
        refused(9, problem: 16),
        "the signature of the key dr is wrong (BADSIG); the secret is not the server's"
      ),
      (
        refused(9, problem: 18, other: [0, 0, 0, 0, 0x07, 0xd0]),
        "this machine's clock is 1000 s behind the server's (BADTIME); set the clock"
      ),
      (refused(4), "it takes no updates (NOTIMP)"),
      (refused(10), "the name is not in the zone (NOTZONE)"),
    ]
    for (end, words) in cases { #expect(end == .fail(.refused(head + words))) }
    #expect(refused(2) == .fail(.inDoubt(head + "it answered SERVFAIL")))
  }
}
