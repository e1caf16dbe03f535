// SPDX-License-Identifier: MIT

import GatewayCore
import SimulatedRunner
import Testing
import Transport

@Suite(.serialized) struct SimulatedRunnerFaultTests {
    let loop: Loop
    let runner: SimulatedRunner

    init() throws {
        loop = try Loop()
        runner = try SimulatedRunner(loop: loop, options: .instant())
    }

    private func generate(_ path: String = "/api/generate") throws -> RawClient {
        let client = try RawClient(loop, port: runner.port)
        client.post(path, #"{"model":"demo","prompt":"x","stream":true,"messages":[{"content":"x"}]}"#)
        return client
    }

    private func setFaults(_ names: String...) {
        var faults = SimulatedFaults()
        for name in names {
            let isKnown = faults.set(name)
            #expect(isKnown, "\(name)")
        }
        runner.options.faults = faults
    }

    private func statuses(_ count: Int) throws -> [Int?] {
        try (0..<count).map { _ in
            let client = try generate()
            client.readResponses()
            client.close()
            return client.last?.status
        }
    }

    @Test func everyNthFails() throws {
        defer { runner.close() }
        setFaults("fail-every=3", "busy-every=4")
        #expect(try statuses(8) == [200, 200, 500, 503, 200, 500, 200, 503])
        #expect(runner.inflight == 0)
    }

    @Test func listedModelsMayBeNotFound() throws {
        defer { runner.close() }
        setFaults("not-found", "every=2")
        #expect(try statuses(4) == [200, 404, 200, 404])
    }

    @Test func hangNeverAnswersAndNoticesTheClientLeave() throws {
        defer { runner.close() }
        setFaults("hang")
        let client = try generate()
        loop.run(until: { runner.inflight == 1 })
        loop.run(for: .milliseconds(20))
        #expect(client.received.isEmpty && client.closeness == .open)
        let probe = try RawClient(loop, port: runner.port)
        probe.get("/api/tags")
        probe.readResponses()
        #expect(probe.last?.status == 200, "lists are well")
        client.close()
        loop.run(until: { runner.inflight == 0 })
        #expect(runner.aborted == 1)
    }

    @Test func beforeTheHeadConnectionsMayBeResetOrClosed() throws {
        defer { runner.close() }
        setFaults("reset")
        let reset = try generate()
        reset.readToEnd()
        #expect(reset.isReset && reset.received.isEmpty)
        setFaults("close")
        let closed = try generate()
        closed.readToEnd()
        #expect(closed.closeness == .ended && closed.received.isEmpty)
        #expect(runner.inflight == 0)
    }

    @Test func aMalformedHeadIsNoHTTP() throws {
        defer { runner.close() }
        setFaults("malformed")
        let client = try generate()
        client.readToEnd()
        #expect(client.parseFailure != nil)
        #expect(!client.received.isEmpty)
    }

    @Test func theWholeRunnerMayBeIll() throws {
        defer { runner.close() }
        setFaults("reset", "lists")
        let client = try RawClient(loop, port: runner.port)
        client.get("/api/tags")
        client.readToEnd()
        #expect(client.isReset)
    }

    @Test func aSlowHeadComesByteByByteAndIsWhole() throws {
        defer { runner.close() }
        setFaults("slow-head=1")
        let client = try generate()
        client.readResponses()
        #expect(client.reads > 10)
        #expect(client.last?.lines.count == 9)
    }

    @Test(arguments: ["reset-after=3", "close-after=3"])
    func afterTokensTheStreamIsCutWithoutALastChunk(fault: String) throws {
        defer { runner.close() }
        setFaults(fault)
        let client = try generate()
        client.readToEnd()
        #expect(client.isReset == fault.hasPrefix("reset"), "\(client.closeness) \(client.text)")
        #expect(client.last?.isComplete != true)
        #expect(runner.tokensSent == 3)
        #expect(runner.busySlots == 0 && runner.inflight == 0)
    }

    @Test(arguments: [0, 2])
    func aDeadModelRunnerEndsNativeStreamsCleanlyWithAnErrorLine(tokens: Int) throws {
        defer { runner.close() }
        setFaults("error-after=\(tokens)")
        let client = try generate()
        client.readResponses()
        #expect(client.last?.status == 200)
        #expect(client.last?.lines.count == tokens + 1)
        #expect(client.last?.lines.last?.hasPrefix(#"{"error":"#) == true)
        #expect(client.text.hasSuffix("0\r\n\r\n"))
        #expect(!client.text.contains(#""done":true"#))
    }

    @Test func aDeadModelRunnerEndsSSEWithoutDone() throws {
        defer { runner.close() }
        setFaults("error-after=2")
        let client = try generate("/v1/chat/completions")
        client.readResponses()
        #expect(client.last?.isComplete == true)
        #expect(client.last?.body.contains("[DONE]") == false)
        #expect(client.last?.lines.last?.contains(#""model":"""#) == true)
    }

    @Test func aStallKeepsTheConnectionAndSendsNothingMore() throws {
        defer { runner.close() }
        setFaults("stall-after=2")
        let client = try generate()
        client.readUntil { client.last?.lines.count == 2 }
        loop.run(for: .milliseconds(30))
        #expect(client.last?.lines.count == 2)
        #expect(client.closeness == .open)
    }

    @Test func idleConnectionsMayBeClosed() throws {
        defer { runner.close() }
        setFaults("close-idle=20")
        let client = try generate()
        client.readResponses()
        client.readToEnd()
        #expect(client.closeness == .ended)
        #expect(client.last?.isComplete == true)
    }

    @Test(arguments: ["", "nope", "hang=1", "reset-after", "reset-after=", "reset-after=-1", "fail-every=x", "every"])
    func unknownFaultsAreRefused(name: String) {
        var faults = SimulatedFaults()
        let isKnown = faults.set(name)
        #expect(!isKnown)
        #expect(faults == SimulatedFaults())
        runner.close()
        _ = loop.finish()
    }

    @Test func everyNameInTheHelpIsKnown() {
        for (name, meaning) in SimulatedFaults.names {
            var faults = SimulatedFaults()
            let argument = name.replacing("=N", with: "=5").replacing("=MS", with: "=5")
            let isKnown = faults.set(argument)
            #expect(isKnown && faults != SimulatedFaults(), "\(name)")
            #expect(!meaning.isEmpty)
        }
        runner.close()
        _ = loop.finish()
    }
}
