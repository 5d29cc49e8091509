// SPDX-License-Identifier: Apache-2.0

import DrBase

/// What a name means in a reference.
package enum DocEntry: Sendable {
  case module(DocModule)
  case item(DocItem)
  case field(DocField, of: DocItem)
  case builtIn(BuiltInType)
}

extension Reference {
  /// What a name stands for: a module by its path or name, a declaration (`ready`, `kube.ready`,
  /// `service.Service`), a word that begins blocks, a field (`Service.objective`), a type of the
  /// language. A module and a type of one name are both given.
  package func entries(of name: String) -> [DocEntry] {
    let parts = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    var found: [DocEntry] = []
    if parts.count == 1 {
      found += modules.filter { $0.path == name || $0.name == name }.map(DocEntry.module)
      found += items(called: name).map(DocEntry.item)
      found += BuiltInType.all.filter { $0.name == name }.map(DocEntry.builtIn)
    }
    if let file = modules.first(where: { $0.path == name }), parts.count > 1 {
      found.append(.module(file))
    }
    guard parts.count > 1, let last = parts.last else { return found }
    let owner = parts.dropLast().joined(separator: ".")
    for item in items(called: last) where item.module == owner { found.append(.item(item)) }
    for item in items(called: parts[parts.count - 2]) where item.kind == .type {
      guard parts.count == 2 || item.module == parts[0] else { continue }
      found += item.fields.filter { $0.name == last }.map { .field($0, of: item) }
    }
    return found
  }

  private func items(called name: String) -> [DocItem] {
    modules.flatMap(\.items).filter { $0.name == name || $0.word == name }
  }

  /// Every name that can be looked up, for guesses.
  package var names: [String] {
    modules.flatMap { [$0.path, $0.name] + $0.items.flatMap { [$0.name, $0.anchor] } }
      + BuiltInType.all.map(\.name)
  }
}
