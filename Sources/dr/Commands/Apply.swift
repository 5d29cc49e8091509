// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DrActions
import DrBase
import DrHost
import DrSystem

struct Apply: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Make clusters what a program says.",
    discussion: """
      The program is compiled, every object is tried by a dry run of the API server, and only then are they applied, \
      server-side, as the field manager `dr`, and waited for. Applying the same again changes nothing. The clusters of a \
      program are applied one after the other; one that fails does not keep the others from it.

      Ctrl-C stops after the request in flight; a second one at once. Applying again goes on from there.

      Exit status 1 when objects are refused or do not become ready, 3 when the cluster does not answer.
      """
  ).ofDr

  @Argument(help: "The program.")
  var file: String

  @OptionGroup var cluster: ClusterOptions
  @OptionGroup var target: TargetOptions

  @Flag(help: "Change nothing; show what would change.")
  var dryRun = false

  @Flag(help: "Take away what the program made earlier and no longer declares.")
  var prune = false

  @Flag(help: "Take over fields that other managers own.")
  var force = false

  @Option(help: "How long to wait for everything to be ready, in seconds or as 90s, 5m.")
  var timeout: WaitingTime = WaitingTime(seconds: 300)

  @OptionGroup var source: SourceOptions

  mutating func run() async throws {
    let targets = try ClusterTarget.all(
      file: file, source: source, target: target, options: cluster)
    let signals = StopSignal.watch()
    defer { signals.cancel() }
    var options = ApplySession.Options()
    options.force = force
    options.prunes = prune
    options.isDryRun = dryRun
    options.skipsUnknownKinds = cluster.skipUnknownKinds
    options.timeoutNanoseconds = timeout.nanoseconds
    var worst: Int32 = 0
    for target in targets {
      if StopSignal.remembered == nil { worst = max(worst, await apply(target, options)) }
      await target.world.shutdown()
    }
    if worst != 0 { throw ExitCode(worst) }
  }

  /// The exit status.
  private func apply(_ target: ClusterTarget, _ options: ApplySession.Options) async -> Int32 {
    do throws(ClusterFailure) {
      return try await ApplySession(target, options).run()
    } catch {
      Console.write("\(error.message)\n", to: .error)
      return error.isUnreachable ? 3 : 1
    }
  }
}

/// A time that a person wrote: `90`, `90s`, `5m`, `1h`.
struct WaitingTime: ExpressibleByArgument {
  let seconds: Int64

  init(seconds: Int64) { self.seconds = seconds }

  init?(argument: String) {
    let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3600]
    let unit = argument.last.flatMap { units[$0] }
    guard let number = Int64(unit == nil ? argument[...] : argument.dropLast()), number >= 0,
      number <= 1_000_000
    else { return nil }
    seconds = number * (unit ?? 1)
  }

  var nanoseconds: Int64 { seconds * 1_000_000_000 }

  var defaultValueDescription: String { seconds % 60 == 0 ? "\(seconds / 60)m" : "\(seconds)s" }
}
