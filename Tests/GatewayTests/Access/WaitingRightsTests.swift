// SPDX-License-Identifier: MIT

import GatewayCore
import Testing
import Transport

@testable import Gateway

/// A waiter's model is looked up again when lists change: with the rights that it came with.
@Suite(.serialized) struct WaitingRightsTests {
    private static let key = "dmr_for-one-model"
    let loop: Loop

    init() throws {
        loop = try Loop()
    }

    /// `gpu.library/foo` is `foo` behind the prefix `gpu` until somebody lists a model of just that name.
    @Test func aNameThatComesToMeanAForbiddenModelIsNotServed() throws {
        let holder = try ScriptedRunner(
            loop, models: ["foo:latest"], always: [.waitForRequest, .waitForRelease, .respond(#"{"done":true}"#)])
        let other = try ScriptedRunner(
            loop, models: ["other:latest"], always: [.waitForRequest, .respond(#"{"done":true}"#)])
        let gateway = try GatewayUnderTest(loop, [holder, other]) {
            $0.runners[0].prefixID = "gpu"
            $0.runners[0].maxInflight = 1
            $0.access.keys = [
                AccessSite.key("one", Self.key, models: ["gpu.foo"]), AccessSite.key("all", "dmr_for-all-models")
            ]
        }
        defer { gateway.stop() }
        let body = #"{"model":"gpu.library/foo:latest","messages":[],"stream":false}"#
        func ask(_ key: String) throws -> RawClient {
            let client = try gateway.client()
            client.post("/api/chat", body, AccessSite.bearer(key))
            return client
        }
        let running = try ask(Self.key)
        gateway.run(untilInFlight: 1)
        let waiting = try ask(Self.key)
        gateway.run(untilInFlight: 1, waiting: 1)
        let allowed = try ask("dmr_for-all-models")
        gateway.run(untilInFlight: 1, waiting: 2)
        other.models = ["gpu.library/foo:latest"]
        gateway.readAgain(.tags)
        for client in [waiting, allowed] { client.readResponses() }
        #expect(waiting.last?.status == 503)
        #expect(allowed.last?.status == 200 && allowed.last?.runner == 1)
        #expect(other.connections.count == 1)
        holder.release()
        running.readResponses()
        #expect(running.last?.status == 200 && running.last?.runner == 0)
    }
}
