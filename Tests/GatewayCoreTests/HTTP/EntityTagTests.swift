// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

@Suite struct EntityTagTests {
    @Test(arguments: [
        ([], true), ([#"If-Match: "1f""#], true), ([#"if-match: "x", "1f""#], true), (["If-Match: *"], true),
        ([#"If-Match: "x""#, #"If-Match: "1f""#], true), ([#"If-Match: "x""#], false), (["If-Match: 1f"], false),
        ([#"If-Match: W/"1f""#], false), (["If-Match:"], false), ([#"If-None-Match: "x""#], true)
    ])
    func ifMatch(fields: [String], matches: Bool) {
        #expect(EntityTag.isMatched(headerFields(fields), current: #""1f""#) == matches)
    }
}
