// SPDX-License-Identifier: Apache-2.0

/// Source text with fixes applied, each as it was meant for the text as given. Of fixes that overlap the first in
/// the file is applied; what is left may be found by checking again.
package func apply(
  _ fixes: [Fix], to bytes: [UInt8]
) -> (bytes: [UInt8], applied: [Fix]) {
  var mended: [UInt8] = []
  var applied: [Fix] = []
  var position = 0
  let ordered = fixes.sorted { ($0.span.start, $0.span.end) < ($1.span.start, $1.span.end) }
  for fix in ordered {
    // Two insertions at one place overlap too: which comes first would be a guess.
    if let last = applied.last, fix.span.start < last.span.end || fix.span == last.span { continue }
    mended += bytes[position..<Int(fix.span.start)]
    mended += Array(fix.replacement.utf8)
    position = Int(fix.span.end)
    applied.append(fix)
  }
  return (mended + bytes[position...], applied)
}
