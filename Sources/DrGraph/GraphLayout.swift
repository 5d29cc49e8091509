// SPDX-License-Identifier: Apache-2.0

import DrBase

/// Where everything of a picture stands, in pixels from its upper left corner.
///
/// Boxes stand in columns, so that arrows point to the right: what starts something, runbooks,
/// fronts, services, zones. An arrow over several columns gets a place of its own in each, so that
/// it goes between boxes (the method of Sugiyama, Tagawa and Toda: layers, order by the mean place
/// of neighbours, then coordinates). Nothing is random: the same graph always gives the same places.
struct GraphLayout {
  struct Box: Equatable {
    var x = 0.0
    var y = 0.0
    var width = 0.0
    var height = 0.0
    var middle: Double { y + height / 2 }
    var right: Double { x + width }
    var bottom: Double { y + height }
  }

  struct Route: Equatable {
    /// From the edge of one box to the edge of another, by the places between.
    var points: [(x: Double, y: Double)] = []
    /// Whether it leads to the left or to its own column, and so around.
    var turnsBack = false
    /// Where its label's middle is.
    var label = (x: 0.0, y: 0.0)

    static func == (a: Route, b: Route) -> Bool {
      a.turnsBack == b.turnsBack && a.points.elementsEqual(b.points, by: ==) && a.label == b.label
    }
  }

  static let lineHeight = 17.0
  static let header = 44.0
  private static let margin = 28.0
  private static let rowGap = 26.0
  private static let groupPadding = 16.0
  private static let groupHeader = 24.0

  let graph: Graph
  private(set) var boxes: [Box]
  private(set) var groups: [Box]
  private(set) var routes: [Route]
  private(set) var width = 0.0
  private(set) var height = 0.0

  /// A box, or the place of an arrow in a column that it only crosses.
  private enum Slot: Hashable {
    case node(Int)
    case bend(edge: Int, column: Int)
  }
  private var columns: [[Slot]] = []
  private var columnOf: [Int] = []
  private var bends: [Slot: Box] = [:]

  init(_ graph: Graph) {
    self.graph = graph
    boxes = graph.nodes.map { node in
      var box = Box()
      let lines = [Self.textWidth(node.label, 17)] + node.facts.map { Self.textWidth($0, 12) }
      box.width = max(128, (lines.max() ?? 0) + 34)
      box.height = 46 + Double(node.facts.count) * Self.lineHeight + (node.facts.isEmpty ? 0 : 6)
      return box
    }
    groups = graph.groups.map { _ in Box() }
    routes = graph.edges.map { _ in Route() }
    assignColumns()
    orderColumns()
    placeColumns()
    placeRows()
    placeGroups()
    route()
    placeLabels()
    finish()
  }

  /// An estimate for a font without a known metric, on the wide side.
  static func textWidth(_ text: String, _ size: Double) -> Double {
    Double(displayWidth(text)) * size * 0.58
  }

  // MARK: Columns

  private mutating func assignColumns() {
    var ranks = graph.nodes.map { node in
      switch node.role {
      case .trigger: 0
      case .runbook: 1
      case .front: 2
      case .service, .other: 3
      case .zone: 0
      }
    }
    let forward = graph.edges.filter { graph.nodes[$0.to].role != .zone }
    // Longest paths; a circle is given up after as many rounds as there are boxes.
    for _ in 0..<graph.nodes.count {
      var changed = false
      for edge in forward where ranks[edge.to] <= ranks[edge.from] {
        guard ranks[edge.from] < graph.nodes.count + 4 else { continue }
        ranks[edge.to] = ranks[edge.from] + 1
        changed = true
      }
      if !changed { break }
    }
    let last =
      (graph.nodes.indices.filter { graph.nodes[$0].role != .zone }.map { ranks[$0] }.max() ?? -1)
      + 1
    for index in graph.nodes.indices where graph.nodes[index].role == .zone { ranks[index] = last }
    let used = Set(ranks).sorted()
    columnOf = ranks.map { rank in used.firstIndex(of: rank) ?? 0 }
    columns = used.map { _ in [] }
    for index in graph.nodes.indices { columns[columnOf[index]].append(.node(index)) }
    for (index, edge) in graph.edges.enumerated() {
      let (from, to) = (columnOf[edge.from], columnOf[edge.to])
      guard from + 1 < to else { continue }
      for column in (from + 1)..<to {
        let slot = Slot.bend(edge: index, column: column)
        columns[column].append(slot)
        bends[slot] = Box(x: 0, y: 0, width: 0, height: 12)
      }
    }
  }

