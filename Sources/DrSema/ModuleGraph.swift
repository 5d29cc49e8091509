// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrSyntax

/// Where modules come from. The host decides what a path may reach; the checker only asks.
package protocol ModuleLoader {
  /// The text of a module of the standard library, by its path there without suffix: `core`,
  /// `emit/pdb`.
  func standardModule(_ path: String) -> [UInt8]?
  /// All names by which other modules can come to what a standard module declares, where they are known
  /// without reading it.
  func names(ofStandardModule path: String) -> Set<String>?
  /// All of them, sorted.
  var standardModules: [String] { get }
  /// The bytes of a file below the project root, by its path from there.
  func file(_ path: String) -> Result<[UInt8], LoadFailure>
  /// How diagnostics name that file.
  func displayName(_ path: String) -> String
  /// What diagnostics call a standard module.
  func displayName(ofStandardModule path: String) -> String
}

extension ModuleLoader {
  package func names(ofStandardModule path: String) -> Set<String>? { nil }
  package func displayName(_ path: String) -> String { path }
  package func displayName(ofStandardModule path: String) -> String { "stdlib/\(path).dr" }
}

/// Why a file could not be read.
package enum LoadFailure: Error, Sendable, Equatable {
  case notFound
  /// A link leads out of the project root.
  case outsideRoot
  case unreadable(String)

  /// Why, for people.
  package var reason: String {
    switch self {
    case .notFound: "there is no such file"
    case .outsideRoot: "it lies outside the project"
    case .unreadable(let reason): reason
    }
  }
}

/// One module: a parsed file, what it is called, and what it uses.
package struct Module {
  /// Path in the standard library (`core`) or from the project root (`deepseek.dr`).
  package let path: String
  /// Whether it comes with the standard library.
  package let isStandard: Bool
  /// The parsed file.
  package let tree: SyntaxTree
  /// What `.dr` code that uses it writes before the dot: `kube`.
  package var alias: String
  /// Modules named in its `use`, with the names they go by here.
  package var uses: [(alias: String, module: Int)] = []
  /// Whether names may be missing: something in its `use` was not found, or a declaration could not
  /// be read.
  package var hasLostNames = false
}

/// The modules of a program, dependencies first.
package struct ModuleGraph {
  /// Dependencies first.
  package var modules: [Module] = []
  /// All files that were read.
  package var sources = SourceMap()
  /// Mistakes of syntax and of `use`.
  package var diagnostics: [Diagnostic] = []

  /// Modules whose names every other module sees without `use`.
  package static let prelude = ["core", "topology", "service", "policy"]
}

/// Loads a program's modules depth first; a module is loaded once.
struct ModuleGraphBuilder {
  var graph = ModuleGraph()
  let loader: any ModuleLoader
  let limits: Limits
  private var indexByKey: [String: Int] = [:]
  /// Keys of the modules being loaded, outermost first, for cycles.
  private var loading: [String] = []

  init(loader: any ModuleLoader, limits: Limits) {
    self.loader = loader
    self.limits = limits
  }

  /// Loads a standard module; `nil` when there is none of that name.
  mutating func loadStandard(_ path: String) -> Int? {
    let key = "std:" + path
    if let index = indexByKey[key] { return index }
    guard let bytes = loader.standardModule(path) else { return nil }
    return load(
      key: key, path: path, display: loader.displayName(ofStandardModule: path), bytes: bytes,
      isStandard: true)
  }

  /// A standard module that was loaded.
  func loadedStandard(_ path: String) -> Int? { indexByKey["std:" + path] }

  mutating func load(
    key: String, path: String, display: String, bytes: [UInt8], isStandard: Bool
  ) -> Int {
    let file = graph.sources.add(name: display, bytes: bytes)
    let tree = parse(graph.sources[file], limits: limits)
    graph.diagnostics += tree.diagnostics
    loading.append(key)
    var module = Module(
      path: path, isStandard: isStandard, tree: tree, alias: Self.defaultAlias(path))
    if let name = tree.root.first(.moduleDecl)?.name { module.alias = name }
    for use in tree.root.all(.useDecl) {
      for item in use.all(.useItem) {
        resolve(item, from: &module)
      }
    }
    loading.removeLast()
    let index = graph.modules.count
    graph.modules.append(module)
    indexByKey[key] = index
    return index
  }

  private static func defaultAlias(_ path: String) -> String {
    var name = path.split(separator: "/").last.map(String.init) ?? path
    if name.hasSuffix(".dr") { name.removeLast(3) }
    return name
  }

