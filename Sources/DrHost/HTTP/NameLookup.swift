// SPDX-License-Identifier: Apache-2.0

import CNSS

/// How host names become addresses.
enum NameLookup {
  /// From now on from /etc/hosts and by DNS, which glibc has in itself. What else /etc/nsswitch.conf may
  /// name are libraries, which a statically linked program can load only where the system's glibc is
  /// the very one that it was linked with; elsewhere it would crash.
  static func prepare() { _ = once }

  private static let once: Void = { _ = __nss_configure_lookup("hosts", "files dns") }()
}
