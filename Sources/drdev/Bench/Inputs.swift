// SPDX-License-Identifier: Apache-2.0

/// Programs made for measuring: renamed copies of what people write.
enum Inputs {
  /// A program of about so many lines.
  static func program(lines: Int) -> String {
    program(tiers: lines / tier(0).count { $0 == "\n" } + 1)
  }

  static func program(tiers: Int) -> String { (0..<tiers).map(tier).joined(separator: "\n") }

  private static func tier(_ i: Int) -> String {
    """
    ## Replicas of tier \(i) in one zone, the first zones taking what is left over.
    type Tier\(i) {
      name: String
      replicas: Int = 3 where replicas > 0 else "tier \(i) needs a replica"
      wait: Duration = 30s
      share: Percent? = nil
    }

    fn placed_\(i)(t: Tier\(i), zones: [String], place: Int) -> Int {
      let each = t.replicas / larger(len(zones), 1)  # every zone
      let rest = t.replicas - each * len(zones)
      if place < rest { each + 1 } else { each }
    }

    fn manifest_\(i)(t: Tier\(i), zones: [String]) -> [Object] =
      [for z in zones if z != "": {
        apiVersion: "apps/v1"
        kind: "Deployment"
        metadata: { name: "\\(t.name)-\\(z)", labels: { app: t.name, zone: z, tier: "\(i)" } }
        spec: { replicas: placed_\(i)(t, zones, index_of(zones, z) ?? 0), wait: t.wait * 2, share: t.share }
      }]

    let tier_\(i) = Tier\(i) { name = "tier-\(i)", replicas = \(i % 7 + 1), wait = \(i % 9 + 1)m250ms }
    let objects_\(i) = manifest_\(i)(tier_\(i), ["az1", "az2", "az3"])

    """
  }

  /// Lua of about that size and much the same content.
  static func lua(bytes: Int) -> String {
    var text = ""
    var i = 0
    while text.utf8.count < bytes {
      text += """
        -- Replicas of tier \(i) in one zone, the first zones taking what is left over.
        function placed_\(i)(t, zones, place)
          local each = t.replicas // math.max(#zones, 1) -- every zone
          local rest = t.replicas - each * #zones
          if place < rest then return each + 1 else return each end
        end

        function manifest_\(i)(t, zones)
          local objects = {}
          for n, z in ipairs(zones) do
            objects[#objects + 1] = {
              apiVersion = "apps/v1",
              kind = "Deployment",
              metadata = { name = t.name .. "-" .. z, labels = { app = t.name, zone = z, tier = "\(i)" } },
              spec = { replicas = placed_\(i)(t, zones, n), wait = t.wait * 2, share = t.share },
            }
          end
          return objects
        end

        tier_\(i) = { name = "tier-\(i)", replicas = \(i % 7 + 1), wait = \(i % 9 + 1) * 60000 + 250 }
        objects_\(i) = manifest_\(i)(tier_\(i), { "az1", "az2", "az3" })


        """
      i += 1
    }
    return text
  }
}
