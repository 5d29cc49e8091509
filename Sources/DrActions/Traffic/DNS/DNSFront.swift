// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// A name whose records are the addresses of zones, and the servers that answer for it: updates go to
/// the first, and all are read back.
struct DNSFront {
  struct Server {
    let name: String
    let address: String
    let text: String

    /// An empty address is looked up by the name.
    init(_ name: String, at address: String, _ port: Int64) {
      self.name = name
      self.address = address.isEmpty ? name : address
      let place = (address.isEmpty ? [] : [address]) + (port == 53 ? [] : ["port \(port)"])
      text = place.isEmpty ? name : "\(name) (\(place.joined(separator: ", ")))"
    }

    /// One that was found, with the address that the resolver knows; without one the machine looks it up, in
    /// `/etc/hosts` too.
    init(found name: String, at address: IPAddress?, _ port: Int64) {
      self.name = name
      self.address = address?.text ?? name
      text = port == 53 ? name : "\(name) (port \(port))"
    }
  }

  /// What a server answers for the name.
  struct Answers {
    let addresses: Set<IPAddress>
    let serial: UInt32
  }

  /// What came of asking one server.
  struct Look {
    let server: Server
    let result: Result<Answers, WorldFailure>

    var isSilent: Bool {
      if case .failure(.unreachable) = result { true } else { false }
    }
  }

  let name: DNSName
  private let zone: DNSName
  private let ttl: UInt32
  /// The primary first; none where they are to be found in the DNS.
  private(set) var servers: [Server]
  let key: TSIGKey?
  /// By the label of the zone that they lead to.
  let addresses: [(zone: String, address: IPAddress)]
  private let port: Int

  private static let timeout = 3 * Unit.second

  init(_ arguments: Arguments) throws(WorldFailure) {
    let zoneText = try arguments.text("zone")
    guard let zone = DNSName(zoneText),
      let name = DNSName("\(try arguments.text("host")).\(zoneText)")
    else { throw arguments.mismatch("zone", "a domain name, and `host` one in it") }
    (self.zone, self.name) = (zone, name)
    ttl = UInt32(clamping: try arguments.int("ttl", atLeast: 0) / Unit.second)
    let port = try arguments.int("port", atLeast: 1)
    self.port = Int(port)
    servers = try arguments.object("servers").members.map {
      Server($0.name, at: $0.value.stringValue ?? "", port)
    }
    guard port <= 65535 else { throw arguments.mismatch("port", "65535 at most") }
    var addresses: [(zone: String, address: IPAddress)] = []
    for member in try arguments.object("addresses").members {
      guard let address = member.value.stringValue.flatMap({ IPAddress($0) }) else {
        throw arguments.mismatch("addresses", "an Object of IP addresses")
      }
      addresses.append((member.name, address))
    }
    self.addresses = addresses
    key = try Self.key(arguments)
  }

  private static func key(_ arguments: Arguments) throws(WorldFailure) -> TSIGKey? {
    guard let text = try arguments.optionalString("key"), !text.isEmpty else { return nil }
    guard let name = DNSName(text),
      let algorithm = TSIGKey.Algorithm(rawValue: try arguments.string("algorithm"))
    else { throw arguments.mismatch("key", "the name of a key of a known algorithm") }
    return TSIGKey(name: name, algorithm: algorithm, secret: try arguments.text("secret"))
  }

  var target: String { servers.first.map { "\(name.text) at \($0.text)" } ?? name.text }

  /// Not to be asked before the servers are known.
  var primary: Server { servers.first ?? Server(zone.text, at: "", Int64(port)) }

  // MARK: Servers

  /// The front with its servers: those that are declared, else the primary by the zone's SOA record (MNAME; RFC 2136, 4.2)
  /// and all by its NS records.
  func found() -> Flow<DNSFront> {
    if !servers.isEmpty { return .value(self) }
    return lookUp(DNSType.soa).then { primary in
      lookUp(DNSType.ns).then { others in
        guard let first = primary.first, first != .root else {
          return .failure(
            .refused(
              "the SOA record of \(zone.text) names no primary server: declare the zone's name servers"
            ))
        }
        var names: [DNSName] = []
        for name in [first] + others where !names.contains(name) { names.append(name) }
        return locate(names[...], []).map { servers in
          var front = self
          front.servers = servers
          return front
        }
      }
    }
  }

  /// Where servers are, by the resolver: no list of domains to search, which `/etc/resolv.conf` may have, is tried with
  /// their names.
  private func locate(_ left: ArraySlice<DNSName>, _ found: [Server]) -> Flow<[Server]> {
    guard let name = left.first else { return .value(found) }
    return address(of: name, [DNSType.a, DNSType.aaaa]).then { address in
      locate(
        left.dropFirst(), found + [Server(found: name.text, at: address, Int64(port))])
    }
  }

  /// `nil` where the resolver knows none.
  private func address(of name: DNSName, _ types: ArraySlice<UInt16>) -> Flow<IPAddress?> {
    guard let type = types.first else { return .value(nil) }
    return resolve(name, type).map(Optional.some).otherwise { _ in .value(nil) }.then { reply in
      let found = reply?.answers.first { $0.type == type && $0.kind == DNSClass.internet }
      if let address = found.flatMap({ IPAddress($0.data) }) { return .value(address) }
      return address(of: name, types.dropFirst())
    }
  }

  private func resolve(_ name: DNSName, _ type: UInt16) -> Flow<DNSMessage> {
    var message = DNSMessage()
    message.wantsRecursion = true
    message.questions = [.init(name: name, type: type)]
    return send(message, to: Server("the resolver", at: "", 53), isResolver: true)
  }

