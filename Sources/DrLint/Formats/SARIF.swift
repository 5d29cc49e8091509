// SPDX-License-Identifier: Apache-2.0

import DrBase
import DrData

/// SARIF 2.1.0 (OASIS), as code scanning services read it.
extension LintOutput {
  package var sarif: String {
    let codes = codes
    let run: Document = [
      "tool": ["driver": .object(driver(codes))],
      "columnKind": "utf16CodeUnits",
      "originalUriBaseIds": ["SRCROOT": ["description": ["text": "Where the run was started."]]],
      "invocations": [.object(invocation)],
      "results": .array(findings.map { .object(result($0, codes)) }),
    ]
    let log: Document = [
      "$schema":
        "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
      "version": "2.1.0", "runs": [run],
    ]
    return JSON.write(log, pretty: true) + "\n"
  }

  private func driver(_ codes: [String]) -> DocumentObject {
    DocumentObject([
      ("name", "dr"), ("version", .string(version)), ("semanticVersion", .string(version)),
      ("rules", .array(codes.map(rule))),
    ])
  }

  /// The rules that ran, and the codes of what else was said.
  private var codes: [String] {
    var codes = rules.map(\.code)
    for finding in findings where !codes.contains(finding.diagnostic.shownCode) {
      codes.append(finding.diagnostic.shownCode)
    }
    return codes
  }

  private func rule(_ code: String) -> Document {
    guard let rule = rules.first(where: { $0.code == code }) else {
      let name = findings.first { $0.diagnostic.shownCode == code }?.diagnostic.shownName ?? code
      return [
        "id": .string(code), "name": .string(name),
        "shortDescription": ["text": .string("\(name).")],
      ]
    }
    return [
      "id": .string(code), "name": .string(rule.name),
      "shortDescription": ["text": .string(rule.summary)],
      "fullDescription": ["text": .string(rule.reason)],
      "help": [
        "text": .string(rule.text.isEmpty ? rule.summary : rule.text),
        "markdown": .string(rule.markdown),
      ],
      "defaultConfiguration": ["level": .string(rule.severity)],
      "properties": ["tags": ["disaster-recovery"]],
    ]
  }

  private var invocation: DocumentObject {
    let notifications = failures.map { failure -> Document in
      var members: [(String, Document)] = [
        ("level", "error"), ("message", ["text": .string(failure.text)]),
      ]
      if let location = location(failure) { members.append(("locations", [location])) }
      return .object(DocumentObject(members))
    }
    return DocumentObject([
      ("executionSuccessful", .bool(failures.isEmpty)),
      ("toolExecutionNotifications", .array(notifications)),
    ])
  }

  private func result(_ finding: LintFinding, _ codes: [String]) -> DocumentObject {
    let diagnostic = finding.diagnostic
    var result = DocumentObject([
      ("ruleId", .string(diagnostic.shownCode)),
      ("ruleIndex", .int(Int64(codes.firstIndex(of: diagnostic.shownCode) ?? 0))),
      ("level", .string(diagnostic.severity.rawValue)),
      ("message", ["text": .string(finding.text)]),
      ("locations", .array([location(finding)].compactMap(\.self))),
    ])
    let related = diagnostic.labels.enumerated().map { number, label -> Document in
      [
        "id": .int(Int64(number)),
        "physicalLocation": physical(label.span, finding),
        "message": ["text": .string(label.text)],
      ]
    }
    if !related.isEmpty { result["relatedLocations"] = .array(related) }
    result["partialFingerprints"] = ["drFinding/v1": .string(finding.fingerprint)]
    let fixes = diagnostic.fixes.map { fix -> Document in
      [
        "description": ["text": .string(fix.title)],
        "artifactChanges": [
          [
            "artifactLocation": artifact(finding.file),
            "replacements": [
              [
                "deletedRegion": region(Region(fix.span, finding.sources)),
                "insertedContent": ["text": .string(fix.replacement)],
              ]
            ],
          ]
        ],
      ]
    }
    if !fixes.isEmpty { result["fixes"] = .array(fixes) }
    return result
  }

  private func location(_ finding: LintFinding) -> Document? {
    finding.diagnostic.span.map { ["physicalLocation": physical($0, finding)] }
  }

  /// A place in the finding's own file: rules point nowhere else.
  private func physical(_ span: Span, _ finding: LintFinding) -> Document {
    [
      "artifactLocation": artifact(finding.file),
      "region": region(Region(span, finding.sources)),
    ]
  }

  private func artifact(_ file: String) -> Document {
    ["uri": .string(Self.uri(file)), "uriBaseId": "SRCROOT"]
  }

  private func region(_ region: Region) -> Document {
    [
      "startLine": .int(Int64(region.startLine)), "startColumn": .int(Int64(region.startColumn)),
      "endLine": .int(Int64(region.endLine)), "endColumn": .int(Int64(region.endColumn)),
    ]
  }

  /// A path as a relative reference of RFC 3986.
  private static func uri(_ path: String) -> String {
    var text = ""
    for byte in path.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
        UInt8(ascii: "_"), UInt8(ascii: "~"), UInt8(ascii: "/"):
        text.unicodeScalars.append(Unicode.Scalar(byte))
      default:  // open: every other byte is escaped
        text += "%" + SHA256.hex([byte]).uppercased()
      }
    }
    return text
  }
}

extension LintFinding {
  /// The message, and what to do about it.
  var text: String { diagnostic.message + (diagnostic.help.map { ". Help: \($0)" } ?? "") }
}
