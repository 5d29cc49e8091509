// SPDX-License-Identifier: Apache-2.0

import DrRun

/// Why a server does not carry an update out, and what helps.
struct DNSRefusal {
  private let front: DNSFront
  private let reply: DNSMessage

  init(_ front: DNSFront, _ reply: DNSMessage) {
    self.front = front
    self.reply = reply
  }

  var failure: WorldFailure {
    let words = "\(front.primary.text) does not change \(front.name.text): \(reason)"
    return reply.code == DNSCode.serverFailure ? .inDoubt(words) : .refused(words)
  }

  private var reason: String {
    let key = front.key.map { "the key \($0.text)" } ?? "requests without a key"
    switch reply.code {
    case DNSCode.notAuthoritative:
      return signatureProblem(key)
        ?? "it does not answer for the zone (NOTAUTH); name the primary server first"
    case DNSCode.refused:
      return "\(key) may not (REFUSED); allow it in the zone's update-policy, and name the primary "
        + "server first"
    case DNSCode.notImplemented, DNSCode.formatError:
      return "it takes no updates (\(DNSCode.text(reply.code)))"
    case DNSCode.notInZone: return "the name is not in the zone (NOTZONE)"
    case DNSCode.recordsDiffer, DNSCode.recordsExist, DNSCode.nameExists, DNSCode.noSuchName:
      return "its records were changed while the update was under way "
        + "(\(DNSCode.text(reply.code))); run again"
    case let code: return "it answered \(DNSCode.text(code))"
    }
  }

  private func signatureProblem(_ key: String) -> String? {
    guard let signature = reply.additionals.last.flatMap({ TSIG($0) }) else { return nil }
    switch signature.problem {
    case TSIG.Problem.key:
      return
        "it does not know \(key) with \(front.key?.algorithm.rawValue ?? "no algorithm") (BADKEY); "
        + "compare its name and algorithm with the server's"
    case TSIG.Problem.signature:
      return "the signature of \(key) is wrong (BADSIG); the secret is not the server's"
    case TSIG.Problem.time:
      let apart = signature.serverSeconds.map { server in
        let distance = max(server, signature.seconds) - min(server, signature.seconds)
        return
          "this machine's clock is \(distance) s \(server > signature.seconds ? "behind" : "ahead of") the server's"
      }
      return
        "\(apart ?? "the clocks of this machine and the server differ") (BADTIME); set the clock"
    case let problem: return "\(key) does not help (error \(problem))"
    }
  }
}
