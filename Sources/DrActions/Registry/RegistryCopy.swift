// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrData
import DrRun

/// Copies an image, with all its platforms, to a tag of another repository or registry. What is
/// copied is the digest that was seen before the act; gives it.
///
/// Everything but the tag is named by its content, so that what another copy of the act has brought
/// is not brought again, and what was begun and left is in nobody's way.
struct RegistryCopy: Act {
  static let name = "registry.copy"
  private let source: RegistryClient
  private let target: RegistryClient
  /// What is held of a layer at a time.
  private static let pieceBytes: Int64 = 16 << 20
  private static let pieceTimeout = 120 * Unit.second
  /// An index of indexes of images is as deep as it gets.
  private static let depthMax = 3

  init(_ arguments: Arguments) throws(WorldFailure) {
    let (from, to) = (try arguments.image("from"), try arguments.image("to"))
    guard !to.isByDigest else {
      throw arguments.mismatch("to", "an image with a tag: the digest is that of what is copied")
    }
    var authorization = try arguments.optionalString("authorization")
    if authorization == "" { authorization = nil }
    guard authorization?.hasPrefix("env:") ?? true else {
      throw arguments.mismatch("authorization", "env:NAME, the variable that holds it")
    }
    source = RegistryClient(from, agent: arguments.agent)
    target = RegistryClient(to, agent: arguments.agent, authorization: authorization)
  }

  func observe() -> Flow<Observation> {
    source.digest().then { digest in
      guard let digest else {
        return .failure(.refused("\(source.image.text) does not exist"))
      }
      return target.digest().map { before in
        Observation(
          target: target.image.text,
          changes: before == digest ? [] : ["\(before ?? "nothing") → \(digest)"],
          permissions: [], state: ["digest": .string(digest)], result: .string(digest))
      }
    }
  }

  func perform(_ observed: Observation) -> Flow<Document> {
    guard let digest = observed.state["digest"]?.stringValue else {
      return .failure(.refused("what was observed before is not of this version's shape"))
    }
    return copy(digest, as: target.image.manifest, depth: 1).then {
      // Read back: what the tag says now is what counts.
      target.digest().then { found in
        guard found == digest else {
          return .failure(
            .busy("\(target.image.text) is \(found ?? "nothing") now: somebody else has written it")
          )
        }
        return .value(.string(digest))
      }
    }
  }

  func settle(_ observed: Observation) -> Flow<Settlement> {
    target.digest().map { found in
      found != nil && found == observed.state["digest"]?.stringValue
        ? .done(observed.result) : .notDone
    }
  }

  // MARK: Manifests

  /// Copies a manifest and all that it names, and then puts it at a path of the target.
  private func copy(_ digest: String, as path: String, depth: Int) -> Flow<Void> {
    source.manifest("manifests/\(digest)").then { answer in
      guard let answer else {
        return .failure(.refused("\(source.image.text) has no \(digest) any more"))
      }
      guard "sha256:\(SHA256.hexDigest(answer.body))" == digest || !digest.hasPrefix("sha256:"),
        let manifest = try? JSON.parse(answer.body), depth <= Self.depthMax
      else {
        return .failure(.refused("what the registry gives for \(digest) is not what it names"))
      }
      let type = answer.header("content-type") ?? manifest["mediaType"]?.stringValue ?? ""
      return parts(of: manifest, depth).then { put(answer.body, type, path) }
    }
  }

  private func parts(of manifest: Document, _ depth: Int) -> Flow<Void> {
    if let images = manifest["manifests"]?.arrayValue {
      return each(images.compactMap { $0["digest"]?.stringValue }) { digest in
        target.has("manifests/\(digest)").then { isThere in
          isThere ? .value(()) : copy(digest, as: "manifests/\(digest)", depth: depth + 1)
        }
      }
    }
    let blobs = ([manifest["config"]] + (manifest["layers"]?.arrayValue ?? [])).compactMap { blob in
      blob.flatMap(Blob.init)
    }
    return each(blobs, copy)
  }

  private func put(_ manifest: [UInt8], _ type: String, _ path: String) -> Flow<Void> {
    target.send(.put, target.image.url(path), [.init("content-type", type)], body: manifest).then {
      answer in
      answer.status < 300 ? .value(()) : target.failure(answer)
    }.otherwise { failure in
      // The one request that changes what the tag says.
      switch failure {
      case .unreachable(let text), .busy(let text): .failure(.inDoubt(text))
      case .refused, .inDoubt, .held, .unavailable: .failure(failure)
      }
    }
  }

