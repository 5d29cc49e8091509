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

      With --listen: POST /alerts takes Alertmanager's webhook, GET /healthz, /readyz and /metrics say how it is. Where the \
      environment has DR_WATCH_TOKEN, /alerts wants it as bearer token.
      """
  ).ofDr

  @Argument(help: "The program.")
  var file: String

  @Option(help: "Address and port to listen on, such as 127.0.0.1:9095. Default: none.")
  var listen: ListenAddress?

  @Option(
    help:
      "The Lease by which copies agree who acts: NAMESPACE/NAME. Default: a lock on a file of the store."
  )
  var lease: LeaseName?

  @OptionGroup var store: StoreOptions

  @OptionGroup var cluster: KubeconfigOptions
  @OptionGroup var granted: GrantOptions
  @OptionGroup var source: SourceOptions

  mutating func run() async throws {
    // One heap for all threads: what one of them has read and let go, the next one uses. It runs for
    // months, and with a heap for each thread they all grow to the largest list of all.
    mallopt(M_ARENA_MAX, 1)
    let program = try WatchedProgram(launch(), style: source.output.style)
    try await store.use(near: file, kubeconfig: cluster.kubeconfig, context: cluster.context) {
      try await watch(program, $0)
    }
  }

  private func watch(_ program: WatchedProgram, _ runs: RunStore) async throws {
    let world: RealWorld
    do throws(Diagnostic) {
      let wanted = program.natives + (lease == nil ? [] : ["lock.acquire"])
      world = try program.launch.makeRealWorld(for: wanted)
    } catch {
      program.project.report(error)
      throw program.project.fail()
    }
    let status = try await watch(program, runs, world)
    await world.shutdown()
    throw ExitCode(status)
  }

  private func launch() throws -> Launch {
    var launch = try Launch(
      file: realPath(file) ?? file, runbook: "dr watch", arguments: [], inputs: source.inputs(),
      world: .real, kubeconfig: cluster.kubeconfig.flatMap(realPath),
      context: cluster.context)
    launch.grants = granted.grants
    return launch
  }

  private func watch(
    _ program: WatchedProgram, _ runs: RunStore, _ world: RealWorld
  ) async throws -> Int32 {
    let log = WatchLog()
    let session = WatchSession(
      policies: program.policies.map(\.name), store: runs, world: world, lease: lease,
      token: Environment.variable("DR_WATCH_TOKEN"), log: log)
    let server = try await serve(session.endpoints)
    greet(program, runs, server, log)
    let signals = session.obeySignals()
    let signal = await session.run(program)
    signals.cancel()
    await server?.stop()
    return signal.exitStatus
  }

  private func serve(_ endpoints: WatchEndpoints) async throws -> HTTPServer? {
    guard let listen else { return nil }
    do throws(HTTPServer.Failure) {
      return try await HTTPServer(host: listen.host, port: listen.port) {
        await endpoints.answer($0)
      }
    } catch {
      Console.write("\(error.message)\n", to: .error)
      throw ExitCode(1)
    }
  }

  private func greet(
    _ program: WatchedProgram, _ runs: RunStore, _ server: HTTPServer?, _ log: WatchLog
  ) {
    let policies = program.policies.map(\.name).joined(separator: ", ")
    log.write(
      "watches \(program.project.file): \(policies); runs are kept in \(runs.records.place)")
    if let server, let listen { log.write("listens on \(listen.host):\(server.port)") }
  }
}

/// `127.0.0.1:9095`, `[::1]:9095`, `:9095`.
struct ListenAddress: ExpressibleByArgument {
  let host: String
  let port: Int

  init?(argument: String) {
    guard let colon = argument.lastIndex(of: ":"),
      let port = Int(argument[argument.index(after: colon)...]), (0...65535).contains(port)
    else { return nil }
    var host = String(argument[..<colon])
    if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
    self.host = host.isEmpty ? "0.0.0.0" : host
    self.port = port
  }
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
