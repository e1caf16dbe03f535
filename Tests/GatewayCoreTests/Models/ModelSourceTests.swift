// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

@Suite struct ModelSourceTests {
    @Test(arguments: [
        ("x", ModelSource.unspecified), ("x:20b", .unspecified), ("cloud", .unspecified), ("x-cloud", .unspecified),
        ("x:cloudy", .unspecified), ("x:20b-clouds", .unspecified), ("cloud:x", .unspecified), ("", .unspecified),
        ("http://x-cloud", .unspecified), ("host:1/ns/x-cloud", .unspecified), ("x:-local", .unspecified),
        ("x:20b-local", .unspecified),
        ("x:cloud", .cloud(base: "x")), ("x:20b:cloud", .cloud(base: "x:20b")), ("x:20b-cloud", .cloud(base: "x:20b")),
        ("x:CLOUD", .cloud(base: "x")), ("X:20B-Cloud", .cloud(base: "X:20B")), ("x: cloud", .cloud(base: "x")),
        ("u/x:cloud", .cloud(base: "u/x")), (":cloud", .cloud(base: "")), ("x:-cloud", .cloud(base: "x:")),
        ("x:local", .local(base: "x")), ("x:20b:Local", .local(base: "x:20b")),
        ("hf.co/u/x:q4:local", .local(base: "hf.co/u/x:q4"))
    ])
    func theEndingTellsTheSource(_ name: String, _ source: ModelSource) throws {
        #expect(try ModelSource(name) == source)
    }

    @Test(arguments: [
        "x:cloud:local", "x:local:cloud", "x:20b-cloud:local", "x:20b-cloud:cloud", "x:local:local", "x:LOCAL:Cloud",
        "x:cloud:20b-cloud:local"
    ])
    func twoSourcesAreRefusedInOllamasWords(_ name: String) {
        do {
            Issue.record("accepted as \(try ModelSource(name))")
        } catch {
            #expect(error.sentence == "use either :local or :cloud, not both: \"\(name)\"")
        }
    }

    @Test(arguments: [("x", "x:cloud"), ("x:20b", "x:20b-cloud"), ("u/x", "u/x:cloud"), ("h:1/u/x", "h:1/u/x:cloud")])
    func aStubIsCalledAsPullCallsIt(_ base: String, _ stub: String) {
        #expect(ModelSource.stub(ofBase: base) == stub)
    }
}
