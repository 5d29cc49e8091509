// SPDX-License-Identifier: Apache-2.0

import DrData
import Foundation

extension Bench {
  private static let services = 5_000

  /// 5,000 services of eight objects each, as one YAML stream, checked and held against the schemas:
  /// once made in a loop, as the peers make them, and once as people write them, one block after the
  /// other, of which the library's backends make the objects.
  func compile() throws -> [Figure] {
    let emitter = try libyamlPeer()
    if let emitter { try checkSameObjects(emitter) }
    let count = Self.services
    var contest = Contest(countsProcessor: countsProcessor)
    contest.add("dr compile", dr, ["compile", try file("loop.dr", Inputs.services(count: count))])
    contest.add("blocks", dr, ["compile", try file("blocks.dr", Inputs.blocks(count: count))])
    contest.add("C libyaml", emitter, ["\(count)"])
    contest.add(
      "starlark-go, JSON", Peers.program("starlark"),
      [try file("services.star", Inputs.starlark(count: count))])
    let found = try contest.medians(rounds: min(rounds, 5))
    let peers = Array(found.dropFirst(2))
    let floor = peers[0].run?.milliseconds
    let starlark = peers[1].run?.milliseconds
    func time(_ name: String, _ run: Contest.Run?) -> Figure {
      let ours = run?.milliseconds ?? .infinity
      return Figure(
        name: name, ours: ours, unit: "ms", peers: peers.map { ($0.name, $0.run?.milliseconds) },
        bar: "2 x C, half of starlark-go",
        holds: floor.map { ours <= 2 * $0 && (starlark.map { 2 * ours <= $0 } ?? true) })
    }
    func memory(_ run: Contest.Run?) -> Figure {
      let ours = run?.peak ?? .infinity
      return Figure(
        name: "  its largest memory", ours: ours, unit: "MiB",
        peers: peers.map { ($0.name, $0.run?.peak) }, bar: "150 MiB", holds: ours <= 150)
    }
    return [
      time("40,000 objects in a loop", found[0].run), memory(found[0].run),
      time("40,000 objects of 5,000 blocks", found[1].run), memory(found[1].run),
    ] + (try growthOfCompile())
  }

  /// What services cost beyond a program that has none.
  private func growthOfCompile() throws -> [Figure] {
    let sizes = [100, 1_000, 5_000, 20_000]
    var contest = Contest(countsProcessor: countsProcessor)
    contest.add("none", dr, ["compile", try file("blocks-0.dr", Inputs.blocks(count: 0))])
    for size in sizes {
      let path = try file("blocks-\(size).dr", Inputs.blocks(count: size))
      contest.add("\(size)", dr, ["compile", path])
    }
    let times = try contest.medians(rounds: min(rounds, 5)).map {
      $0.run?.milliseconds ?? .infinity
    }
    let above = times.dropFirst().map { $0 - times[0] }
    let exponent = Self.exponent(sizes, above)
    return [
      Figure(
        name: "100 blocks, above start-up", ours: above[0], unit: "ms", bar: "10 ms",
        holds: above[0] <= 10),
      Figure(
        name: "growth from 100 to 20,000 blocks", ours: exponent, unit: "n^",
        bar: "linear: n^1.1", holds: exponent <= 1.1),
    ]
  }

  /// `dr lint`, from start to exit.
  func lint() throws -> [Figure] {
    var contest = Contest(countsProcessor: countsProcessor)
    contest.add("large", dr, ["lint", try file("lint.dr", Inputs.blocks(count: Self.services))])
    contest.add("small", dr, ["lint", try file("lint-300.dr", Inputs.blocks(count: 20))])
    let times = try contest.medians(rounds: rounds).map { $0.run?.milliseconds ?? .infinity }
    return [
      Figure(
        name: "lint of 5,000 services", ours: times[0], unit: "ms", bar: "1 s",
        holds: times[0] <= 1_000),
      Figure(
        name: "lint of 300 lines", ours: times[1], unit: "ms", bar: "25 ms", holds: times[1] <= 25),
    ]
  }

  /// The path of the C program; nil where there is no compiler or no libyaml.
  private func libyamlPeer() throws -> String? {
    guard let compiler = Peers.program("cc") else { return nil }
    let source = try file("services.c", Inputs.libyaml)
    let program = folder.appendingPathComponent("services-c").path
    let run = try? Contest.run([compiler, "-O2", source, "-o", program, "-lyaml"])
    return run == nil ? nil : program
  }

  /// A peer that does something else would be measured for nothing.
  private func checkSameObjects(_ emitter: String) throws {
    let path = try file("ten.dr", Inputs.services(count: 10))
    let texts = try [[dr, "compile", path], [emitter, "10"]].map { words in
      guard let text = Peers.output(words) else {
        throw BenchError(text: "\(words.joined(separator: " ")) fails")
      }
      return try YAML.parse(Array((text + "\n").utf8)).map { JSON.write($0) }.sorted()
    }
    if texts[0] != texts[1] { throw BenchError(text: "the C program writes other objects") }
  }
}
