// SPDX-License-Identifier: Apache-2.0

/// Counts how often each site of an observed program is passed.
package final class SiteCounter: Observer {
  /// By number of the site.
  package private(set) var hits: [Int]

  package init(_ program: Program) { hits = Array(repeating: 0, count: program.sites.count) }

  package func pass(_ site: Int, _ value: Value, on machine: Machine) { hits[site] &+= 1 }
}
