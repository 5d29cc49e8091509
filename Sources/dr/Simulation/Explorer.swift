// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DrBase
import DrData
import DrRun
import DrSim

/// `dr simulate --explore`: every fault alone, then every pair, and the shortest counterexample.
struct Explorer {
  private let simulator: Simulator
  private let names: FaultNames
  private let cluster: SimulatedCluster
  private let lasting: Int64

  init(_ simulator: Simulator, _ names: FaultNames, _ cluster: SimulatedCluster, lasting: Int64) {
    self.simulator = simulator
    self.names = names
    self.cluster = cluster
    self.lasting = lasting
  }

  /// Writes what was found; gives whether a single fault breaks a promise.
  func report(asJSON: Bool, html: String?, style: OutputStyle) throws -> Bool {
    let exploration = Exploration(cluster)
    let singles = try play(exploration.singles)
    let pairs = try play(singles.flatMap(exploration.pairs))
    let counterexample = Exploration.counterexample(among: singles + pairs)
    if let html { try Simulator.write(page(singles, pairs, counterexample), to: html) }
    if asJSON {
      let document = document(singles, pairs, counterexample)
      Console.write(JSON.write(document, pretty: true) + "\n")
    } else {
      let colour = style.usesColour(.output)
      Console.write(text(singles, pairs, counterexample, colour: colour))
    }
    return singles.contains(where: \.outcome.isBroken)
  }

  private func play(_ faults: [[TimedFault]]) throws(Diagnostic) -> [Exploration.Case] {
    let outcomes = try simulator.play(
      all: faults.map { faults in
        PolicySimulation.Scenario(
          cluster: cluster.label, seed: 1, lasting: lasting, faults: faults)
      })
    return zip(faults, outcomes).map { Exploration.Case(faults: $0, outcome: $1) }
  }

  // MARK: For people

  private func text(
    _ singles: [Exploration.Case], _ pairs: [Exploration.Case],
    _ counterexample: Exploration.Case?, colour: Bool
  ) -> String {
    let paint = Paint(isOn: colour)
    var text = "every fault alone, after a minute\n"
    for single in singles { text += line(single, paint) }
    let broken = pairs.filter(\.outcome.isBroken)
    text += "\nevery other fault after it, at every moment at which something happened: "
    text += "\(Words.count(pairs.count, "simulation"))\n"
    for group in groups(broken) { text += line(group, of: pairs, paint) }
    if broken.isEmpty { text += "  \(paint("✓", .green)) the promises are kept in all of them\n" }
    guard let counterexample else { return text }
    text += "\nthe shortest counterexample, as a test of the program:\n\n"
    return text + test(counterexample)
  }

  private func line(_ single: Exploration.Case, _ paint: Paint) -> String {
    let fault = single.faults.map(\.fault.text).joined()
    let mark = single.outcome.isBroken ? paint("✗", .red) : paint("✓", .green)
    let services = single.outcome.services.map(sentence).joined(separator: "; ")
    return "  \(mark) \(fault): \(services)\n"
  }

  /// `deepseek: back after 2m39s of 5m`
  private func sentence(_ service: ServiceSummary) -> String {
    let took = Words.duration(rounded(service.longestLoss))
    let rto = Words.duration(service.rto)
    return switch service.verdict {
    case .untouched: "\(service.service) keeps its full service"
    case .kept: "\(service.service) is back after \(took) of \(rto)"
    case .late: "\(service.service) is back after \(took), promised were \(rto)"
    case .lost:
      "\(service.service) is not back within \(Words.duration(lasting)), promised were \(rto)"
    case .open: "\(service.service) is not back yet, of \(rto) promised"
    }
  }

  /// Pairs of the same two faults, whenever the second came.
  private struct Group {
    let first: SimulatedFault
    let second: SimulatedFault
    var broken: [Exploration.Case]
  }

  private func groups(_ broken: [Exploration.Case]) -> [Group] {
    var groups: [Group] = []
    for pair in broken where pair.faults.count == 2 {
      let (first, second) = (pair.faults[0].fault, pair.faults[1].fault)
      if let index = groups.firstIndex(where: { $0.first == first && $0.second == second }) {
        groups[index].broken.append(pair)
      } else {
        groups.append(Group(first: first, second: second, broken: [pair]))
      }
    }
    return groups
  }

  private func line(_ group: Group, of pairs: [Exploration.Case], _ paint: Paint) -> String {
    return
      "  \(paint("✗", .red)) \(group.first.text), then \(group.second.text): broken \(how(group, of: pairs)), "
      + "\(worst(group.broken))\n"
  }

  private func how(_ group: Group, of pairs: [Exploration.Case]) -> String {
    let all = pairs.count {
      $0.faults[0].fault == group.first && $0.faults[1].fault == group.second
    }
    return group.broken.count == all
      ? "whenever it comes" : "at \(group.broken.count) of \(all) moments"
  }

  private func worst(_ broken: [Exploration.Case]) -> String {
    let isLost = broken.contains { $0.outcome.services.contains { $0.verdict == .lost } }
    let longest = broken.map(\.outcome.worst).max() ?? 0
    return isLost
      ? "not back within \(Words.duration(lasting))"
      : "at worst \(Words.duration(rounded(longest)))"
  }

