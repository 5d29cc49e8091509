// SPDX-License-Identifier: Apache-2.0

/// Whom requests to clusters are made as, where that is not the user of the kubeconfig: `--as` and
/// `--as-group`. It takes the place of all that the kubeconfig says of this.
package struct Impersonation: Sendable, Equatable {
  package let user: String
  package let groups: [String]

  package init(user: String, groups: [String] = []) {
    self.user = user
    self.groups = groups
  }

  /// `dr, of operators`
  package var text: String {
    groups.isEmpty ? user : "\(user), of \(groups.joined(separator: ", "))"
  }
}

extension Kubeconfig.User {
  mutating func act(as other: Impersonation) {
    impersonatedUser = other.user
    impersonatedGroups = other.groups
    impersonatedUID = nil
    impersonatedExtras = []
  }
}
