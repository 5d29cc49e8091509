// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrData
import DrFormat
import DrSyntax

/// The program that an import gives, and what became of every object.
package struct ImportResult: Sendable {
  /// In the one style.
  package let program: String
  /// Apps that became a service.
  package let services: [App]
  /// Objects that stay word for word, each with the reasons where it belongs to an app.
  package let manifests: [(object: ImportedObject, reasons: [String])]
}

/// Turns objects into a program.
package struct Importer {
  package struct Options: Sendable {
    /// Whether everything stays word for word.
    package var keepsAll = false
    /// Zones of apps that name none.
    package var zones: [String] = []
    /// CPU and memory of apps that do not say what they need.
    package var needs: AppFacts.Needs?
    /// The cluster's name, as its context is called.
    package var cluster = "imported"
    /// Its version: `1.30`.
    package var version: String?
    package var pools: [NodePoolFacts] = []

    package init() {}
  }

  private let set: ManifestSet
  private let options: Options

  package init(_ set: ManifestSet, options: Options) {
    self.set = set
    self.options = options
  }

  /// Fails only where what was written is no program, which would be a mistake in here.
  package func result() throws(ImportFailure) -> ImportResult {
    let reader = AppReader(set, zones: options.zones, needs: options.needs)
    let apps = options.keepsAll ? [] : reader.apps().map(checked)
    let services = apps.filter(\.reasons.isEmpty)
    let taken = services.flatMap(\.objects)
    var names = Names()
    var text = ""
    var uses: [String] = []
    if !services.isEmpty { uses.append("kubernetes") }
    let rest = set.objects.filter { !taken.contains($0) }
    if !rest.isEmpty { uses.append("manifests") }
    if !uses.isEmpty { text += "use \(uses.joined(separator: ", "))\n\n" }
    if !services.isEmpty {
      var zones: [String] = []
      for zone in services.flatMap(\.facts.zones) + options.pools.map(\.zone)
      where !zones.contains(zone) { zones.append(zone) }
      let writer = ServiceWriter(
        cluster: options.cluster, version: options.version, zones: zones, pools: options.pools,
        names: &names)
      text += writer.topology + "\n"
      for app in services {
        for note in app.notes { text += "# \(note)\n" }
        text += writer.service(app.facts, name: names.make(app.facts.name)) + "\n"
      }
    } else if let version = options.version {
      let writer = ServiceWriter(
        cluster: options.cluster, version: version, zones: [], pools: [], names: &names)
      text += writer.topology + "\n"
    }
    var manifests: [(object: ImportedObject, reasons: [String])] = []
    for object in rest {
      let app = apps.first { $0.objects.contains(object) && !$0.reasons.isEmpty }
      let reasons = app?.objects.first == object ? app?.reasons ?? [] : []
      for reason in reasons { text += "# no service: \(reason)\n" }
      let name = names.make("\(object.kind)_\(object.name)")
      text +=
        "manifest \(name) {\nobject = \(SourceWriter.literal(.object(object.document), depth: 1))\n}\n\n"
      manifests.append((object, reasons))
    }
    return ImportResult(
      program: try formatted(text), services: services, manifests: manifests)
  }

  /// Quantities that the language has no literal for.
  private func checked(_ app: App) -> App {
    var app = app
    guard app.reasons.isEmpty else { return app }
    if ServiceWriter.cpuMillis(app.facts.cpu) ?? 0 <= 0 {
      app.reasons.append("its CPU, \(app.facts.cpu), is no number of thousandths")
    }
    for size in [app.facts.memory] + app.facts.volumes.map(\.size)
    where ServiceWriter.bytes(size) == nil {
      app.reasons.append("the size \(size) has a unit that the language has not")
    }
    if app.facts.replicas < 1 { app.reasons.append("it has no replicas") }
    return app
  }

  private func formatted(_ text: String) throws(ImportFailure) -> String {
    let source = SourceFile(id: FileID(0), name: "imported.dr", bytes: Array(text.utf8))
    guard let formatted = DrFormat.format(parse(source)) else {
      throw ImportFailure(program: text)
    }
    return formatted
  }
}

/// The text that should have been a program.
package struct ImportFailure: Error {
  package let program: String
}