  private func rounded(_ nanoseconds: Int64) -> Int64 {
    (nanoseconds + Second.one / 2) / Second.one * Second.one
  }

  // MARK: The counterexample

  /// A test that fails as the case does.
  private func test(_ broken: Exploration.Case) -> String {
    let faults = broken.faults.map { timed in
      let at = Words.duration(timed.at.nanoseconds - SimulatedWorld.epoch.nanoseconds)
      return "    at \(at): \(names.source(timed.fault, cluster: cluster.label))\n"
    }
    let title = broken.faults.map(\.fault.text).joined(separator: ", then ")
    let asserts = broken.outcome.services.filter(\.verdict.isBroken).map { service in
      let name = names.service(service.service)
      return "  assert w.recovery(\(name)) <= \(name).objective.rto\n"
    }
    let lasting = Words.duration(lasting)
    return """
      test "the promise holds when \(title)" {
        let w = simulate(\(names.cluster(cluster.label)), lasting: \(lasting)) {
      \(faults.joined())  }
      \(asserts.joined())}

      """
  }

  // MARK: As a page

  private func page(
    _ singles: [Exploration.Case], _ pairs: [Exploration.Case],
    _ counterexample: Exploration.Case?
  ) -> String {
    let broken = pairs.filter(\.outcome.isBroken)
    let isBroken = singles.contains(where: \.outcome.isBroken)
    var page = HTMLPage(title: names.cluster(cluster.label))
    page.subtitle = "every fault, and every other one after it"
    let badge: (HTMLPage.Tone, String) =
      isBroken
      ? (.bad, "one fault breaks a promise")
      : broken.isEmpty
        ? (.good, "every promise is kept") : (.doubtful, "every single fault is survived")
    page.badge = badge
    page.facts = [
      ("simulations", "\(singles.count + pairs.count)"),
      ("each lasts", Words.duration(lasting)),
      ("single faults", "\(singles.count)"), ("pairs that break a promise", "\(broken.count)"),
    ]
    page.body = [
      HTMLPage.section(
        "Every fault alone, after a minute",
        rows: singles.flatMap { single in
          single.outcome.services.map { row(single.faults.map(\.fault.text).joined(), $0) }
        }, head: ["fault", "service", "recovery", "promised", "requests lost", ""]),
      HTMLPage.section(
        "Every other fault after it, at every moment at which something happened",
        rows: groups(broken).map { group in
          let cells = [
            group.first.text, group.second.text, how(group, of: pairs), worst(group.broken),
          ]
          return "<tr>\(cells.map { "<td>\(XML.escaped($0))</td>" }.joined())</tr>"
        }, head: ["first", "then", "the promise is broken", "and then"]),
      counterexample.map {
        HTMLPage.section(
          "The shortest counterexample, as a test of the program",
          "<pre>\(XML.escaped(test($0)))</pre>")
      } ?? "",
    ]
    page.foot = """
      <p>Simulated by dr in virtual time: the same program gives the same page. A pair is tried at every moment at which the first \
      simulation did something, not between.</p>
      """
    return page.text
  }

  private func row(_ fault: String, _ service: ServiceSummary) -> String {
    let verdict =
      switch service.verdict {
      case .untouched: "<td class=\"good\">full service</td>"
      case .kept: "<td class=\"good\">✓ kept</td>"
      case .late: "<td class=\"bad\">✗ too late</td>"
      case .lost: "<td class=\"bad\">✗ not back</td>"
      case .open: "<td class=\"doubtful\">not back yet</td>"
      }
    let cells = [
      fault, service.service, Words.duration(rounded(service.longestLoss)),
      Words.duration(service.rto), "\(service.lostRequests) of \(service.requests)",
    ]
    return "<tr>\(cells.map { "<td>\(XML.escaped($0))</td>" }.joined())\(verdict)</tr>"
  }

  // MARK: For machines

  private func document(
    _ singles: [Exploration.Case], _ pairs: [Exploration.Case], _ counterexample: Exploration.Case?
  ) -> Document {
    var members: [(String, Document)] = [
      ("singles", .array(singles.map(document))),
      ("pairs", .int(Int64(pairs.count))),
      ("broken_pairs", .array(pairs.filter(\.outcome.isBroken).map(document))),
    ]
    if let counterexample {
      members.append(("counterexample", document(counterexample)))
      members.append(("test", .string(test(counterexample))))
    }
    return .object(DocumentObject(members))
  }

  private func document(_ played: Exploration.Case) -> Document {
    .object(
      DocumentObject([
        ("faults", .array(played.faults.map(document))),
        ("services", .array(played.outcome.services.map(SimulationDocument.verdict))),
      ]))
  }

  private func document(_ timed: TimedFault) -> Document {
    .object(
      DocumentObject([
        (
          "at_s",
          SimulationDocument.seconds(timed.at.nanoseconds - SimulatedWorld.epoch.nanoseconds)
        ),
        ("fault", .string(names.source(timed.fault, cluster: cluster.label))),
      ]))
  }
}
