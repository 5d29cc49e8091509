// SPDX-License-Identifier: Apache-2.0

/// What a node of the syntax tree is. Leaves are significant tokens (`token` kinds); inner nodes
/// list their children in source order. `docs/grammar.md` says which children each kind has.
package enum NodeKind: UInt8, Sendable, CaseIterable {
  // Leaves
  case token  // punctuation and keywords; look at the token's kind
  case name  // an identifier where a name is declared, or a label, field or member name
  case missing  // a token that should be here; zero length

  // The file and what recovers from mistakes
  case file
  case error  // what could not be understood

  // Declarations
  case useDecl, useItem
  case moduleDecl
  case inputDecl
  case letDecl
  case typeDecl, typeParameters, fieldDecl, constraint
  case fnDecl, parameterList, parameter, native
  case emitDecl, ruleDecl
  case runbookDecl, needs
  case policyDecl, detector, guardClause, failback
  case drillDecl, drillItem
  case testDecl

  // Blocks of the open vocabulary: kind name "label" for subject { items }
  case block, blockBody, fieldItem

  // Types
  case namedType, listType, mapType, optionalType, choiceType, unionType, functionType

  // Statements
  case codeBlock
  case letStmt, exprStmt, forStmt, yieldStmt, assertStmt, reportStmt
  case stepStmt, undoStmt, waitStmt, pauseStmt, requireStmt, verifyStmt, approveStmt
  case parallelStmt, runStmt, lockStmt, onFailureStmt, failStmt
  case clause  // `within 3m`, `retry 3 every 10s`, `limit 8`, `by "oncall"`, `else abort` …

  // Expressions
  case nameExpr
  case literal  // number, quantity, true, false, nil
  case stringExpr, stringSegment, interpolation
  case listExpr, mapExpr, mapEntry, listComprehension, mapComprehension
  case objectExpr, objectMember, spread
  case recordExpr  // `k8gb { … }`: a type's name or block keyword with a body
  case memberExpr, optionalMemberExpr, indexExpr
  case callExpr, argumentList, argument, trailingBlock, timelineItem
  case unaryExpr, binaryExpr, rangeExpr
  case parenExpr
  case ifExpr, matchExpr, matchArm, pattern
  case lambdaExpr, lambdaParameters

  /// Whether a node of this kind stands for a value.
  package var isExpression: Bool {
    switch self {
    case .nameExpr, .literal, .stringExpr, .listExpr, .mapExpr, .listComprehension,
      .mapComprehension, .objectExpr, .recordExpr, .memberExpr, .optionalMemberExpr, .indexExpr,
      .callExpr, .unaryExpr, .binaryExpr, .rangeExpr, .parenExpr, .ifExpr, .matchExpr, .lambdaExpr:
      true
    default: false  // open: every other kind is a part or no value
    }
  }

  /// Whether a node of this kind stands for a type.
  package var isType: Bool {
    switch self {
    case .namedType, .listType, .mapType, .optionalType, .choiceType, .unionType, .functionType:
      true
    default: false  // open: every other kind is no type
    }
  }
}
