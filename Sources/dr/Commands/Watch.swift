// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
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

  @Option(help: "Kubeconfig file. Default: $KUBECONFIG, ~/.kube/config, the pod's service account.")
  var kubeconfig: String?

  @Option(
    help:
      "Context of the kubeconfig. Default: the one named like the program's cluster, else the current one."
  )
  var context: String?

  @OptionGroup var granted: GrantOptions
  @OptionGroup var source: SourceOptions

  mutating func run() async throws {
    let program = try WatchedProgram(launch(), style: source.output.style)
    try await store.use(near: file, kubeconfig: kubeconfig, context: context) {
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
      world: .real, kubeconfig: kubeconfig.flatMap(realPath), context: context)
    launch.grants = granted.grants
    return launch
  }

  private func watch(
    _ program: WatchedProgram, _ runs: RunStore, _ world: RealWorld
  ) async throws -> Int32 {
    let log = WatchLog()
    let notices = EventQueue<Watcher.Notice>()
    let leadership = Leadership(
      means(runs),
      identity: ProcessName.unique, world: world
    ) { notices.push(.leadership($0)) }
    let endpoints = WatchEndpoints(
      policies: program.policies.map(\.name), leadership: leadership,
      token: Environment.variable("DR_WATCH_TOKEN"), log: log
    ) { notices.push(.alerts($0)) }
    let watcher = Watcher(
      program, notices: notices, store: runs, world: world, leadership: leadership,
      endpoints: endpoints, log: log)
    let server = try await serve(endpoints)
    greet(program, runs, server, log)
    let tasks = [
      Task { await leadership.run() },
      Task {
        while !Task.isCancelled {
          notices.push(.tick)
          try? await Task.sleep(for: .seconds(5))
        }
      },
      Task { for await signal in Signals.stops() { notices.push(.stop(signal)) } },
    ]
    let signal = await watcher.run()
    for task in tasks { task.cancel() }
    await leadership.resign()
    await server?.stop()
    return signal.exitStatus
  }

  private func means(_ runs: RunStore) -> Leadership.Means {
    if let lease { return .lease(namespace: lease.namespace, name: lease.name) }
    let folder = (runs.records as? FileRecordStore)?.folder ?? "\(RunStore.localFolder)/runs"
    return .file("\(directory(of: folder))/watch.lock")
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
    for policy in program.policies where policy.failbackAfter != nil {
      log.write(
        "\(policy.name): nothing goes back by itself: `failback` is for a person and a runbook")
    }
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
