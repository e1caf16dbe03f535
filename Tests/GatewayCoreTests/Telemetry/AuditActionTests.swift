// SPDX-License-Identifier: MIT

import Testing

@testable import GatewayCore

/// Which requests leave a record though nobody refused them.
@Suite struct AuditActionTests {
    /// The rule behind the table: what needs `manage` or `admin` and is more than a look.
    @Test(arguments: GatewayCore.Operation.allCases)
    func whateverManagesIsAudited(operation: GatewayCore.Operation) {
        for method in GatewayCore.Method.allCases
        where Surface.allCases.contains(where: { operation.entry.methods(on: $0).takes(method) }) {
            let isAsked = [.manage, .admin].contains(operation.entry.scope) && ![.get, .head].contains(method)
            #expect((operation.auditAction(method) != nil) == isAsked, "\(method.name) \(operation)")
        }
    }

    @Test func eachActionIsSomeRoutes() {
        let actions = GatewayCore.Operation.allCases.flatMap { operation in
            GatewayCore.Method.allCases.compactMap { operation.auditAction($0) }
        }
        #expect(Set(actions) == Set(AuditAction.allCases))
    }
}
