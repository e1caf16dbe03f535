// SPDX-License-Identifier: MIT

import GatewayCore
import SimulatedRunner
import Testing
import Transport

@testable import Gateway

/// Names that say where a model is to run (oa section 4), on every inference route: `:cloud` goes to who lists the stub,
/// else to anyone, `:local` to who has a copy, and a client can't ask for both.
@Suite(.serialized) struct CloudNameTests {
    static let paths = [
        "/api/chat", "/api/generate", "/api/embed", "/api/embeddings", "/api/show", "/v1/chat/completions",
        "/v1/completions", "/v1/embeddings", "/v1/responses", "/v1/messages", "/v1/audio/transcriptions"
    ]

    let loop: Loop

    init() throws {
        loop = try Loop()
    }

    /// The stub is on the last of three, a local copy on the second; each answers everything.
    private func site(_ check: (GatewayUnderTest, [ScriptedRunner]) throws -> Void) throws {
        let steps = Array(repeating: [ScriptedRunner.Step.waitForRequest, .respond("{}")], count: 8).flatMap { $0 }
        let runners = try [["other:latest"], ["kimi:k2"], ["kimi:k2-cloud"]].map {
            try ScriptedRunner(loop, models: $0, always: steps)
        }
        let gateway = try GatewayUnderTest(loop, runners)
        defer { gateway.stop() }
        try check(gateway, runners)
    }

    private func answer(_ gateway: GatewayUnderTest, _ path: String, _ model: String) throws -> RawClient.Response {
        let client = try gateway.client()
        if path.hasSuffix("transcriptions") {
            client.transcribe(
                Form().file([1, 2, 3]).field("model", model).ended,
                base: path.hasPrefix("/docker") ? "/docker-model-runner" : "")
        } else {
            client.post(path, #"{"model":"\#(model)","prompt":"a","messages":[{"role":"user"}],"stream":false}"#)
        }
        client.readResponses()
        return try #require(client.last)
    }

    @Test(arguments: paths, ["", "/docker-model-runner"])
    func everyRouteTakesThem(path: String, base: String) throws {
        try site { gateway, runners in
            for name in ["kimi:k2-cloud", "kimi:k2:cloud", "KIMI:K2:Cloud"] {
                let answer = try answer(gateway, base + path, name)
                #expect(answer.status == 200)
                #expect(answer.runner == 2, "\(name) goes to the stub's holder")
                // Ollama reads the name itself: it goes on as it was written.
                #expect(runners[2].connections.last?.requests.last?.text.contains(name) == true)
            }
            #expect(try answer(gateway, base + path, "kimi:k2:local").runner == 1)
            #expect(try answer(gateway, base + path, "kimi:k2").runner == 1)
            var runnersAsked: Set<Int> = []
            for _ in 0..<6 {
                let answer = try answer(gateway, base + path, "unlisted:20b:cloud")
                #expect(answer.status == 200)
                answer.runner.map { _ = runnersAsked.insert($0) }
            }
            #expect(runnersAsked == [0, 1, 2], "a cloud name that nobody lists is anyone's")
        }
    }

    @Test(arguments: paths, ["", "/docker-model-runner"])
    func bothAtOnceIs400(path: String, base: String) throws {
        try site { gateway, runners in
            for name in ["kimi:k2:cloud:local", "kimi:k2:local:cloud", "kimi:k2-cloud:local"] {
                let answer = try answer(gateway, base + path, name)
                #expect(answer.status == 400)
                let error = answer.json?["error"]
                let text = path.hasPrefix("/v1/") ? error?["message"]?.string : error?.string
                #expect(text == "use either :local or :cloud, not both: \"\(name)\"")
                #expect((answer.json?["detail"]?.string == text) == !base.isEmpty)
            }
            #expect(runners.allSatisfy { $0.connections.isEmpty })
        }
    }

    @Test(arguments: paths)
    func aLocalCopyThatNobodyHasIsUnknown(path: String) throws {
        try site { gateway, runners in
            let answer = try answer(gateway, path, "kimi:k3:local")
            #expect(answer.status == 404)
            #expect(answer.body.contains("not found"))
            #expect(runners.allSatisfy { $0.connections.isEmpty })
        }
    }
}
