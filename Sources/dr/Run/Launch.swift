// SPDX-License-Identifier: Apache-2.0

import DrData
import DrHost
import DrRun

/// What was asked for when a run was started: enough to start it again when it is resumed.
struct Launch: Equatable {
  enum WorldKind: String, Equatable { case real, simulated }

  /// Absolute path of the program.
  var file: String
  var runbook: String
  /// `name=expression` as written.
  var arguments: [String]
  /// `name=value` or `name:=JSON`, values files resolved.
  var inputs: [String]
  var world: WorldKind
  var kubeconfig: String?
  var context: String?
  /// Whom clusters see, where that is not the kubeconfig's user.
  var impersonation: Impersonation?
  var grants = Grants()
  /// Where the program's clusters were when it was started; empty where nobody has noted that.
  var places: [ClusterPlace] = []
  /// What started it, where that was no person.
  var cause: Cause?

  /// The policy that started a run.
  struct Cause: Equatable {
    /// Label of the policy's service.
    var service: String
    /// The alerts that had a part in it: told again, they start nothing more.
    var alerts: [Alert.Key]
  }

  /// The values of the arguments as one expression, by which is found out what they name.
  var argumentList: String {
    let values = arguments.map { $0.drop { $0 != "=" }.dropFirst() }
    return "[\(values.joined(separator: ", "))]"
  }

  /// A cluster that is elsewhere now than it was when this was started, then and now.
  func moved(to now: [ClusterPlace]) -> (was: ClusterPlace, is: ClusterPlace)? {
    for was in places {
      guard let here = now.first(where: { $0.cluster == was.cluster }), here.server != was.server
      else { continue }
      return (was, here)
    }
    return nil
  }

  var document: Document {
    var object = DocumentObject([
      ("file", .string(file)), ("runbook", .string(runbook)),
      ("arguments", .array(arguments.map(Document.string))),
      ("inputs", .array(inputs.map(Document.string))), ("world", .string(world.rawValue)),
    ])
    object["kubeconfig"] = kubeconfig.map(Document.string)
    object["context"] = context.map(Document.string)
    object["as"] = impersonation.map { .string($0.user) }
    object["as_groups"] = impersonation.map { .array($0.groups.map(Document.string)) }
    object["allow"] = grants.allowed.map { .array($0.map(Document.string)) }
    if !grants.denied.isEmpty { object["deny"] = .array(grants.denied.map(Document.string)) }
    if !places.isEmpty { object["clusters"] = .array(places.map(\.document)) }
    if let cause {
      object["cause"] = [
        "service": .string(cause.service), "alerts": .array(cause.alerts.map(\.document)),
      ]
    }
    return .object(object)
  }

  init(
    file: String, runbook: String, arguments: [String], inputs: [String], world: WorldKind,
    kubeconfig: String?, context: String?
  ) {
    self.file = file
    self.runbook = runbook
    self.arguments = arguments
    self.inputs = inputs
    self.world = world
    self.kubeconfig = kubeconfig
    self.context = context
  }

  /// `nil` where a document is not what `document` gives.
  init?(_ document: Document) {
    guard let file = document["file"]?.stringValue,
      let runbook = document["runbook"]?.stringValue,
      let arguments = Self.texts(document["arguments"]),
      let inputs = Self.texts(document["inputs"]),
      let world = document["world"]?.stringValue.flatMap(WorldKind.init(rawValue:))
    else { return nil }
    self.init(
      file: file, runbook: runbook, arguments: arguments, inputs: inputs, world: world,
      kubeconfig: document["kubeconfig"]?.stringValue, context: document["context"]?.stringValue)
    impersonation = document["as"]?.stringValue.map { user in
      Impersonation(
        user: user,
        groups: document["as_groups"]?.arrayValue?.compactMap(\.stringValue) ?? [])
    }
    if let allowed = document["allow"] {
      guard let names = Self.texts(allowed) else { return nil }
      grants.allowed = names
    }
    if let denied = document["deny"] {
      guard let names = Self.texts(denied) else { return nil }
      grants.denied = names
    }
    places = document["clusters"]?.arrayValue?.compactMap(ClusterPlace.init) ?? []
    if let cause = document["cause"], let service = cause["service"]?.stringValue {
      self.cause = Cause(
        service: service,
        alerts: cause["alerts"]?.arrayValue?.compactMap(Alert.Key.init) ?? [])
    }
  }

  /// `nil` where it is no list of texts: what was given is not to be left out in silence.
  private static func texts(_ document: Document?) -> [String]? {
    guard let items = document?.arrayValue else { return nil }
    let texts = items.compactMap(\.stringValue)
    return texts.count == items.count ? texts : nil
  }
}
