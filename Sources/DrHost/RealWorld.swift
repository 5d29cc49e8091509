// SPDX-License-Identifier: Apache-2.0
//
// DrHost: the real ports. Everything impure is here: sockets, TLS, child processes, files, clocks,
// signals, the terminal. It decides nothing: what is said to whom is DrActions' matter, what is
// done when is DrRun's.

import DrActions
import DrData
import DrRun
import DrSystem
import Glibc

/// The world as it is: carries the exchanges of drivers out over the network.
package final class RealWorld: RequestSender {
  package struct Options: Sendable {
    /// `nil` where there is none: calls on Kubernetes are then refused, with why.
    package var kubeconfig: Kubeconfig?
    package var withoutKubeconfig: String?
    /// `--context`: goes before the context that a program names.
    package var context: String?
    /// Whether clusters with `insecure-skip-tls-verify` may be used.
    package var allowsInsecure = false
    /// For clusters whose kubeconfig names no proxy.
    package var proxies = ProxyEnvironment.standard()
    package var socketTimeoutNanoseconds: Int64 = 10_000_000_000

    package init(kubeconfig: Kubeconfig? = nil) { self.kubeconfig = kubeconfig }
  }

  private let clusters: KubeClusters
  private let watches: KubeWatches
  private let memory = ReadMemory()
  private let stirring = Stirring()
  private let transport: HTTPTransport
  private let socketTimeoutNanoseconds: Int64

  package init(_ options: Options) {
    let clusters = KubeClusters(
      kubeconfig: options.kubeconfig, withoutKubeconfig: options.withoutKubeconfig,
      chosenContext: options.context,
      allowsInsecure: options.allowsInsecure, proxies: options.proxies)
    self.clusters = clusters
    watches = KubeWatches(
      ask: { await clusters.send($0) }, stream: { await clusters.stream($0, begun: $1, take: $2) },
      changed: { [stirring] in stirring.push() })
    transport = HTTPTransport()
    socketTimeoutNanoseconds = options.socketTimeoutNanoseconds
  }

  /// Closes all connections. To be called once, when nothing is asked any more.
  package func shutdown() async {
    stirring.handle(nil)
    watches.stop()
    await clusters.shutdown()
    transport.shutdown()
  }

  /// Calls `handler` when something has changed of what is read again and again, a few times a
  /// second at most.
  package func whenChanged(_ handler: @escaping @Sendable () -> Void) { stirring.handle(handler) }

  /// Carries out one call. A read that comes again and again is answered from memory while watches
  /// say that nothing has changed. A cancelled task ends as `converse` says.
  package func answer(
    _ call: WorldCall, _ phase: CallPhase
  ) async -> Result<Document, WorldFailure> {
    switch phase {
    case .observe, .settle: return await converse(call, phase)
    case .perform:
      memory.forget()
      let result = await converse(call, phase)
      memory.forget()
      return result
    case .read:
      let now = WallClock.monotonicNanoseconds()
      let (known, targets) = memory.look(call, at: now) { watches.count($0) }
      if let known { return .success(known) }
      for target in targets { watches.watch(target) }
      let era = memory.era
      let recorder = SourceRecorder(self) { [watches] in watches.count($0) }
      let result = await recorder.converse(call, phase)
      memory.learn(call, askedAt: now, era: era, recorder.sources, result)
      return result
    }
  }

  /// Begins a call and delivers its answer once it is there. Cancelling the task gives it up; its
  /// answer, then a failure, is still delivered.
  @discardableResult
  package func start(
    _ id: CallID, _ call: WorldCall, _ phase: CallPhase,
    deliver: @escaping @Sendable (Event) -> Void
  ) -> Task<Void, Never> {
    Task { deliver(.answered(id, await answer(call, phase))) }
  }

  /// The URL itself, or what an environment variable holds (`env:SLACK_WEBHOOK`, with what follows
  /// the name up to the first `/`): so an address that is a secret stands in no program and no
  /// journal.
  private static func address(_ url: String) -> (url: String, secret: String?)? {
    guard url.hasPrefix("env:") else { return (url, nil) }
    let name = url.dropFirst(4).prefix { $0 != "/" && $0 != "?" }
    guard let value = getenv(String(name)), value.pointee != 0 else { return nil }
    var base = String(cString: value)
    let rest = url.dropFirst(4 + name.count)
    if rest.hasPrefix("/"), base.hasSuffix("/") { base.removeLast() }
    return (base + rest, base)
  }

  package func send(_ request: Request) async -> Reply.Answer {
    switch request {
    case .kubernetes(let request): return await clusters.send(request)
    case .http(let request): return await send(request)
    case .socket(let path, let command):
      return await UnixSocket.ask(
        path, command, timeoutNanoseconds: socketTimeoutNanoseconds)
    case .process(let request): return await Self.run(request)
    case .exec(let request, let timeout):
      let answer = await clusters.exec(request, timeoutNanoseconds: timeout)
      guard case .executed(var execution) = answer else { return answer }
      let mask = SecretMask.own
      execution.output = mask.mask(execution.output)
      execution.errors = mask.mask(execution.errors)
      return .executed(execution)
    case .dns(let request): return await Self.ask(request)
    }
  }

  private func send(_ request: HTTPRequest) async -> Reply.Answer {
    guard let (url, secret) = Self.address(request.url) else {
      return .failure(.refused("the environment has no \(request.url.dropFirst(4))"))
    }
    var named = secret.map { [$0] } ?? []
    named += SecretText.secrets(in: request.url)
    var headers = request.headers
    named += headers.compactMap { SecretText.secret(ofHeader: $0.name, $0.value) }
    for (index, header) in headers.enumerated() {
      guard let (scheme, reference) = Self.reference(header.value) else { continue }
      let value: String
      if reference.hasPrefix("env:") {
        guard let (whole, secret) = Self.address(reference) else {
          return .failure(.refused("the environment has no \(reference.dropFirst(4))"))
        }
        value = whole
        if let secret { named.append(secret) }
      } else {
        do throws(SecretSource.Unusable) {
          let lines = try SecretSource.text(reference).split(whereSeparator: \.isNewline)
          value = lines.first.map(String.init) ?? ""
        } catch {
          return .failure(.refused(error.reason))
        }
        if !value.isEmpty { named.append(value) }
      }
      guard value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f }) else {
        return .failure(.refused("what is in \(reference) is no header"))
      }
      headers[index] = .init(header.name, scheme + value)
    }
    let answer: Reply.Answer
    if url.hasPrefix(PodAddress.scheme) {
      guard let address = PodAddress(url) else {
        return .failure(.refused("what begins with pod:// is made by kube.forward only"))
      }
      let request = HTTPRequest(
        method: request.method, url: url, headers: headers, body: request.body,
        timeoutNanoseconds: request.timeoutNanoseconds, wantedBytes: request.wantedBytes)
      answer = await clusters.forward(request, to: address)
    } else {
      answer = await transport.send(
        HTTPTransport.Message(
          method: request.method, url: url, headers: headers, body: request.body,
          timeoutNanoseconds: request.timeoutNanoseconds, wantedBytes: request.wantedBytes))
    }
    guard case .response(let status, let answered, let body) = answer else { return answer }
    return .response(
      status: status, headers: answered,
      body: SecretMask.own.hiding(named).mask(body))
  }

  /// What stands before the name of a secret in a header, and the name: `Bearer ` and `env:NAME`, or `file:/path`.
  private static func reference(_ value: String) -> (scheme: String, reference: String)? {
    // Byte by byte: every header of every request comes here.
    let bytes = value.utf8
    let start = bytes.lastIndex(of: 0x20).map(bytes.index(after:)) ?? bytes.startIndex
    guard bytes[start...].starts(with: "env:".utf8) || bytes[start...].starts(with: "file:/".utf8)
    else { return nil }
    return (String(value[..<start]), String(value[start...]))
  }

  private static func ask(_ request: DNSRequest) async -> Reply.Answer {
    var secret: [UInt8] = []
    do throws(SecretSource.Unusable) {
      if let key = request.key { secret = try SecretSource.bytes(key.secret) }
    } catch {
      return .failure(.refused("the key \(request.key?.text ?? ""): \(error.reason)"))
    }
    return await DNSTransport.send(request, secret: secret)
  }

  private static func run(_ request: ProcessRequest) async -> Reply.Answer {
    guard let program = request.command.first else {
      return .failure(.refused("there is no program to run"))
    }
    let process = ChildProcess(
      program: program, arguments: Array(request.command.dropFirst()),
      environment: request.environment.map { ($0.name, $0.value) },
      timeoutNanoseconds: request.timeoutNanoseconds)
    switch await process.run() {
    case .success(let output):
      let mask = SecretMask.own
      return .exited(
        status: Int(output.status), output: mask.mask(output.output),
        errors: mask.mask(output.errors))
    case .failure(.notStarted(let why)):
      return .failure(.notSent("\(program) does not start: \(why)"))
    case .failure(.timedOut):
      return .failure(.lostAnswer("\(program) was ended: it took longer than it may"))
    case .failure(.tooMuchOutput):
      return .failure(.lostAnswer("\(program) was ended: it writes more than 1 MiB"))
    case .failure(.givenUp):
      return .failure(.lostAnswer("\(program) was ended: it was given up"))
    }
  }
}
