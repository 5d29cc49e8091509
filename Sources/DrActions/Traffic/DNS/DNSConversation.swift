// SPDX-License-Identifier: Apache-2.0

import DrBase

/// A message for a name server. The host gives it a number, signs it, and takes only what answers it.
package struct DNSRequest: Sendable, Equatable {
  /// An address, or a name to look one up by; empty for the resolver of this machine, on port 53.
  package let server: String
  package let port: Int
  let message: DNSMessage
  package let key: TSIGKey?
  /// Whether it may be sent again while no answer comes: it changes nothing.
  package let isRepeatable: Bool
  package let timeoutNanoseconds: Int64
}

/// One request and what comes for it, without the network.
package struct DNSConversation: Sendable {
  package enum Judgement: Sendable, Equatable {
    case answer([UInt8])
    /// It did not fit into a datagram: ask by TCP.
    case truncated
    /// Not the answer: somebody else's, broken, or not signed as it must be.
    case ignored(String)
  }

  /// What is sent.
  package let bytes: [UInt8]
  private let request: DNSRequest
  private let id: UInt16
  private let secret: [UInt8]
  private let code: [UInt8]

  /// Larger requests go by TCP.
  package static let datagramBytesMax = 512

  /// `seconds` since 1970 by this machine's clock; `secret` is not looked at without a key.
  package init(_ request: DNSRequest, id: UInt16, secret: [UInt8], seconds: UInt64) {
    self.request = request
    self.id = id
    self.secret = secret
    var message = request.message
    message.id = id
    guard let key = request.key else {
      (code, bytes) = ([], message.wire)
      return
    }
    var signature = TSIG(key, id: id, seconds: seconds)
    signature.code = signature.code(over: message.wire, key, secret)
    message.additionals.append(signature.record(key))
    (code, bytes) = (signature.code, message.wire)
  }

  /// Whether these bytes answer the request. What says no need not be signed: the server may not know
  /// the key.
  package func judge(_ bytes: [UInt8], seconds: UInt64) -> Judgement {
    let message: DNSMessage
    let last: Int
    do throws(DNSReader.Malformed) {
      (message, last) = try DNSReader.read(bytes)
    } catch {
      return .ignored("what came is no message of DNS: \(error.reason)")
    }
    guard message.id == id, message.isResponse, message.opcode == request.message.opcode,
      message.questions == request.message.questions
        || message.questions.isEmpty && message.code != DNSCode.noError
    else { return .ignored("what came answers something else") }
    if message.isTruncated { return .truncated }
    guard let key = request.key else { return .answer(bytes) }
    guard let record = message.additionals.last, let signature = TSIG(record) else {
      return message.code == DNSCode.noError
        ? .ignored("the answer is not signed") : .answer(bytes)
    }
    if signature.code.isEmpty, message.code == DNSCode.notAuthoritative { return .answer(bytes) }
    guard record.name == key.name, signature.algorithm == TSIG(key, id: 0, seconds: 0).algorithm
    else { return .ignored("the answer is signed with another key") }
    var unsigned = Array(bytes[..<last])
    let count = UInt16(message.additionals.count - 1)
    unsigned.replaceSubrange(0..<2, with: DNSWire.bytes(signature.originalID))
    unsigned.replaceSubrange(10..<12, with: DNSWire.bytes(count))
    let expected = signature.code(over: unsigned, key, secret, request: code)
    guard HMAC.isSame(expected, signature.code) else {
      return .ignored("the answer's signature is wrong")
    }
    let distance = max(seconds, signature.seconds) - min(seconds, signature.seconds)
    guard signature.problem == TSIG.Problem.time || distance <= UInt64(signature.fudge) else {
      return .ignored("the answer was signed \(distance) s away from now")
    }
    return .answer(bytes)
  }
}
