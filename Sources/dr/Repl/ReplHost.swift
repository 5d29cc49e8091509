// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRepl
import DrRun
import DrSema
import DrSystem

/// What a session asks of the machine that it runs on.
final class ReplHost: SessionHost {
  let loader: any ModuleLoader
  /// Ctrl-C as often as this means that nothing new was pressed.
  private var seenInterrupts = 0
  private var realWorld: (any ReplWorld)?

  init() { loader = Self.loader(root: ProjectPlace(file: ".").root) }

  private static func loader(root: String) -> ProjectLoader {
    ProjectLoader(
      root: root, embedded: EmbeddedModules(), libraryFolder: Installation.libraryFolder)
  }

  func load(_ path: String) throws(UnreadableFile) -> LoadedFile {
    switch readFile(path) {
    case .success(let bytes):
      let place = ProjectPlace(file: path)
      return LoadedFile(
        display: path, path: place.path, bytes: bytes, loader: Self.loader(root: place.root))
    case .failure(.notFound): throw UnreadableFile("there is no file \(path)")
    case .failure(.outsideRoot): throw UnreadableFile("\(path) lies outside the project")
    case .failure(.unreadable(let reason)):
      throw UnreadableFile("\(path) cannot be read: \(reason)")
    }
  }

  // MARK: Ctrl-C

  /// From now on only a new Ctrl-C counts.
  func forgetInterrupts() { seenInterrupts = RawMode.interruptCount }

  func isInterrupted() -> Bool { RawMode.interruptCount > seenInterrupts }

  // MARK: The real world

  func attachRealWorld() -> String? {
    if realWorld != nil { return nil }
    switch makeReplWorld() {
    case .success(let world):
      realWorld = world
      return nil
    case .failure(let refusal): return refusal.message
    }
  }

  func answer(_ call: WorldCall, _ phase: CallPhase) -> Result<Document, WorldFailure> {
    guard let realWorld else { return .failure(.unavailable("no world is attached")) }
    return realWorld.answer(call, phase, until: isInterrupted)
  }

  func close() { realWorld?.close() }
}

/// A world that answers at once, as a prompt wants it.
protocol ReplWorld {
  /// Gives the call up once `isInterrupted` says so.
  func answer(
    _ call: WorldCall, _ phase: CallPhase, until isInterrupted: () -> Bool
  ) -> Result<Document, WorldFailure>
  func close()
}

/// Why there is no real world here.
struct ReplWorldRefusal: Error {
  let message: String
}

#if DR_OFFLINE
  func makeReplWorld() -> Result<any ReplWorld, ReplWorldRefusal> {
    .failure(ReplWorldRefusal(message: "this dr was built without the network (DR_OFFLINE)"))
  }
#endif