  /// What a slot is connected with in the columns beside its own.
  private func neighbours(_ slot: Slot, left: Bool) -> [Slot] {
    func place(_ edge: Int, _ column: Int) -> Slot {
      let ends = graph.edges[edge]
      if columnOf[ends.from] == column { return .node(ends.from) }
      if columnOf[ends.to] == column { return .node(ends.to) }
      return .bend(edge: edge, column: column)
    }
    switch slot {
    case .bend(let edge, let column): return [place(edge, left ? column - 1 : column + 1)]
    case .node(let node):
      return graph.edges.indices.compactMap { index in
        let edge = graph.edges[index]
        guard columnOf[edge.from] < columnOf[edge.to] else { return nil }
        if left, edge.to == node { return place(index, columnOf[node] - 1) }
        if !left, edge.from == node { return place(index, columnOf[node] + 1) }
        return nil
      }
    }
  }

  private mutating func orderColumns() {
    for round in 0..<8 {
      let left = round % 2 == 0
      let order = left ? Array(columns.indices) : columns.indices.reversed()
      for column in order {
        let beside = left ? column - 1 : column + 1
        guard columns.indices.contains(beside) else { continue }
        let places = Dictionary(
          uniqueKeysWithValues: columns[beside].enumerated().map { ($1, Double($0)) })
        let scale = Double(max(1, columns[column].count)) / Double(max(1, columns[beside].count))
        let keyed = columns[column].enumerated().map { index, slot in
          let found = neighbours(slot, left: left).compactMap { places[$0] }
          let mean =
            found.isEmpty ? Double(index) : found.reduce(0, +) / Double(found.count) * scale
          return (slot: slot, group: groupPath(slot), mean: mean, index: index)
        }
        columns[column] = keyed.sorted { a, b in
          if a.group != b.group { return a.group.lexicographicallyPrecedes(b.group) }
          // Zones stay in the order of the program, where readers look for them.
          if !a.group.isEmpty { return a.index < b.index }
          return (a.mean, a.index) < (b.mean, b.index)
        }.map(\.slot)
      }
    }
  }

  /// Boxes of one group stay together, in the order of the groups.
  private func groupPath(_ slot: Slot) -> [Int] {
    guard case .node(let node) = slot else { return [] }
    var path: [Int] = []
    var group = graph.nodes[node].group
    while let index = group {
      path.insert(index, at: 0)
      group = graph.groups[index].parent
    }
    return path
  }

  // MARK: Coordinates

  private func box(_ slot: Slot) -> Box {
    switch slot {
    case .node(let index): boxes[index]
    case .bend: bends[slot] ?? Box()
    }
  }

  private mutating func move(_ slot: Slot, _ change: (inout Box) -> Void) {
    switch slot {
    case .node(let index): change(&boxes[index])
    case .bend: if var box = bends[slot] { change(&box); bends[slot] = box }
    }
  }

  /// Columns as wide as their widest box, as far apart as the labels between them need.
  private mutating func placeColumns() {
    var x = Self.margin
    for column in columns.indices {
      let depth = columns[column].map { Double(groupPath($0).count) }.max() ?? 0
      x += depth * Self.groupPadding
      let width = columns[column].map { box($0).width }.max() ?? 0
      for slot in columns[column] {
        move(slot) {
          $0.x = x; $0.width = width
        }
      }
      let labels =
        graph.edges.filter {
          columnOf[$0.to] == column + 1
            || (columnOf[$0.from] == column && columnOf[$0.to] <= column)
        }
        .map { Self.textWidth($0.label, 11.5) }.max() ?? 0
      x += width + max(72, labels + 52)
    }
  }

  /// The room above a box: more where a group begins before it.
  private func gap(before index: Int, in column: [Slot]) -> Double {
    let path = groupPath(column[index])
    let before = index > 0 ? groupPath(column[index - 1]) : []
    let common = zip(path, before).prefix { $0 == $1 }.count
    let opened = Double(path.count - common)
    let closed = Double(before.count - common)
    let isBend = { (slot: Slot) in if case .bend = slot { true } else { false } }
    let base =
      index == 0 ? 0 : isBend(column[index]) || isBend(column[index - 1]) ? 14 : Self.rowGap
    return base + opened * (Self.groupPadding + Self.groupHeader) + closed * Self.groupPadding
  }

