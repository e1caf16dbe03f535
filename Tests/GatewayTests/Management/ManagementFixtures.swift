// SPDX-License-Identifier: MIT

import GatewayCore
import Testing
import Transport

@testable import Gateway

extension GatewayUnderTest {
    /// Reads a list of every runner again.
    func readAgain(_ list: RunnerList, sourceLocation: SourceLocation = #_sourceLocation) {
        var isDone = false
        gateway.refresh([list], of: RunnerSet(gateway.runners.map(\.number))) { isDone = true }
        loop.run(until: { isDone }, "the lists read again", sourceLocation: sourceLocation)
    }

    /// As if these runners had just answered with that model. Their real lists are read before, and don't overturn it.
    func note(_ model: String, loadedOn runners: [Int], sourceLocation: SourceLocation = #_sourceLocation) {
        readAgain(.ps, sourceLocation: sourceLocation)
        guard case .found(let found) = gateway.catalog.resolve(model) else {
            Issue.record("nobody lists \(model)", sourceLocation: sourceLocation)
            return
        }
        for runner in runners { gateway.catalog.sawLoaded(runner, found) }
    }
}
