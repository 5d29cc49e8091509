// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrSema
import Glibc
import Testing

/// Checking takes time in proportion to the program.
@Suite(.serialized) struct ScaleTests {
  /// A program of that many services, each with what a real one has.
  static func services(_ count: Int, mistakes: Bool = false) -> String {
    var text = """
      use kubernetes, traffic, alerting
      cluster dr { region r { zone az1 {}, zone az2 {} } }

      """
    for index in 0..<count {
      text += """
        service s\(index) {
          on = dr, image = "registry/s:\(index)", replicas = \(mistakes ? "repilcas\(index)" : "2")
          needs { cpu = 1, memory = 1Gi }
          spread { over = [az1, az2] }
          probe live { get = "/healthz" }
          objective { rto = 5m }
        }
        fn busy\(index)(z: Zone) -> Bool = s\(index).replicas > 1 and z != az1
        runbook move\(index)(from: Zone, to: Zone) {
          require ready(s\(index), in: to) == 1 else "\\(to) has no s\(index)"
          step "scale" { kube.scale(s\(index), in: to, replicas: s\(index).replicas) }
        }

        """
    }
    return text
  }

  /// Of this thread: what other tests and programs do adds nothing.
  private func seconds(_ text: String, diagnostics: Int) -> Double {
    func now() -> Double {
      var time = timespec()
      clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
      return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
    let start = now()
    let found = check(text).diagnostics.count
    let time = now() - start
    #expect(found == diagnostics)
    return time
  }

  /// Twice the program takes about twice the time; four times would be quadratic. Caches are
  /// noisy, so the best of several tries counts.
  private func expectLinear(_ count: Int, _ program: (Int) -> String, diagnostics: (Int) -> Int) {
    let small = program(count)
    let large = program(2 * count)
    var ratio = Double.infinity
    for _ in 0..<4 where ratio > 2.6 {
      let base = seconds(small, diagnostics: diagnostics(count))
      ratio = min(ratio, seconds(large, diagnostics: diagnostics(2 * count)) / base)
    }
    #expect(ratio < 3)
  }

  @Test("of many services") func services() {
    expectLinear(400, { Self.services($0) }, diagnostics: { _ in 0 })
  }

  @Test("of a mistake in every service") func mistakes() {
    expectLinear(400, { Self.services($0, mistakes: true) }, diagnostics: { $0 })
  }

  @Test("of names that stand for nothing") func unknownNames() {
    expectLinear(
      4_000, { count in (0..<count).map { "let a\($0) = unknown\($0)\n" }.joined() },
      diagnostics: { $0 })
  }

  @Test("of functions that get their effect from one another") func effects() {
    expectLinear(
      1_000,
      { count in
        "use kubernetes\n"
          + (0..<count).map { "fn f\($0)(n: Node) -> Bool = f\($0 + 1)(n)\n" }.joined()
          + "fn f\(count)(n: Node) -> Bool = kube.cordon(n)\n"
          + "runbook r(n: Node) { step \"x\" { f0(n) } }\n"
      }, diagnostics: { _ in 0 })
  }

  @Test("of one long list, object and match") func wide() {
    expectLinear(
      2_000,
      { count in
        let numbers = (0..<count).map(String.init)
        return "let a = [\(numbers.joined(separator: ", "))]\n"
          + "let b: Object = { \(numbers.map { "m\($0): \($0)" }.joined(separator: ", ")) }\n"
          + "let c = match a[0] { \(numbers.map { "\($0): 1" }.joined(separator: ", ")), _: 2 }\n"
          + "let d = [\(numbers.map { "\"k\($0)\": \($0)" }.joined(separator: ", "))]\n"
      }, diagnostics: { _ in 0 })
  }
}
