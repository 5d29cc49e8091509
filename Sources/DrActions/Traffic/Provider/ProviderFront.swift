// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// A front whose shares live behind a provider's HTTP API: the JSON that a GET shows, and where in it the weight of
/// each zone stands.
struct ProviderFront {
  /// What a GET showed.
  struct Shown {
    let document: Document
    /// The weights in the smallest steps that the provider knows, in the order of the front's zones.
    let steps: [(zone: String, value: Int64)]
    /// Holds for this state and no other: a strong ETag (RFC 9110, section 8.8.3).
    let entityTag: String?
  }

  let domain: String
  let url: String
  let paths: [(zone: String, path: ProviderPath)]
  private let headers: [HTTPRequest.Header]
  /// How many steps 100% are, and how many of them are 1.
  private let whole: Int64
  private let unit: Int64

  private static let timeout = 10 * Unit.second
  private static let attempts = 4

  init(_ arguments: Arguments) throws(WorldFailure) {
    domain = try arguments.text("domain")
    url = try arguments.webURL("url")
    let decimals = try arguments.int("decimals", atLeast: 0)
    let full = try arguments.int("whole", atLeast: 1)
    guard decimals <= 6, full <= 1_000_000 else {
      throw arguments.mismatch("decimals", "6 at most, and `whole` 1000000")
    }
    let unit = (0..<decimals).reduce(Int64(1)) { power, _ in power * 10 }
    (self.unit, whole) = (unit, full * unit)
    var headers = [
      HTTPRequest.Header("user-agent", arguments.agent), .init("accept", "application/json"),
    ]
    for member in try arguments.object("headers").members {
      guard let value = member.value.stringValue, !value.utf8.contains(where: { $0 < 0x20 }) else {
        throw arguments.mismatch("headers", "texts by name, each on one line")
      }
      headers.removeAll { $0.name == member.name.lowercased() }
      headers.append(.init(member.name.lowercased(), value))
    }
    self.headers = headers
    var paths: [(zone: String, path: ProviderPath)] = []
    for member in try arguments.object("paths").members {
      guard let path = member.value.stringValue.flatMap({ ProviderPath($0) }), !path.parts.isEmpty
      else {
        throw arguments.mismatch("paths", "an Object of paths that begin with /, by zone")
      }
      paths.append((member.name, path))
    }
    self.paths = paths
  }

  /// `chat.example.net at api.example.org`
  var target: String {
    let host = url.split(separator: "/").dropFirst().first ?? Substring(url)
    return "\(domain) at \(url.hasPrefix("env:") ? url : String(host))"
  }

  // MARK: Weights

  /// The steps of a share: one at least where there is any.
  func steps(of percent: Int64) -> Int64 {
    let rounded =
      (percent / 1_000 * whole + Unit.wholePercent / 2_000) / (Unit.wholePercent / 1_000)
    return percent > 0 ? max(1, rounded) : 0
  }

  /// As the provider has it: a whole number, or one with a point.
  func number(_ steps: Int64) -> Document {
    steps % unit == 0 ? .int(steps / unit) : .float(Double(steps) / Double(unit))
  }

  func text(_ steps: Int64) -> String { JSON.write(number(steps)) }

  private func steps(_ number: Document) -> Int64? {
    let value: Double
    switch number {
    case .int(let whole): value = Double(whole)
    case .float(let some): value = some
    case .null, .bool, .string, .array, .object: return nil
    }
    guard value >= 0, value <= 1_000_000_000 else { return nil }
    return Int64((value * Double(unit)).rounded())
  }

  /// The share of each zone, in units of 1e-9.
  func percents(_ steps: [(zone: String, value: Int64)]) -> Document {
    let total = steps.reduce(0) { $0 + $1.value }
    return .object(
      DocumentObject(
        steps.map { zone, value in
          let share = total > 0 ? Double(value) / Double(total) * Double(Unit.wholePercent) : 0
          return (zone, .int(Int64(share.rounded())))
        }))
  }

  // MARK: Asking

  func read(attempt: Int = 1) -> Flow<Shown> {
    let request = HTTPRequest(
      method: .get, url: url, headers: headers, body: [], timeoutNanoseconds: Self.timeout)
    func again(_ pause: Int64?, or failure: WorldFailure) -> Flow<Shown> {
      guard attempt < Self.attempts else { return .failure(failure) }
      return .sleep(nanoseconds: pause ?? KubeClient.backoff(attempt)) {
        read(attempt: attempt + 1)
      }
    }
    return .ask(.http(request)) { reply in
      switch reply.answer {
      case .text, .exited, .executed, .message: return .failure(.refused(Reply.notHTTP))
      case .failure(.refused(let message)): return .failure(.refused(message))
      case .failure(let failure): return again(nil, or: .unreachable(failure.message))
      case .response(let status, let headers, let body):
        if status == 429 || status >= 500 {
          return again(
            Self.pause(headers), or: .busy(Self.complaint("GET \(url)", status, body)))
        }
        guard (200..<300).contains(status) else {
          return .failure(.refused(Self.complaint("GET \(url)", status, body)))
        }
        return shown(headers, body)
      }
    }
  }

  private func shown(_ headers: [HTTPRequest.Header], _ body: [UInt8]) -> Flow<Shown> {
    guard let document = try? JSON.parse(body) else {
      return .failure(.refused("GET \(url) answers no JSON"))
    }
    var found: [(zone: String, value: Int64)] = []
    for (zone, path) in paths {
      guard let value = path.value(in: document) else {
        return .failure(
          .refused(
            "GET \(url) shows nothing at \(path.text), where the weight of \(zone) should be"))
      }
      guard let steps = steps(value) else {
        let text = JSON.write(value).prefix(60)
        return .failure(
          .refused("GET \(url) shows no weight of \(zone) at \(path.text) but \(text)"))
      }
      found.append((zone, steps))
    }
    let tag = headers.first { $0.name == "etag" }?.value
    return .value(
      Shown(
        document: document, steps: found, entityTag: tag.flatMap { $0.hasPrefix("\"") ? $0 : nil }))
  }

  /// A request that changes something, once.
  func write(
    _ method: HTTPMethod, _ url: String, _ body: Document, key: String, fence: String?,
    ifMatch: String?
  ) -> Request {
    var headers = self.headers.filter { $0.name != "idempotency-key" }
    headers.append(.init("idempotency-key", key))
    if let fence { headers.append(.init("dr-fence", fence)) }
    if let ifMatch { headers.append(.init("if-match", ifMatch)) }
    if !headers.contains(where: { $0.name == "content-type" }) {
      headers.append(.init("content-type", "application/json"))
    }
    return .http(
      HTTPRequest(
        method: method, url: url, headers: headers, body: Array(JSON.write(body).utf8),
        timeoutNanoseconds: Self.timeout, wantedBytes: 64 << 10))
  }

  /// What `Retry-After` asks for.
  static func pause(_ headers: [HTTPRequest.Header]) -> Int64? {
    headers.first { $0.name == "retry-after" }.flatMap { Int64($0.value) }
      .flatMap { $0 >= 0 && $0 <= 60 ? max(1, $0) * Unit.second : nil }
  }

  static func complaint(_ what: String, _ status: Int, _ body: [UInt8]) -> String {
    let text = String(decoding: body.prefix(4_096), as: UTF8.self)
    let detail = text.split(whereSeparator: \.isNewline).first.map { ": \($0.prefix(200))" } ?? ""
    return "\(what) answers \(status)\(detail)"
  }
}