  private func each<Item>(_ items: [Item], _ body: @escaping (Item) -> Flow<Void>) -> Flow<Void> {
    func go(_ rest: ArraySlice<Item>) -> Flow<Void> {
      guard let item = rest.first else { return .value(()) }
      return body(item).then { go(rest.dropFirst()) }
    }
    return go(items[...])
  }

  // MARK: Blobs

  /// A layer or a configuration.
  private struct Blob {
    let digest: String
    let size: Int64

    /// `nil` for what is kept elsewhere (foreign layers) and must not be copied.
    init?(_ descriptor: Document) {
      let type = descriptor["mediaType"]?.stringValue ?? ""
      guard let digest = descriptor["digest"]?.stringValue, let size = descriptor["size"]?.intValue,
        size >= 0, !type.contains("foreign"), !type.contains("nondistributable")
      else { return nil }
      self.digest = digest
      self.size = size
    }
  }

  /// Brings a blob that is not there: by a mount where both are of one registry, else piece by piece.
  private func copy(_ blob: Blob) -> Flow<Void> {
    target.has("blobs/\(blob.digest)").then { isThere in
      if isThere { return .value(()) }
      var url = target.image.url("blobs/uploads/")
      if source.image.origin == target.image.origin {
        url += "?mount=\(blob.digest)&from=\(KubePath.encode(source.image.repository))"
      }
      return target.send(.post, url).then { answer in
        switch answer.status {
        case 201: .value(())
        case 202: place(answer).then { upload(blob, to: $0, from: 0) }
        case _: target.failure(answer)
        }
      }
    }
  }

  /// Where the next request of an upload goes.
  private func place(_ answer: RegistryClient.Answer) -> Flow<String> {
    guard let place = answer.header("location") else {
      return .failure(.refused("the registry does not say where to upload to"))
    }
    return .value(place.hasPrefix("/") ? target.image.origin + place : place)
  }

  private func upload(_ blob: Blob, to url: String, from offset: Int64) -> Flow<Void> {
    guard offset < blob.size else {
      let end = url + (url.contains("?") ? "&" : "?") + "digest=\(blob.digest)"
      return target.send(.put, end).then { answer in
        answer.status == 201 ? .value(()) : target.failure(answer)
      }
    }
    let last = min(offset + Self.pieceBytes, blob.size) - 1
    return piece(blob, source.image.url("blobs/\(blob.digest)"), offset...last).then { bytes in
      let headers = [
        HTTPRequest.Header("content-type", "application/octet-stream"),
        .init("content-range", "\(offset)-\(last)"),
      ]
      return target.send(.patch, url, headers, body: bytes, timeout: Self.pieceTimeout).then {
        answer in
        guard answer.status < 300 else { return target.failure(answer) }
        return place(answer).then { upload(blob, to: $0, from: last + 1) }
      }
    }
  }

  /// Some bytes of a blob, also where the registry sends elsewhere for them.
  private func piece(
    _ blob: Blob, _ url: String, _ range: ClosedRange<Int64>, isElsewhere: Bool = false
  ) -> Flow<[UInt8]> {
    let header = HTTPRequest.Header("range", "bytes=\(range.lowerBound)-\(range.upperBound)")
    return source.send(.get, url, [header], timeout: Self.pieceTimeout).then { answer in
      let isWhole = range.lowerBound == 0 && Int64(range.count) == blob.size
      switch answer.status {
      case 206,
        200 where isWhole:
        guard answer.body.count == range.count else {
          return .failure(.busy("\(blob.digest) came cut short"))
        }
        return .value(answer.body)
      case 200:
        return .failure(
          .refused("the registry gives \(blob.digest) only whole, and it is too large for that"))
      case 301, 302, 303, 307, 308:
        guard let next = answer.header("location"), next.hasPrefix("http"), !isElsewhere else {
          return .failure(.refused("the registry does not say where \(blob.digest) is"))
        }
        return piece(blob, next, range, isElsewhere: true)
      case 404: return .failure(.refused("\(source.image.text) has no \(blob.digest)"))
      case _: return source.failure(answer)
      }
    }
  }
}