  /// The servers that the machine's resolver knows of the zone.
  private func lookUp(_ type: UInt16) -> Flow<[DNSName]> {
    resolve(zone, type).then { reply in
      let names = reply.answers.filter { $0.type == type && $0.name == zone }.compactMap(\.server)
      switch reply.code {
      case DNSCode.noError where !names.isEmpty: return .value(names)
      case DNSCode.serverFailure:
        return .failure(.busy("the resolver cannot answer for \(zone.text) now (SERVFAIL)"))
      case let code:
        let what = type == DNSType.soa ? "SOA" : "NS"
        return .failure(
          .refused(
            "the resolver knows no \(what) record of \(zone.text) (\(DNSCode.text(code))): declare the "
              + "zone's name servers"))
      }
    }
  }

  // MARK: Reading

  /// What a server answers; it must answer for the zone itself, not from a memory.
  func read(_ server: Server) -> Flow<Answers> {
    ask(server, zone, DNSType.soa).then { records in
      guard let serial = records.lazy.compactMap(\.serial).first else {
        return .failure(.refused("\(server.text) has no SOA record of \(zone.text)"))
      }
      return ask(server, name, DNSType.a).then { four in
        ask(server, name, DNSType.aaaa).then { six in
          if (four + six).contains(where: { $0.type == DNSType.cname }) {
            return .failure(
              .refused(
                "\(name.text) is an alias (CNAME) at \(server.text), so it has no addresses to change"
              ))
          }
          let addresses = (four + six).filter { $0.name == name && $0.kind == DNSClass.internet }
            .compactMap { record in
              IPAddress(record.data).flatMap { $0.type == record.type ? $0 : nil }
            }
          return .value(Answers(addresses: Set(addresses), serial: serial))
        }
      }
    }
  }

  private func ask(
    _ server: Server, _ name: DNSName, _ type: UInt16
  ) -> Flow<[DNSMessage.Record]> {
    var message = DNSMessage()
    message.questions = [.init(name: name, type: type)]
    return send(message, to: server).then { reply in
      switch reply.code {
      case DNSCode.noError where reply.isAuthoritative,
        DNSCode.noSuchName where reply.isAuthoritative:
        return .value(reply.answers)
      case DNSCode.serverFailure:
        return .failure(.busy("\(server.text) cannot answer for \(name.text) now (SERVFAIL)"))
      case let code:
        return .failure(
          .refused(
            "\(server.text) does not answer for the zone \(zone.text) (\(DNSCode.text(code)))"))
      }
    }
  }

  private func send(
    _ message: DNSMessage, to server: Server, isResolver: Bool = false
  ) -> Flow<DNSMessage> {
    let isUpdate = message.opcode == DNSOpcode.update
    let request = DNSRequest(
      server: isResolver ? "" : server.address, port: isResolver ? 53 : port, message: message,
      key: isUpdate ? key : nil,
      isRepeatable: !isUpdate, timeoutNanoseconds: Self.timeout)
    return .ask(.dns(request)) { reply in
      switch reply.answer {
      case .message(let bytes):
        do throws(DNSReader.Malformed) {
          return .value(try DNSReader.read(bytes).message)
        } catch {
          return .failure(.refused("\(server.text): \(error.reason)"))
        }
      case .response, .text, .exited, .executed: return .failure(.refused(Reply.notDNS))
      case .failure(.refused(let message)): return .failure(.refused(message))
      case .failure(.notSent(let message)): return .failure(.unreachable(message))
      case .failure(.lostAnswer(let message)):
        return .failure(isUpdate ? .inDoubt(message) : .unreachable(message))
      }
    }
  }

  /// What each server answers, the primary first.
  func readAll() -> Flow<[Look]> { readAll(servers[...], []) }

  private func readAll(_ left: ArraySlice<Server>, _ found: [Look]) -> Flow<[Look]> {
    guard let server = left.first else { return .value(found) }
    return read(server).map { Result<Answers, WorldFailure>.success($0) }
      .otherwise { .value(.failure($0)) }
      .then {
        readAll(left.dropFirst(), found + [Look(server: server, result: $0)])
      }
  }

  // MARK: Updating

  /// Sends an update that is carried out only where the name's records are those of `before`, and gives
  /// the whole answer.
  func update(
    from before: Set<IPAddress>, adding: [IPAddress], removing: [IPAddress]
  ) -> Flow<DNSMessage> {
    var message = DNSMessage()
    message.opcode = DNSOpcode.update
    message.questions = [.init(name: zone, type: DNSType.soa)]
    for type in [DNSType.a, DNSType.aaaa] {
      let records = Self.sorted(before).filter { $0.type == type }
      message.answers +=
        records.isEmpty
        ? [.init(name: name, type: type, kind: DNSClass.none)]
        : records.map { .init(name: name, type: type, data: $0.bytes) }
    }
    // What is put in comes first: the name is never without an address.
    message.authorities =
      adding.map { .init(name: name, type: $0.type, ttl: ttl, data: $0.bytes) }
      + removing.map { .init(name: name, type: $0.type, kind: DNSClass.none, data: $0.bytes) }
    return send(message, to: primary)
  }

  static func sorted(_ addresses: Set<IPAddress>) -> [IPAddress] {
    addresses.sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }
  }

  static func text(_ addresses: Set<IPAddress>) -> String {
    addresses.isEmpty ? "no address" : sorted(addresses).map(\.text).joined(separator: ", ")
  }

  // MARK: Zones

  /// The share of each zone: the same for all that are answered.
  func percents(_ addresses: Set<IPAddress>) -> Document {
    let published = self.addresses.filter { addresses.contains($0.address) }
    let share = Unit.wholePercent / Int64(max(1, published.count))
    return .object(
      DocumentObject(
        self.addresses.map { ($0.zone, .int(addresses.contains($0.address) ? share : 0)) }))
  }
}
