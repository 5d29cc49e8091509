// SPDX-License-Identifier: Apache-2.0

import DrActions
import NIOSSL

/// Why a certificate is not accepted, where the library says only that it is not: its time.
enum CertificateFault: Error, Equatable {
  /// In seconds since 1970.
  case expired(at: Int64)
  case early(until: Int64)

  /// `nil` where its time is right; `seconds` since 1970 is now.
  init?(_ certificate: NIOSSLCertificate, at seconds: UInt64) {
    let now = Int64(clamping: seconds)
    if certificate.notValidAfter < now {
      self = .expired(at: Int64(certificate.notValidAfter))
    } else if certificate.notValidBefore > now {
      self = .early(until: Int64(certificate.notValidBefore))
    } else {
      return nil
    }
  }

  var text: String {
    switch self {
    case .expired(let time):
      "its certificate has expired, on \(Timestamp.microTime(time).prefix(10)): it must be renewed there"
    case .early(let time):
      "its certificate begins to be valid on \(Timestamp.microTime(time).prefix(10)) only: a clock is wrong, there or here"
    }
  }
}