  private mutating func resolve(_ item: SyntaxNode, from module: inout Module) {
    let asName = item.token(.asKeyword) != nil ? item.names.last?.text : nil
    if let path = item.first(.stringExpr)?.stringText() {
      guard let index = loadFile(path, from: module, at: item.span) else {
        module.hasLostNames = true
        return
      }
      add((asName ?? graph.modules[index].alias, index), to: &module, at: item.span)
      return
    }
    let isBroken = item.name == nil || item.first(.error) != nil
    module.hasLostNames = module.hasLostNames || isBroken
    guard !isBroken, let name = item.name else { return }
    let cycle = "std:" + name
    if loading.contains(cycle) {
      reportCycle(to: cycle, at: item.span)
      module.hasLostNames = true
    } else if let index = loadStandard(name) {
      add((asName ?? graph.modules[index].alias, index), to: &module, at: item.span)
    } else {
      module.hasLostNames = true
      let nearest = nearestName(to: name, among: loader.standardModules)
      graph.diagnostics.append(
        Diagnostic(
          .unknownModule, "there is no module `\(name)` in the standard library", at: item.span,
          help: nearest.map { "did you mean `\($0)`?" }
            ?? "a file of yours is used by its path: use \"./\(name).dr\"",
          fixes: nearest.flatMap { near in
            item.names.first.map { [Fix("write `\(near)`", replacing: $0.span, with: near)] }
          } ?? []))
    }
  }

  private mutating func add(
    _ use: (alias: String, module: Int), to module: inout Module, at span: Span
  ) {
    if let other = module.uses.first(where: { $0.alias == use.alias }), other.module != use.module {
      graph.diagnostics.append(
        Diagnostic(
          .duplicateName, "two modules are called `\(use.alias)` here", at: span,
          caption:
            "this is \(graph.modules[use.module].path), "
            + "the other is \(graph.modules[other.module].path)",
          help: "give one of them another name: `use … as \(use.alias)_2`"))
      return
    }
    if !module.uses.contains(where: { $0 == use }) { module.uses.append(use) }
  }

  private mutating func loadFile(_ path: String, from module: Module, at span: Span) -> Int? {
    guard path.hasPrefix("./") || path.hasPrefix("../") else {
      graph.diagnostics.append(
        Diagnostic(
          .unknownModule, "a file is used by a path from the file that uses it", at: span,
          help: loader.standardModules.contains(path)
            ? "write `use \(path)` for the module of the standard library"
            : path.hasPrefix("/") || path.hasPrefix("~")
              ? "write the path from here, as in \"./zones.dr\" or \"../zones.dr\""
              : "write \"./\(path)\""))
      return nil
    }
    var parts = module.path.split(separator: "/").map(String.init)
    parts = parts.dropLast() + path.split(separator: "/").map(String.init)
    guard let target = normalizedPath(parts) else {
      graph.diagnostics.append(
        Diagnostic(
          .fileOutsideRoot, "\"\(path)\" lies outside the project root", at: span,
          notes: ["a program reads nothing above the folder of its dr.toml or of its first file"],
          help: "move the file into the project, or put a dr.toml into the folder that holds both"))
      return nil
    }
    if module.isStandard { return loadStandardFile(target, at: span) }
    let key = "file:" + target
    if loading.contains(key) {
      reportCycle(to: key, at: span)
      return nil
    }
    if let index = indexByKey[key] { return index }
    // Those that are being read stand in the graph when what they use does.
    guard graph.modules.count + loading.count < limits.files else {
      graph.diagnostics.append(
        Diagnostic(
          .unreadableFile, "the program has more than \(limits.files) files", at: span,
          help: "put several small files into one"))
      return nil
    }
    switch loader.file(target) {
    case .success(let bytes):
      return load(
        key: key, path: target, display: loader.displayName(target), bytes: bytes,
        isStandard: false)
    case .failure(let failure):
      graph.diagnostics.append(Self.diagnostic(failure, path: target, at: span))
      return nil
    }
  }

  /// A module of the standard library that another one there uses by its path.
  private mutating func loadStandardFile(_ path: String, at span: Span) -> Int? {
    let name = path.hasSuffix(".dr") ? String(path.dropLast(3)) : path
    let key = "std:" + name
    if loading.contains(key) {
      reportCycle(to: key, at: span)
      return nil
    }
    if let index = loadStandard(name) { return index }
    graph.diagnostics.append(Self.diagnostic(.notFound, path: path, at: span))
    return nil
  }

  static func diagnostic(_ failure: LoadFailure, path: String, at span: Span?) -> Diagnostic {
    switch failure {
    case .notFound:
      Diagnostic(
        .unreadableFile, "there is no file \(path)", at: span,
        help: "a path begins at the file that says `use`: \"./…\" beside it, \"../…\" above it")
    case .outsideRoot:
      Diagnostic(
        .fileOutsideRoot, "\(path) leads outside the project root", at: span,
        help: "copy the file into the project")
    case .unreadable(let reason):
      Diagnostic(
        .unreadableFile, "\(path) cannot be read: \(reason)", at: span,
        help: "check what it is and who may read it")
    }
  }

  private mutating func reportCycle(to key: String, at span: Span) {
    let chain = loading[(loading.firstIndex(of: key) ?? 0)...] + [key]
    let names = chain.map { $0.drop { $0 != ":" }.dropFirst() }.joined(separator: " → ")
    graph.diagnostics.append(
      Diagnostic(
        .cyclicImport, "these files use one another in a circle", at: span, notes: [names],
        help: "move what both need into a third file"))
  }
}

/// Resolves `.` and `..`; `nil` when the path leaves the root.
func normalizedPath(_ parts: [String]) -> String? {
  var result: [String] = []
  for part in parts where part != "." {
    if part == ".." {
      if result.popLast() == nil { return nil }
    } else {
      result.append(part)
    }
  }
  return result.joined(separator: "/")
}
