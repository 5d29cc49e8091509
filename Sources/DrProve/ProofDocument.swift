// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrData

/// Proofs as data. Times are seconds; what has no bound is null.
package enum ProofDocument {
  package static func document(_ proofs: [Proof], in sources: SourceMap) -> Document {
    let writer = Writer(sources: sources)
    return .object(
      DocumentObject([
        ("verdict", .string(overall(proofs).rawValue)),
        ("services", .array(proofs.map(writer.proof))),
      ]))
  }

  /// Refuted where one service is, else unknown where one is.
  package static func overall(_ proofs: [Proof]) -> ProofVerdict {
    let verdicts = proofs.map(\.verdict)
    return verdicts.contains(.refuted)
      ? .refuted : verdicts.contains(.unknown) ? .unknown : .proved
  }

  private struct Writer {
    let sources: SourceMap

    func proof(_ proof: Proof) -> Document {
      .object(
        DocumentObject([
          ("service", .string(proof.service)), ("at", place(proof.place)),
          ("verdict", .string(proof.verdict.rawValue)), ("rto_s", seconds(proof.rto)),
          ("cases", .array(proof.cases.map(proofCase))),
          ("pairs", .array(proof.pairs.map(proofCase))), ("rpo_s", seconds(proof.rpo)),
          ("data", .array(proof.keepings.map(keeping))),
          ("availability", availability(proof.availability)),
        ]))
    }

    private func keeping(_ it: ProofKeeping) -> Document {
      .object(
        DocumentObject([
          ("text", .string(it.text)), ("lag_s", it.lag.map(seconds) ?? .null),
          ("at", it.place.map(Document.string) ?? .null),
        ]))
    }

    private func availability(_ it: ProofAvailability) -> Document {
      func share(_ billionths: Int64) -> Document { .float(Double(billionths) / 1e9) }
      return .object(
        DocumentObject([
          ("promised", share(it.promised)), ("worst", it.worst.map(share) ?? .null),
          ("best", it.best.map(share) ?? .null),
          ("undeclared", .array(it.undeclared.map(Document.string))),
        ]))
    }

    private func proofCase(_ it: ProofCase) -> Document {
      .object(
        DocumentObject([
          ("kind", .string(it.kind)), ("lost", .string(it.name)), ("at", place(it.place)),
          ("counts", .bool(it.counts)), ("verdict", .string(it.verdict.rawValue)),
          ("left", .int(Int64(it.left))), ("room", .int(Int64(it.room))),
          ("at_least", .int(Int64(it.wanted))), ("api_server", .bool(it.isAPIUp)),
          ("ending", .string(it.ending.rawValue)), ("recovery", interval(it)),
          ("because", .string(it.because)), ("budget", .array(it.terms.map(term))),
          ("changes", .array(it.changes.map(change))),
        ]))
    }

    /// `null` of what never recovers.
    private func interval(_ it: ProofCase) -> Document {
      it.ending == .down ? .null : interval(it.takes)
    }

    private func term(_ it: ProofTerm) -> Document {
      .object(
        DocumentObject([
          ("part", .string(it.part.rawValue)), ("takes", interval(it.takes)),
          ("because", .string(it.because)), ("at", it.place.map(Document.string) ?? .null),
          ("after", .bool(it.isAfter)),
        ]))
    }

    private func change(_ it: ProofChange) -> Document {
      .object(
        DocumentObject([
          ("title", .string(it.title)), ("at", place(it.around)),
          ("field", .string(it.field)), ("value", .string(it.value)),
        ]))
    }

    private func interval(_ it: Interval) -> Document {
      .object(
        DocumentObject([
          ("best_s", seconds(it.best)), ("worst_s", it.worst.map(seconds) ?? .null),
        ]))
    }

    private func seconds(_ nanoseconds: Int64) -> Document {
      .float(Double((nanoseconds + 500_000) / 1_000_000) / 1_000)
    }

    private func place(_ span: Span?) -> Document {
      span.map { .string(sources.location($0)) } ?? .null
    }
  }
}
