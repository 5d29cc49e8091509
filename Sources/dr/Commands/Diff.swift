// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DrActions
import DrBase
import DrData
import DrEmit
import DrHost

struct Diff: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show what applying a program would change in a cluster.",
    discussion: """
      Every object is tried by a dry run of the API server, so that its defaults are no differences. What is in a \
      Secret is never shown.

      Exit status 0 when there is no difference, 1 when there is one, 3 when the cluster does not answer, 7 when an \
      object could not be compared.
      """
  ).ofDr

  @Argument(help: "The program.")
  var file: String

  @OptionGroup var cluster: ClusterOptions
  @OptionGroup var target: TargetOptions

  @Flag(help: "Write JSON.")
  var json = false

  @OptionGroup var source: SourceOptions

  mutating func run() async throws {
    let targets = try ClusterTarget.all(
      file: file, source: source, target: target, options: cluster)
    var worst: Int32 = 0
    for target in targets {
      let status: Int32
      do throws(ClusterFailure) {
        status = try await compare(target)
      } catch {
        Console.write("\(error.message)\n", to: .error)
        status = error.isUnreachable ? 3 : 7
      }
      await target.world.shutdown()
      worst = max(worst, status)
    }
    if worst != 0 { throw ExitCode(worst) }
  }

  private func compare(_ target: ClusterTarget) async throws(ClusterFailure) -> Int32 {
    let running = try await target.ask(target.objects.version())
    let reference = Inventory.reference(target.owner)
    let inventory = Inventory(
      program: target.owner, configMap: try await target.ask(target.objects.read(reference)))
    let preview = ClusterPreview(
      target: target, inventory: inventory, skipsUnknownKinds: cluster.skipUnknownKinds,
      looksBehindConflicts: true)
    let objects = try await preview.objects()
    let stale = try await preview.stale().filter { $0.fate != .gone }
    if json {
      Console.write(JSON.write(document(objects, stale), pretty: true) + "\n")
    } else {
      show(objects, stale, target, running: running)
    }
    if objects.contains(where: \.isProblem) { return 7 }
    return objects.contains(where: \.isDifferent) || !stale.isEmpty ? 1 : 0
  }

  private func show(
    _ objects: [PreviewedObject], _ stale: [StaleObject], _ target: ClusterTarget,
    running: String
  ) {
    let text = ApplyText(paint: Paint(isOn: target.project.style.usesColour(.output)))
    let diffText = ObjectDiffText(paint: text.paint)
    for object in objects {
      switch object.outcome {
      case .created, .later:
        Console.write(text.paint("+ \(object.reference.title)", .green) + "\n")
      case .changed(let diff, _):
        Console.write(text.paint("~ \(object.reference.title)", .yellow) + "\n")
        for line in diffText.lines(diff) { Console.write(line + "\n") }
        for owner in object.owners {
          let field = owner.field.drop { $0 == "." }
          let note = "\(field) belongs to \"\(owner.manager)\": apply wants --force"
          Console.write("    " + text.paint(note, .dim) + "\n")
        }
      case .unchanged, .skipped, .conflict, .refused, .unknownKind: break
      }
    }
    for object in stale {
      Console.write(
        text.paint("- \(object.reference.title)", .red)
          + text.paint(": no longer in the program", .dim) + "\n")
    }
    text.problems(objects, running: running)
    let differences = objects.count(where: \.isDifferent) + stale.count
    let problems = objects.count(where: \.isProblem)
    var words = "\(differences) of \(objects.count + stale.count) objects differ"
    if problems > 0 { words += ", \(problems) cannot be compared" }
    if differences + problems == 0 { words = "no difference in \(objects.count) objects" }
    let skipped = objects.count { if case .skipped = $0.outcome { true } else { false } }
    if skipped > 0 { words += ", \(skipped) skipped: the cluster does not know the kind" }
    Console.write("\(words) (\(target.context))\n", to: .error)
  }

  private func document(_ objects: [PreviewedObject], _ stale: [StaleObject]) -> Document {
    func entry(_ reference: ObjectReference, _ state: String, _ more: (String, Document)...)
      -> Document
    {
      .object(
        DocumentObject(
          [
            ("apiVersion", .string(reference.apiVersion)), ("kind", .string(reference.kind)),
            ("namespace", reference.namespace.map { .string($0) } ?? .null),
            ("name", .string(reference.name)), ("state", .string(state)),
          ] + more))
    }
    let entries = objects.map { object -> Document in
      switch object.outcome {
      case .unchanged: return entry(object.reference, "unchanged")
      case .created, .later: return entry(object.reference, "created")
      case .skipped(let reason):
        return entry(object.reference, "skipped", ("reason", .string(reason)))
      case .refused(let reason), .unknownKind(let reason):
        return entry(object.reference, "refused", ("reason", .string(reason)))
      case .conflict(let conflicts, _):
        return entry(
          object.reference, "conflict", ("owners", .array(conflicts.map(Self.document))))
      case .changed(let diff, _):
        let list = diff.changes.map { change -> Document in
          [
            "path": .string(change.path), "old": change.old ?? .null, "new": change.new ?? .null,
          ]
        }
        let owners = object.owners.map(Self.document)
        return entry(
          object.reference, "changed", ("changes", .array(list)), ("owners", .array(owners)))
      }
    }
    return .array(entries + stale.map { entry($0.reference, "stale") })
  }

  private static func document(_ owner: FieldConflict) -> Document {
    ["manager": .string(owner.manager), "field": .string(owner.field)]
  }
}

extension PreviewedObject {
  /// Whether applying would change the cluster.
  var isDifferent: Bool {
    switch outcome {
    case .created, .later, .changed: true
    case .unchanged, .skipped, .conflict, .refused, .unknownKind: false
    }
  }
}
