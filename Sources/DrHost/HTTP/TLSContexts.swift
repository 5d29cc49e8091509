// SPDX-License-Identifier: Apache-2.0

import NIOSSL
import Synchronization

/// What is made of settings of TLS, which takes long, for as long as they are used.
final class TLSContexts: Sendable {
  private static let countMax = 8
  private let known = Mutex<[(settings: TLSConfiguration, context: NIOSSLContext)]>([])

  /// HTTP/1.1 by these settings; by the system's certificate authorities without.
  func context(_ settings: TLSConfiguration?) throws -> NIOSSLContext {
    let settings = settings ?? Self.standard
    return try known.withLock { known in
      if let found = known.first(where: { $0.settings.bestEffortEquals(settings) }) {
        return found.context
      }
      var http = settings
      http.applicationProtocols = ["http/1.1"]
      let context = try NIOSSLContext(configuration: http)
      if known.count == Self.countMax { known.removeFirst() }
      known.append((settings, context))
      return context
    }
  }

  private static let standard = TLSConfiguration.makeClientConfiguration()
}
