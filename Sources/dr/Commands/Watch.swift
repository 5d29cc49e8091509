// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import CMalloc
import DrBase
import DrHost
import DrRun
import DrSystem
import Glibc

struct Watch: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Watch the world as a program's policies say, and run what they ask for.",
    discussion: """
      Every policy looks at its conditions `every` so often. What has lasted starts its runbook, as a durable run of the \
      store: `dr runs` shows it, `dr approve` answers it. Of several copies one acts, and another goes on where it ended.

      With --listen: POST /alerts takes Alertmanager's webhook, GET /healthz, /readyz and /metrics say how it is. With \
      --token-file, or DR_WATCH_TOKEN in the environment, /alerts wants a bearer token.
      """
  ).ofDr

  @Argument(help: "The program.")
  var file: String

  @Option(
    help:
      "Port to listen on, on this machine only, or address and port, such as 0.0.0.0:9095. Default: none."
  )
  var listen: ListenAddress?

  @Option(help: "File with the bearer token that /alerts wants; it is read each time.")
  var tokenFile: String?

  @Option(
    help:
      "The Lease by which copies agree who acts: NAMESPACE/NAME. Default: a lock on a file of the store."
  )
  var lease: LeaseName?

  @Option(
    help: "How often it is asked whether the clusters permit what the policies' runs do.")
  var permissionsEvery = SimulatedDuration(nanoseconds: 600_000_000_000)

  @Flag(
    help:
      "Begin runs although permissions are missing that their acts need; they go as far as they get."
  )
  var acceptMissing = false

  @Flag(help: "Write what happens as JSON, an object per line (docs/events.md).")
  var json = false

  @OptionGroup var store: StoreOptions

  @OptionGroup var cluster: KubeconfigOptions
  @OptionGroup var granted: GrantOptions
  @OptionGroup var source: SourceOptions

  func validate() throws {
    if permissionsEvery.nanoseconds < 1_000_000_000 {
      throw ValidationError("--permissions-every takes 1s or more")
    }
  }

  mutating func run() async throws {
    // One heap for all threads: what one of them has read and let go, the next one uses. It runs for
    // months, and with a heap for each thread they all grow to the largest list of all.
    // Lists come and go in large pieces, which are given back to the system, not kept in between.
    mallopt(M_ARENA_MAX, 1)
    mallopt(M_MMAP_THRESHOLD, 64 << 10)
    mallopt(M_TRIM_THRESHOLD, 256 << 10)
    let token = try WebhookToken(file: tokenFile)
    let program = try WatchedProgram(launch(), style: source.output.style)
    try await store.use(near: file, kubeconfig: cluster.kubeconfig, context: cluster.context) {
      try await watch(program, $0, token)
    }
  }

  private func watch(
    _ program: WatchedProgram, _ runs: RunStore, _ token: WebhookToken?
  ) async throws {
    let world: RealWorld
    do throws(Diagnostic) {
      let wanted = program.natives + (lease == nil ? [] : ["lock.acquire"])
      world = try program.launch.makeRealWorld(for: wanted)
    } catch {
      program.project.report(error)
      throw program.project.fail()
    }
    let status = try await watch(program, runs, world, token)
    await world.shutdown()
    throw ExitCode(status)
  }

  private func launch() throws -> Launch {
    var launch = try Launch(
      file: absolutePath(file), runbook: "dr watch", arguments: [], inputs: source.inputs(),
      world: .real, kubeconfig: cluster.kubeconfig.map(absolutePath),
      context: cluster.context)
    launch.grants = granted.grants
    launch.impersonation = cluster.acting.impersonation
    return launch
  }

  private func watch(
    _ program: WatchedProgram, _ runs: RunStore, _ world: RealWorld, _ token: WebhookToken?
  ) async throws -> Int32 {
    let log = WatchLog(asEvents: json)
    let session = WatchSession(
      policies: program.policies.map(\.name), store: runs, world: world, lease: lease,
      token: token, acceptsMissing: acceptMissing,
      reviewsEvery: .nanoseconds(permissionsEvery.nanoseconds), log: log)
    let server = try await serve(session.endpoints)
    greet(program, runs, server, isOpen: token == nil, log)
    let signals = session.obeySignals()
    let signal = await session.run(program)
    signals.cancel()
    await server?.stop()
    return signal.exitStatus
  }

  private func serve(_ endpoints: WatchEndpoints) async throws -> HTTPServer? {
    guard let listen else { return nil }
    do throws(HTTPServer.Failure) {
      return try await HTTPServer(
        host: listen.host, port: listen.port, screen: endpoints.refusal,
        handler: endpoints.answer)
    } catch {
      Console.write("\(error.message)\n", to: .error)
      throw ExitCode(1)
    }
  }

  private func greet(
    _ program: WatchedProgram, _ runs: RunStore, _ server: HTTPServer?, isOpen: Bool,
    _ log: WatchLog
  ) {
    let policies = program.policies.map(\.name).joined(separator: ", ")
    log.write(
      "watches \(program.project.file): \(policies); runs are kept in \(runs.records.place)")
    guard let server, let listen else { return }
    log.write("listens on \(listen.host):\(server.port)")
    if isOpen, !listen.isLoopback {
      log.write("whoever reaches it may post alerts: --token-file says which token they must show")
    }
  }
}

/// `9095` and `:9095` on this machine only, `0.0.0.0:9095`, `[::1]:9095`.
struct ListenAddress: ExpressibleByArgument {
  let host: String
  let port: Int

  init?(argument: String) {
    let colon = argument.lastIndex(of: ":")
    guard let port = Int(colon.map { argument[argument.index(after: $0)...] } ?? argument[...]),
      (0...65535).contains(port)
    else { return nil }
    var host = colon.map { String(argument[..<$0]) } ?? ""
    if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
    self.host = host.isEmpty ? "127.0.0.1" : host
    self.port = port
  }

  var isLoopback: Bool { host == "localhost" || host == "::1" || host.hasPrefix("127.") }
}

/// `dr-system/dr-watch`
struct LeaseName: ExpressibleByArgument {
  let namespace: String
  let name: String

  init?(argument: String) {
    let parts = argument.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty }) else { return nil }
    namespace = parts[0]
    name = parts[1]
  }
}
