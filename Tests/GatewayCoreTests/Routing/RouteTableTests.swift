// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

/// The table itself: closed, and as gateway.md sections 3 and 4 have it.
@Suite struct RouteTableTests {
    /// Every operation by scope, written out again from gateway.md: a row changed by accident shows here.
    static let scopes: [Scope: Set<GatewayCore.Operation>] = [
        .none: [.landing, .version, .healthz, .readyz, .ui],
        .read: [.tags, .ps, .show, .status, .openAIModels, .openAIModel],
        .inference: [
            .generate, .chat, .embed, .embeddings, .chatCompletions, .completions, .openAIEmbeddings, .responses,
            .messages, .transcriptions, .systemOne, .webSearch, .webFetch, .recommendations
        ],
        .manage: [.pull, .push, .create, .copy, .delete, .blobs, .unload, .me, .signout, .signoutByKey],
        .metrics: [.metrics],
        .admin: [.config, .configUpdate, .verify, .stats, .decisions, .keys, .key]
    ]

    @Test(arguments: GatewayCore.Operation.allCases)
    func everyOperationHasTheScopeOfTheSpecification(operation: GatewayCore.Operation) {
        #expect(Self.scopes[operation.entry.scope]?.contains(operation) == true)
        #expect(Self.scopes.values.filter { $0.contains(operation) }.count == 1)
    }

    @Test(arguments: [Surface.root, .prefix])
    func noTwoOperationsShareAPattern(surface: Surface) {
        let patterns = GatewayCore.Operation.allCases.map(\.entry).filter { !$0.methods(on: surface).isEmpty }
            .map(\.pattern)
        #expect(Set(patterns).count == patterns.count)
    }

    @Test(arguments: GatewayCore.Operation.allCases)
    func everyOperationIsReachableWithEveryMethodOfItsRow(operation: GatewayCore.Operation) {
        let router = Router(pathPrefix: "/docker-model-runner")
        let path = operation.entry.pattern.split(separator: "/").map { $0.first == ":" ? "x" : String($0) }
            .joined(separator: "/")
        for (surface, start) in [(Surface.root, "/"), (.prefix, "/docker-model-runner/")] {
            let methods = operation.entry.methods(on: surface)
            for method in Method.allCases where method != .options && method != .connect {
                let result = router.route(method, target: Array((start + path).utf8)).result
                if methods.takes(method) {
                    guard case .route(let route) = result else {
                        Issue.record("\(method) \(start)\(path): \(result)")
                        continue
                    }
                    #expect(route.operation == operation && route.surface == surface && route.pin == nil)
                    #expect(route.scope == operation.entry.scope)
                } else if case .route = result {
                    Issue.record("\(method) \(start)\(path) should not be served")
                }
            }
        }
    }

    @Test func aPathWithGetAlwaysHasHead() {
        for operation in GatewayCore.Operation.allCases {
            for surface in Surface.allCases where operation.entry.methods(on: surface).takes(.get) {
                #expect(operation.entry.methods(on: surface).takes(.head), "\(operation)")
            }
        }
    }

    @Test func allButTheseIsServedByThisVersion() {
        let missing: Set<GatewayCore.Operation> = [
            .metrics, .stats, .decisions, .ui
        ]
        for operation in GatewayCore.Operation.allCases {
            #expect(Route(operation).isBuilt != missing.contains(operation), "\(operation)")
            #expect(Route(operation, on: .prefix, pin: 0).isBuilt == Route(operation).isBuilt, "\(operation)")
        }
    }

    @Test func streamingByDefaultIsOllamasAndInferenceIsWhatTakesALease() {
        let streaming = GatewayCore.Operation.allCases.filter { Route($0).streamsByDefault }
        #expect(Set(streaming) == [.chat, .generate, .pull, .push, .create])
        let inference = GatewayCore.Operation.allCases.filter { Route($0).isInference }
        #expect(Set(inference) == Self.scopes[.inference]?.subtracting([.webSearch, .webFetch, .recommendations]))
    }

    @Test func familiesFollowThePath() {
        for operation in GatewayCore.Operation.allCases {
            let entry = operation.entry
            if entry.pattern.hasPrefix("/v1/") {
                #expect(entry.family == (operation == .messages ? .anthropic : .openAI))
            } else if entry.pattern.hasPrefix("/api/") {
                #expect(entry.family == .native)
            }
        }
    }

    @Test func aScopeSetHoldsExactlyWhatWasPutIn() {
        for scope in Scope.allCases where scope != .none {
            #expect(ScopeSet(scope).allows(scope) && ScopeSet(scope).allows(.none))
            for other in Scope.allCases where other != scope && other != .none {
                #expect(!ScopeSet(scope).allows(other))
            }
        }
        #expect(Scope.allCases.allSatisfy { ScopeSet.all.allows($0) })
        #expect(ScopeSet([Scope.read, .metrics]) == [.read, .metrics])
    }
}
