// SPDX-License-Identifier: Apache-2.0

import DrData
import DrRun

/// The digest that an image's tag points to in its registry, without credentials; `nil` where the
/// registry does not have it.
struct RegistryDigest: Read {
  static let name = "registry.digest"
  private let registry: RegistryClient

  init(_ arguments: Arguments) throws(WorldFailure) {
    registry = RegistryClient(try arguments.image("image"), agent: arguments.agent)
  }

  func read() -> Flow<Document> { registry.digest().map { $0.map(Document.string) ?? .null } }
}

extension Arguments {
  func image(_ name: String) throws(WorldFailure) -> ImageName {
    guard let image = ImageName(try text(name)) else {
      throw mismatch(name, "an image such as registry.example/team/name:tag")
    }
    return image
  }
}