  private mutating func placeRows() {
    for column in columns.indices { stack(column, wanted: nil) }
    for round in 0..<10 {
      let left = round % 2 == 0
      let order = left ? Array(columns.indices) : columns.indices.reversed()
      for column in order {
        var wanted: [Double] = []
        // How many boxes that nothing leads to stand above all others.
        var loose = 0
        for (index, slot) in columns[column].enumerated() {
          let all = neighbours(slot, left: left) + neighbours(slot, left: !left)
          let used = round >= 6 ? all : neighbours(slot, left: left)
          let middles = used.map { box($0).middle }
          if all.isEmpty, index == loose { loose += 1 }
          if all.isEmpty, index > 0 {
            // What nothing leads to stands close to what is above it.
            let above = box(columns[column][index - 1])
            wanted.append(
              wanted[index - 1] + above.height + gap(before: index, in: columns[column]))
          } else if middles.isEmpty {
            wanted.append(box(slot).y)
          } else {
            wanted.append(middles.reduce(0, +) / Double(middles.count) - box(slot).height / 2)
          }
        }
        if loose < wanted.count {
          for index in (0..<loose).reversed() {
            let room =
              box(columns[column][index]).height + gap(before: index + 1, in: columns[column])
            wanted[index] = wanted[index + 1] - room
          }
        }
        stack(column, wanted: wanted)
      }
    }
    let top =
      boxes.indices.map {
        boxes[$0].y - Double(groupPath(.node($0)).count) * (Self.groupPadding + Self.groupHeader)
      }.min() ?? 0
    let shift = Self.margin + Self.header - top
    for column in columns { for slot in column { move(slot) { $0.y += shift } } }
  }

  /// Puts a column's boxes as near to where they are wanted as their order and the gaps allow:
  /// neighbours that get in each other's way form a block that stands at their mean.
  private mutating func stack(_ column: Int, wanted: [Double]?) {
    let slots = columns[column]
    var blocks: [(first: Int, last: Int, offset: [Double], place: Double)] = []
    for index in slots.indices {
      blocks.append((index, index, [0], wanted?[index] ?? 0))
      while blocks.count > 1 {
        let low = blocks[blocks.count - 1]
        let high = blocks[blocks.count - 2]
        let between = gap(before: low.first, in: slots)
        let height = (high.offset.last ?? 0) + box(slots[high.last]).height + between
        guard high.place + height > low.place else { break }
        let offsets = high.offset + low.offset.map { $0 + height }
        let sum = (high.first...low.last).enumerated().reduce(0.0) { sum, item in
          sum + (wanted?[item.element] ?? 0) - offsets[item.offset]
        }
        blocks.removeLast(2)
        blocks.append((high.first, low.last, offsets, sum / Double(offsets.count)))
      }
    }
    for block in blocks {
      for (number, index) in (block.first...block.last).enumerated() {
        move(slots[index]) { $0.y = block.place + block.offset[number] }
      }
    }
  }

  private mutating func placeGroups() {
    for index in graph.groups.indices.reversed() {
      var inner = graph.nodes.indices.filter { graph.nodes[$0].group == index }.map { boxes[$0] }
      inner += graph.groups.indices.filter {
        graph.groups[$0].parent == index && groups[$0].width > 0
      }.map { groups[$0] }
      guard let left = inner.map(\.x).min(), let top = inner.map(\.y).min(),
        let right = inner.map(\.right).max(), let bottom = inner.map(\.bottom).max()
      else { continue }
      let title =
        Self.textWidth("\(graph.groups[index].kind) \(graph.groups[index].label)", 12.5) + 28
      groups[index] = Box(
        x: left - Self.groupPadding, y: top - Self.groupPadding - Self.groupHeader,
        width: max(right - left + 2 * Self.groupPadding, title),
        height: bottom - top + 2 * Self.groupPadding + Self.groupHeader)
    }
  }

  // MARK: Arrows

