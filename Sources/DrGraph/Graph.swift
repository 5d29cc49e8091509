// SPDX-License-Identifier: Apache-2.0
//
// DrGraph: a program's topology, dependencies and traffic as a picture. The model is read from the
// machine (`GraphReader`), laid out in columns (`GraphLayout`), and written as SVG, Mermaid or DOT.
// The same program always gives the same bytes: nothing here depends on the order of a hash.

/// What a picture shows.
package struct Graph: Sendable, Equatable {
  /// What a box stands for; decides its colour and its column.
  package enum Role: String, Sendable, CaseIterable {
    /// What starts something: a policy, an alert, a drill.
    case trigger
    case runbook
    /// What clients talk to.
    case front
    case service
    case zone
    /// A block of the program's own vocabulary.
    case other
  }

  /// A box.
  package struct Node: Sendable, Equatable {
    /// Unique: letters, digits and `_`.
    package let id: String
    /// The block's keyword: `service`.
    package let kind: String
    package let label: String
    /// A few facts, a line each.
    package let facts: [String]
    package let role: Role
    /// Index of the group around it.
    package let group: Int?
  }

  /// A box around boxes: a cluster, a region.
  package struct Group: Sendable, Equatable {
    package let id: String
    package let kind: String
    package let label: String
    /// Index of the group around it; smaller than its own.
    package let parent: Int?
  }

  /// What an arrow means.
  package enum Relation: String, Sendable {
    /// Requests go this way.
    case traffic
    /// One block needs or is placed on another.
    case uses
    /// A trigger starts a runbook, a runbook changes something.
    case acts
  }

  /// An arrow between two nodes, by their index.
  package struct Edge: Sendable, Equatable {
    package let from: Int
    package let to: Int
    package let label: String
    package let relation: Relation
  }

  package let title: String
  package internal(set) var nodes: [Node] = []
  package internal(set) var groups: [Group] = []
  package internal(set) var edges: [Edge] = []

  package init(title: String) { self.title = title }
}
