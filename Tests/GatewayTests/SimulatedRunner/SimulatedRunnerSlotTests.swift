// SPDX-License-Identifier: MIT

import GatewayCore
import SimulatedRunner
import Testing
import Transport

/// Slots, the queue, loading and unloading, and clients that go away.
@Suite(.serialized) struct SimulatedRunnerSlotTests {
    let loop: Loop
    let runner: SimulatedRunner
    private static let prompt = #"{"model":"demo","prompt":"x"}"#

    init() throws {
        loop = try Loop()
        runner = try SimulatedRunner(loop: loop, options: .instant())
    }

    private func client(_ path: String = "/api/generate", _ body: String = prompt) throws -> RawClient {
        let client = try RawClient(loop, port: runner.port)
        client.post(path, body)
        return client
    }

    private func end() {
        runner.close()
        loop.run(until: { runner.openConnections == 0 }, "all connections closed")
        #expect(runner.inflight == 0)
        #expect(runner.waiting == 0)
    }

    @Test func requestsBeyondTheSlotsWaitSilentlyInOrder() throws {
        defer { end() }
        runner.options.gatesHead = true
        runner.options.parallel = 2
        var clients: [RawClient] = []
        for count in 1...4 {
            clients.append(try client())
            loop.run(until: { runner.inflight == count })
        }
        #expect(runner.busySlots == 2)
        #expect(runner.waiting == 2)
        for client in clients {
            #expect(client.received.isEmpty)
            runner.releaseHead()
            client.readResponses()
        }
        #expect(clients.allSatisfy { $0.last?.status == 200 })
        #expect(runner.busySlots == 0)
    }

    @Test func aFullQueueIsBusyInOllamasWords() throws {
        defer { end() }
        runner.options.gatesHead = true
        runner.options.maximumQueue = 1
        for count in 1...2 {
            _ = try client()
            loop.run(until: { runner.inflight == count })
        }
        let third = try client()
        third.readResponses()
        #expect(third.last?.status == 503)
        #expect(third.last?.header("retry-after") == nil)
        #expect(
            third.last?.json?["error"]?.string
                == "server busy, please try again.  maximum pending requests exceeded")
        #expect(runner.inflight == 2)
    }

    @Test(arguments: [true, false])
    func aClientThatLeavesTheQueueIsForgotten(byReset: Bool) throws {
        defer { end() }
        runner.options.gatesHead = true
        let first = try client()
        loop.run(until: { runner.busySlots == 1 })
        let second = try client()
        loop.run(until: { runner.waiting == 1 })
        if byReset { second.reset() } else { second.close() }
        loop.run(until: { runner.waiting == 0 })
        #expect(runner.aborted == 1)
        runner.releaseHead()
        first.readResponses()
        #expect(first.last?.status == 200)
    }

    @Test func aClientThatLeavesMidStreamFreesItsSlotAtOnce() throws {
        defer { end() }
        runner.options.gatesTokens = true
        let first = try client()
        loop.run(until: { runner.busySlots == 1 })
        runner.releaseToken()
        first.readUntil { !first.received.isEmpty }
        first.close()
        loop.run(until: { runner.busySlots == 0 })
        #expect(runner.aborted == 1)
        #expect(runner.tokensSent == 1)
    }

    @Test(arguments: [true, false])
    func prefillGoesOnWithoutItsClientIfItIsSo(goesOn: Bool) throws {
        defer { end() }
        runner.options.timeToFirstToken = .milliseconds(200)
        runner.options.prefillGoesOn = goesOn
        let first = try client()
        loop.run(until: { runner.busySlots == 1 })
        first.close()
        loop.run(until: { runner.inflight == 0 })
        #expect(runner.busySlots == (goesOn ? 1 : 0))
        let start = Loop.preciseNow
        loop.run(until: { runner.busySlots == 0 })
        if goesOn { #expect(Loop.preciseNow - start > .milliseconds(20)) }
        #expect(runner.aborted == 1)
    }

    @Test func loadingTakesItsTimeOnce() throws {
        defer { end() }
        runner.options.loadTime = .milliseconds(80)
        #expect(runner.loadedModels.isEmpty)
        let start = Loop.preciseNow
        let first = try client()
        first.readResponses()
        #expect(Loop.preciseNow - start >= .milliseconds(79))
        #expect(runner.loadedModels == ["demo:latest"])
        let last = try #require(first.last?.lines.last.flatMap { try? JSON(parsing: Array($0.utf8)) })
        #expect(last["load_duration"]?.int ?? 0 >= 80_000_000)
        let second = try client()
        second.readResponses()
        let again = try #require(second.last?.lines.last.flatMap { try? JSON(parsing: Array($0.utf8)) })
        #expect(again["load_duration"] == nil)
    }

    @Test(arguments: [
        ("/api/generate", #"{"model":"demo""#), ("/api/chat", #"{"model":"demo","messages":[],"stream":true"#)
    ])
    func loadAndUnloadAnswerWithOneObject(path: String, body: String) throws {
        defer { end() }
        let load = try client(path, body + "}")
        load.readResponses()
        #expect(load.last?.json?["done_reason"]?.string == "load")
        #expect(load.last?.header("content-type") == "application/json; charset=utf-8")
        #expect(runner.loadedModels == ["demo:latest"])
        load.get("/api/ps")
        load.readResponses(2)
        let entry = load.last?.json?["models"]?.array?.first
        #expect(entry?["name"]?.string == "demo:latest")
        #expect(entry?["expires_at"]?.string?.hasSuffix("Z") == true)
        load.post(path, body + #","keep_alive":0}"#)
        load.readResponses(3)
        #expect(load.last?.json?["done_reason"]?.string == "unload")
        #expect(load.last?.json?["done"]?.bool == true)
        #expect(runner.loadedModels.isEmpty)
        load.get("/api/ps")
        load.readResponses(4)
        #expect(load.last?.body == #"{"models":[]}"#)
    }

    @Test(arguments: [("0", 0), (#""10ms""#, 0), ("-1", 1), (#""1h30m""#, 1), (#""-1m""#, 1)])
    func keepAliveOfTheRequestDecides(value: String, loaded: Int) throws {
        defer { end() }
        let client = try client("/api/generate", #"{"model":"demo","prompt":"x","keep_alive":\#(value)}"#)
        client.readResponses()
        loop.run(for: .milliseconds(30))
        #expect(runner.loadedModels.count == loaded)
    }

    @Test func aPromptTakesTimeByItsLength() throws {
        defer { end() }
        runner.options.prefillPerToken = .milliseconds(2)
        let start = Loop.preciseNow
        let prompt = String(repeating: "word", count: 40)
        let client = try client("/api/chat", #"{"model":"demo","messages":[{"content":"\#(prompt)"}]}"#)
        client.readResponses()
        #expect(Loop.preciseNow - start >= .milliseconds(79))
        #expect(client.last?.lines.last?.contains(#""prompt_eval_count":40"#) == true)
    }

    @Test func closingCutsEverythingWithoutALastChunk() throws {
        runner.options.gatesTokens = true
        let client = try client()
        loop.run(until: { runner.busySlots == 1 })
        runner.releaseToken()
        client.readUntil { !client.received.isEmpty }
        end()
        client.readToEnd()
        #expect(client.last?.isComplete == false)
        let late = try RawClient(loop, port: runner.port)
        late.readToEnd()
        #expect(late.closeness != .ended)
    }
}