  /// Arrows leave and enter a side in the order of where they go, so that they do not cross there.
  private func ports(_ node: Int, left: Bool) -> [Int: Double] {
    let own = graph.edges.indices.filter { index in
      let edge = graph.edges[index]
      let isForward = columnOf[edge.from] < columnOf[edge.to]
      return left
        ? isForward && edge.to == node : edge.from == node || (!isForward && edge.to == node)
    }
    let ordered = own.map { index -> (index: Int, y: Double) in
      let edge = graph.edges[index]
      guard columnOf[edge.from] < columnOf[edge.to] else { return (index, .infinity) }
      let column = left ? columnOf[node] - 1 : columnOf[node] + 1
      let other = left ? edge.from : edge.to
      let slot: Slot = columnOf[other] == column ? .node(other) : .bend(edge: index, column: column)
      return (index, self.box(slot).middle)
    }.sorted { ($0.y, $0.index) < ($1.y, $1.index) }
    let box = boxes[node]
    let room = min(box.height - 20.0, Double(max(0, ordered.count - 1)) * 18)
    var places: [Int: Double] = [:]
    for (number, item) in ordered.enumerated() {
      let share = ordered.count > 1 ? Double(number) / Double(ordered.count - 1) - 0.5 : 0
      places[item.index] = box.middle + share * room
    }
    return places
  }

  private mutating func route() {
    let leaving = graph.nodes.indices.map { ports($0, left: false) }
    let entering = graph.nodes.indices.map { ports($0, left: true) }
    for (index, edge) in graph.edges.enumerated() {
      let from = boxes[edge.from]
      let to = boxes[edge.to]
      let start = (x: from.right, y: leaving[edge.from][index] ?? from.middle)
      let (first, last) = (columnOf[edge.from], columnOf[edge.to])
      var route = Route()
      if first < last {
        let end = (x: to.x, y: entering[edge.to][index] ?? to.middle)
        route.points = [start]
        for column in (first + 1)..<max(first + 1, last) {
          let bend = box(.bend(edge: index, column: column))
          route.points += [(bend.x - 12, bend.middle), (bend.right + 12, bend.middle)]
        }
        route.points.append(end)
        // In the last gap, where arrows have parted already.
        let before = route.points[route.points.count - 2]
        route.label = ((before.x + end.x) / 2, (before.y + end.y) / 2)
        // On a line that is nearly level the words would be struck through.
        if abs(before.y - end.y) < 14 { route.label.y = min(before.y, end.y) - 9 }
      } else {
        let end = (x: to.right, y: leaving[edge.to][index] ?? to.middle)
        route.points = [start, end]
        route.turnsBack = true
        route.label = (max(start.x, end.x) + 34, (start.y + end.y) / 2)
      }
      routes[index] = route
    }
  }

  /// Moves labels that would cover one another onto a level stretch of their own arrow, where there is room for them; what
  /// has none moves down.
  private mutating func placeLabels() {
    var taken: [Box] = []
    func box(_ text: String, _ place: (x: Double, y: Double)) -> Box {
      let width = Self.textWidth(text, 11.5)
      return Box(x: place.x - width / 2, y: place.y - 8, width: width, height: 16)
    }
    func isFree(_ box: Box) -> Bool {
      !taken.contains {
        $0.x < box.right && box.x < $0.right && $0.y < box.bottom && box.y < $0.bottom
      }
    }
    for (index, edge) in graph.edges.enumerated() where !edge.label.isEmpty {
      var places = [routes[index].label]
      if !routes[index].turnsBack {
        let points = routes[index].points
        for end in stride(from: points.count - 2, to: 1, by: -2) {
          places.append(((points[end - 1].x + points[end].x) / 2, points[end].y - 9))
        }
      }
      var place = places.first { isFree(box(edge.label, $0)) } ?? places[0]
      while !isFree(box(edge.label, place)) { place.y += 2 }
      taken.append(box(edge.label, place))
      routes[index].label = place
    }
  }

  private mutating func finish() {
    let all = boxes + groups
    width = (all.map(\.right).max() ?? 200) + Self.margin
    height = (all.map(\.bottom).max() ?? 60) + Self.margin
    for route in routes {
      for point in route.points { height = max(height, point.y + Self.margin) }
      if route.turnsBack { width = max(width, route.label.x + 40) }
    }
  }
}
