// SPDX-License-Identifier: MIT

import GatewayCore
import SimulatedRunner
import Testing
import Transport

@testable import Gateway

/// A runner that fails before the first byte of an answer: the client gets another runner's, and notices nothing.
@Suite(.serialized) struct DeathBeforeAnswerTests {
    let loop: Loop

    init() throws {
        loop = try Loop()
    }

    struct Death: CustomTestStringConvertible {
        var testDescription: String
        var script: [ScriptedRunner.Step]
        var label: RunnerFailure?
    }

    static let deaths: [Death] = {
        let json = "Content-Type: application/json\r\n"
        func bad(_ name: String, _ bytes: String) -> Death {
            Death(testDescription: name, script: [.waitForRequest, .send(bytes)], label: .malformedResponse)
        }
        return [
            Death(testDescription: "reset", script: [.waitForRequest, .reset], label: .reset),
            Death(testDescription: "clean close", script: [.waitForRequest, .close], label: .reset),
            Death(testDescription: "502", script: [.waitForRequest, .respond(502, "{}", json)], label: .status502),
            Death(testDescription: "503", script: [.waitForRequest, .respond(503, "{}", json)]),
            Death(testDescription: "504", script: [.waitForRequest, .respond(504, "{}", json)], label: .status504),
            Death(testDescription: "404 JSON", script: [.waitForRequest, .respond(404, "{}", json)]),
            Death(testDescription: "silence", script: [.waitForRequest], label: .firstByteTimedOut),
            Death(
                testDescription: "half a head", script: [.waitForRequest, .send("HTTP/1.1 200 O")],
                label: .firstByteTimedOut),
            bad("no HTTP", "220 smtp.example.org ESMTP\r\n"),
            bad("status 99", "HTTP/1.1 099 X\r\n\r\n"),
            bad("101", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n"),
            bad("two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx"),
            bad("length and coding", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"),
            bad("another coding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"),
            bad("a length that is none", "HTTP/1.1 200 OK\r\nContent-Length: 1x\r\n\r\n"),
            bad("a bare line feed", "HTTP/1.1 200 OK\nContent-Length: 1\n\nx"),
            bad("a head over 64 KB", "HTTP/1.1 200 OK\r\nX: \(String(repeating: "x", count: 66_000))\r\n\r\n"),
            bad("too many fields", "HTTP/1.1 200 OK\r\n\(String(repeating: "X: y\r\n", count: 300))\r\n"),
            Death(
                testDescription: "half a head, then close", script: [.waitForRequest, .send("HTTP/1.1 200 O"), .close],
                label: .reset)
        ]
    }()

    @Test(arguments: deaths)
    func theExchangeMovesToTheOtherRunner(death: Death) throws {
        let sick = try ScriptedRunner(loop, always: death.script)
        let well = try ScriptedRunner(loop, always: ScriptedRunner.stream("well"))
        let gateway = try GatewayUnderTest(loop, [sick, well]) { $0.timeouts.firstByte = .milliseconds(100) }
        defer { gateway.stop() }
        let response = try gateway.client().answer()
        #expect(response.status == 200)
        #expect(response.body == "{\"response\":\"well\",\"done\":false}\n{\"done\":true}\n")
        #expect(response.runner == 1)
        #expect(sick.connections.map { $0.requests.map(\.text) } == [[Ask.chat]])
        #expect(well.connections.map { $0.requests.map(\.text) } == [[Ask.chat]])
        #expect(gateway.health(0).failuresInARow == (death.label == nil ? 0 : 1))
        loop.run(
            until: { gateway.gateway.runners[0].pool.openConnections == 1 }, "that only the lists' connection is left")
    }

    @Test func aRunnerThatRefusesConnectionsIsPassedOver() throws {
        let sick = try ScriptedRunner(loop, always: [])
        let well = try ScriptedRunner(loop, always: ScriptedRunner.stream("well"))
        let gateway = try GatewayUnderTest(loop, [sick, well])
        defer { gateway.stop() }
        sick.stopListening()
        let response = try gateway.client().answer()
        #expect(response.runner == 1)
        #expect(gateway.health(0).failuresInARow == 1)
    }

    @Test func aRunnerThatResetsWhatItAcceptsIsPassedOver() throws {
        let sick = try ScriptedRunner(loop, always: [.reset])
        let well = try ScriptedRunner(loop, always: ScriptedRunner.stream("well"))
        let gateway = try GatewayUnderTest(loop, [sick, well])
        defer { gateway.stop() }
        sick.startsAtAccept = true
        #expect(try gateway.client().answer().runner == 1)
        #expect(sick.connections.count == 1)
    }

    @Test func aRunnerThatDoesNotAcceptIsPassedOverAfterTheConnectLimit() throws {
        let folder = try TemporaryFolder()
        let stuck = try StuckPort()
        let well = try ScriptedRunner(loop, always: ScriptedRunner.stream("well"))
        try folder.saveLists(of: [stuck, well])
        let gateway = try GatewayUnderTest(loop, [stuck, well], waitsForLists: false) {
            $0.stateDirectory = folder.path
            $0.timeouts.connect = .milliseconds(60)
        }
        defer { gateway.stop() }
        #expect(try gateway.client().answer().runner == 1)
        #expect(gateway.health(0).failuresInARow == 1)
    }

    @Test func anAnswerInOnePieceHasOneLimitForTheWhole() throws {
        let sick = try ScriptedRunner(loop, always: [.waitForRequest])
        let well = try ScriptedRunner(loop, always: [.waitForRequest, .respond("{}")])
        let gateway = try GatewayUnderTest(loop, [sick, well]) {
            $0.timeouts.firstByte = .milliseconds(20)
            $0.timeouts.wholeAnswer = .milliseconds(100)
        }
        defer { gateway.stop() }
        let client = try gateway.client()
        let begin = loop.now
        #expect(try client.answer(to: "/api/chat", Ask.wholeChat).runner == 1)
        #expect(loop.now - begin >= .milliseconds(90), "timeouts.first_byte is for streams")
    }

    @Test func aFiveHundredIsAnAnswer() throws {
        let first = try ScriptedRunner(loop, always: [.waitForRequest, .respond(500, "{\"error\":\"x\"}")])
        let second = try ScriptedRunner(loop, always: [])
        let gateway = try GatewayUnderTest(loop, [first, second])
        defer { gateway.stop() }
        let response = try gateway.client().answer()
        #expect(response.status == 500)
        #expect(response.runner == 0)
        #expect(second.connections.isEmpty)
    }

    /// An older version among others, or a proxy in front of one that doesn't know the path.
    @Test func aRunnerWithoutTheRouteIsPassedOver() throws {
        let first = try ScriptedRunner(
            loop, always: [.waitForRequest, .respond(404, "404 page not found", "Content-Type: text/plain\r\n")])
        let second = try ScriptedRunner(loop, always: [.waitForRequest, .respond("{}")])
        let gateway = try GatewayUnderTest(loop, [first, second])
        defer { gateway.stop() }
        let response = try gateway.client().answer(to: "/v1/completions", #"{"model":"demo"}"#)
        #expect(response.status == 200)
        #expect(response.runner == 1)
        #expect(first.connections.count == 1)
        #expect(gateway.health(0).failuresInARow == 0)
        // It has not answered, so nothing was seen in its memory.
        guard case .found(let model) = gateway.gateway.catalog.resolve("demo") else {
            Issue.record("nobody lists it any more")
            return
        }
        #expect(model.loaded.numbers == [1])
    }
}
