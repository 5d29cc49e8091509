// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DrSystem

/// The bearer token that whoever posts alerts must show. Nothing prints it.
enum WebhookToken: Sendable {
  /// Of the environment.
  case text(String)
  /// Read each time, since a mounted Secret changes.
  case file(String)

  /// As the command line or the environment says; `nil` where neither does. Throws where what they name is no token.
  init?(file: String?) throws {
    if let file {
      self = .file(realPath(file) ?? file)
    } else if let text = Environment.variable("DR_WATCH_TOKEN") {
      self = .text(text)
    } else {
      return nil
    }
    if case .failure(let why) = token { throw ValidationError(why.message) }
  }

  private struct Missing: Error { let message: String }

  private static let bytesMax = 1 << 14

  private var token: Result<[UInt8], Missing> {
    let (bytes, place): ([UInt8], String)
    switch self {
    case .text(let text): (bytes, place) = (Array(text.utf8), "DR_WATCH_TOKEN")
    case .file(let path):
      do throws(FileFailure) {
        (bytes, place) = (try readSmallFile(path, limit: Self.bytesMax), path)
      } catch {
        return .failure(Missing(message: "the token of the webhook: \(error.message)"))
      }
    }
    var token = bytes
    while let last = token.last, last == 0x0a || last == 0x0d { token.removeLast() }
    guard !token.isEmpty, token.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
      return .failure(
        Missing(message: "\(place) holds no token: it is empty, or holds what no header can"))
    }
    return .success(token)
  }

  /// Why a request with this header may not post alerts; `nil` where it may.
  func refusal(of authorization: String?) -> String? {
    guard case .success(let token) = token else {
      return "the token of the webhook cannot be read now"
    }
    guard let authorization else { return "it takes a bearer token" }
    return Self.isSame(Array(authorization.utf8), Array("Bearer ".utf8) + token)
      ? nil : "this is not the bearer token that it takes"
  }

  /// Takes the same time wherever two texts of one length differ.
  private static func isSame(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    guard left.count == right.count else { return false }
    return zip(left, right).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
  }
}
