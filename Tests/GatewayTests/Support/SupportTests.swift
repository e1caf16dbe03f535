// SPDX-License-Identifier: MIT

import GatewayCore
import Testing
import Transport

/// The scripted runner and the raw client against each other: tests lean on them, so they are tested themselves.
@Suite(.serialized) struct SupportTests {
    let loop: Loop

    init() throws {
        loop = try Loop()
    }

    @Test func listsAreAnsweredWithoutTouchingTheScript() throws {
        let runner = try ScriptedRunner(loop, models: ["a:1", "b:2"], always: [.waitForRequest, .respond("scripted")])
        defer { runner.close() }
        let client = try RawClient(loop, port: runner.port)
        for path in ["/api/tags", "/api/ps", "/api/version", "/"] { client.get(path) }
        client.readResponses(4)
        #expect(client.responses[0].json?["models"]?.array?.map { $0["name"]?.string } == ["a:1", "b:2"])
        #expect(client.responses[3].body == "Ollama is running")
        #expect(runner.connections.isEmpty)
        #expect(runner.listsAnswered == ["GET /api/tags", "GET /api/ps", "GET /api/version", "GET /"])
        client.post("/api/chat", "{}")
        client.readResponses(5)
        #expect(client.last?.body == "scripted")
        #expect(runner.connections[0].requests.map(\.line) == ["POST /api/chat"])
    }

    @Test func stepsAreDoneInOrderAndReleasesAreWaitedFor() throws {
        let runner = try ScriptedRunner(loop) { number in
            [
                .waitForRequest, .streamHead, .chunk("one\(number)"), .waitForRelease, .chunk("two"), .lastChunk,
                .waitForRequest, .respond(503, "busy", "Retry-After: 1\r\n"), .close
            ]
        }
        defer { runner.close() }
        let first = try RawClient(loop, port: runner.port)
        first.post("/api/chat", #"{"a":1}"#)
        first.readUntil { first.last?.body == "one0" }
        let second = try RawClient(loop, port: runner.port)
        second.post("/api/chat", "{}")
        second.readUntil { second.last?.body == "one1" }
        runner.release(1)
        second.readResponses()
        #expect(second.last?.pieces.map { String(decoding: $0, as: UTF8.self) } == ["one1", "two"])
        #expect(first.last?.isComplete == false)
        runner.release(0)
        first.readResponses()
        first.post("/api/chat", "{}")
        first.readToEnd()
        #expect(first.last?.status == 503)
        #expect(first.last?.header("retry-after") == "1")
        #expect(first.closeness == .ended)
        #expect(runner.connections[0].isOver)
        #expect(runner.connections[0].requests[0].text == #"{"a":1}"#)
        #expect(runner.connections[0].requests[0].header("content-length") == "7")
    }

    @Test func aResetIsToldFromAClose() throws {
        let runner = try ScriptedRunner(loop) { $0 == 0 ? [.waitForRequest, .reset] : [.close] }
        defer { runner.close() }
        let reset = try RawClient(loop, port: runner.port)
        reset.post("/x", "")
        reset.readToEnd()
        #expect(reset.isReset)
        let closed = try RawClient(loop, port: runner.port)
        closed.post("/x", "")
        closed.readToEnd()
        #expect(closed.closeness == .ended)
    }

    @Test func aScriptMayBeginBeforeAnyRequest() throws {
        let runner = try ScriptedRunner(
            loop, always: [.send("HTTP/1.1 408 Early\r\nContent-Length: 0\r\n\r\n"), .waitForRelease, .reset])
        runner.startsAtAccept = true
        defer { runner.close() }
        let client = try RawClient(loop, port: runner.port)
        client.readResponses()
        #expect(client.last?.status == 408)
        runner.release()
        client.readToEnd()
        #expect(client.isReset)
    }

    @Test func aRunnerThatStopsReadingHoldsTheBodyBack() throws {
        let runner = try ScriptedRunner(loop, always: [.stopReading, .waitForRelease, .startReading, .waitForRequest])
        defer { runner.close() }
        let client = try RawClient(loop, port: runner.port)
        let body = String(repeating: "x", count: 12 << 20)
        client.post("/api/chat", body)
        loop.run(until: { runner.connections.count == 1 })
        loop.run(for: .milliseconds(30))
        #expect(client.heldBytes > 0)
        runner.release()
        loop.run(until: { runner.connections[0].isOver })
        #expect(runner.connections[0].requests[0].body.count == body.utf8.count)
        #expect(client.heldBytes == 0)
    }

    @Test func theClientsEndIsSeen() throws {
        let runner = try ScriptedRunner(loop, always: [.waitForRequest])
        defer { runner.close() }
        let leaver = try RawClient(loop, port: runner.port)
        leaver.post("/x", "")
        loop.run(until: { runner.connections.count == 1 && runner.connections[0].isOver })
        leaver.close()
        loop.run(until: { runner.connections[0].isEnded })
        let breaker = try RawClient(loop, port: runner.port)
        breaker.post("/x", "")
        loop.run(until: { runner.connections.count == 2 && runner.connections[1].isOver })
        breaker.reset()
        loop.run(until: { runner.connections[1].failure?.isReset == true })
        #expect(runner.connections.allSatisfy { $0.isGone })
    }

    @Test func waitingInVainFailsTheTest() {
        withKnownIssue {
            loop.run(until: { false }, within: 0.02)
        } matching: {
            $0.comments.contains { $0.rawValue.contains("did not happen within") }
        }
    }
}
