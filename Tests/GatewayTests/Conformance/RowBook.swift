// SPDX-License-Identifier: MIT

import GatewayCore

/// The whole table: what was written down route by route, and what follows for each route from the closed table of
/// routes and its first row.
enum RowBook {
    static let written =
        lists + descriptions + inference + management + blobsAndCreate + accounts + own + nowhere

    static let all = written + manners

    static func rows(of operation: GatewayCore.Operation) -> [Row] {
        all.filter { $0.operation == operation && !$0.isNowhere }
    }

    /// How many requests all of it is.
    static var count: Int { all.reduce(0) { $0 + $1.methods.count * $1.surfaces.count } }

    /// Methods that are told apart; CONNECT has no path.
    static let methods: [GatewayCore.Method] = [.get, .head, .post, .put, .patch, .delete, .trace]
}
