// SPDX-License-Identifier: MIT

import GatewayCore

/// The routes that the gateway answers by itself: its face, its health, and the merged lists, always from memory.
extension Gateway {
    func ownAnswer(to route: Route) throws(GatewayError) -> OwnResponse {
        switch route.operation {
        case .landing:
            route.surface == .root
                ? OwnResponse(text: "Ollama is running") : OwnResponse(json: .object([.init("status", .bool(true))]))
        case .healthz: OwnResponse(json: .object([.init("status", .string("ok"))]))
        default: throw .notBuilt(route)
        }
    }
}
