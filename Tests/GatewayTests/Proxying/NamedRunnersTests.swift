// SPDX-License-Identifier: MIT

import GatewayCore
import Testing
import Transport

@testable import Gateway

/// Says what names stand for, when the test says so.
final class ScriptedResolver: Resolver {
    private(set) var lookUps: [String] = []
    private var answers: [Result<[String], UVError>] = []
    private var waiting: [(port: Int, completion: (Result<[SocketAddress], UVError>) -> Void)] = []

    static let failure = UVError(code: -3008)

    override func lookUp(
        _ name: String, port: Int, _ completion: @escaping (Result<[SocketAddress], UVError>) -> Void
    ) {
        lookUps.append(name)
        waiting.append((port, completion))
        answerNext()
    }

    /// For the next look-up, or the one that waits.
    func answer(_ addresses: String...) {
        answers.append(.success(addresses))
        answerNext()
    }

    func fail() {
        answers.append(.failure(ScriptedResolver.failure))
        answerNext()
    }

    private func answerNext() {
        guard !answers.isEmpty, !waiting.isEmpty else { return }
        let (port, completion) = waiting.removeFirst()
        completion(answers.removeFirst().map { $0.compactMap { SocketAddress(literal: $0, port: port) } })
    }
}

/// `dns:` entries: every address of a name is a runner of its own, all under one index.
@Suite(.serialized) struct NamedRunnersTests {
    let loop: Loop
    let resolver: ScriptedResolver

    init() throws {
        loop = try Loop()
        resolver = ScriptedResolver(loop: loop)
    }

    /// Runners on 127.0.0.1, .2 … that share one port, and so can be one name's members.
    private func members(_ count: Int, models: (Int) -> [String] = { _ in ["demo:latest"] }) throws -> [ScriptedRunner]
    {
        let first = try ScriptedRunner(loop, models: models(0), always: member)
        return try [first]
            + (1..<count).map {
                try ScriptedRunner(
                    loop, models: models($0), host: "127.0.0.\($0 + 1)", port: first.port, always: member)
            }
    }

    private var member: [ScriptedRunner.Step] {
        [
            .waitForRequest, .streamHead, .line("x"), .waitForRelease, .lastLine, .lastChunk, .waitForRequest,
            .streamHead,
            .lastLine, .lastChunk
        ]
    }

    private func gateway(
        _ members: [ScriptedRunner], waitsForLists: Bool = true,
        _ change: (inout Configuration) throws -> Void = { _ in }
    ) throws -> GatewayUnderTest {
        try GatewayUnderTest(loop, members, waitsForLists: waitsForLists, resolver: resolver) {
            let url = try RunnerURL(parsing: "dns:http://gpus:\(members[0].port)")
            $0.runners = [RunnerConfiguration(url: url)]
            try change(&$0)
        }
    }

    private func awaitMembers(_ under: GatewayUnderTest, _ count: Int) {
        loop.run(
            until: { under.gateway.numbering.places.count == count && under.gateway.catalog.firstRoundIsOver },
            "\(count) members")
    }

    @Test func everyAddressIsARunnerWithItsOwnCapUnderOneIndex() throws {
        let members = try members(3)
        resolver.answer("127.0.0.3", "127.0.0.1", "127.0.0.2")
        let under = try gateway(members) { $0.runners[0].maxInflight = 1 }
        defer { under.stop() }
        awaitMembers(under, 3)
        #expect(under.gateway.numbering.places.map(\.index) == [0, 0, 0])
        let clients = try (0..<4).map { _ in try under.client() }
        for client in clients { client.chat() }
        under.run(untilInFlight: 3, waiting: 1)
        loop.run(until: { members.allSatisfy { $0.connections.count == 1 } }, "a request at each")
        loop.run(until: { clients.count { $0.last != nil } == 3 }, "three heads")
        for client in clients where client.last != nil { #expect(client.last?.runner == 0) }
        for member in members { member.release() }
        for client in clients { client.readResponses() }
        #expect(members[1].connections[0].requests[0].header("host") == "gpus:\(members[0].port)")
    }

    @Test func modelsAreTheUnionOfTheMembers() throws {
        let members = try members(2) { ["shared:1b", "only\($0):1b"] }
        resolver.answer("127.0.0.1", "127.0.0.2")
        let under = try gateway(members)
        defer { under.stop() }
        awaitMembers(under, 2)
        let client = try under.client()
        client.get("/api/tags")
        client.readResponses(1)
        #expect(Set(client.last?.modelNames?.compactMap { $0 } ?? []) == ["shared:1b", "only0:1b", "only1:1b"])
        client.get("/docker-model-runner/api/tags")
        client.readResponses(2)
        let urls = client.last?.json?["models"]?.array?.map { $0["urls"]?.array?.map(\.int) }
        #expect(urls == [[0], [0], [0]], "one index, named once")
        let answer = try under.client()
        answer.chat(Ask.chat(model: "only1:1b"))
        loop.run(until: { members[1].connections.count == 1 }, "the request at the one that has it")
        members[1].release()
        answer.readResponses()
    }

    @Test func membersComeAndGoWhileStreamsGoOn() throws {
        let members = try members(2)
        resolver.answer("127.0.0.1")
        let under = try gateway(members)
        defer { under.stop() }
        awaitMembers(under, 1)
        let stream = try under.client()
        stream.chat()
        stream.readUntil("the first token") { stream.last?.body.contains("x") == true }
        resolver.answer("127.0.0.2")
        under.gateway.names.values.first?.deadlineReached(at: loop.now)
        loop.run(until: { members[1].listsAnswered.contains("GET /api/tags") }, "the newcomer's list")
        awaitMembers(under, 1)
        // The one that is gone finishes, and gets nothing new.
        #expect(under.gateway.exchangesInFlight == 1)
        let next = try under.client()
        next.chat()
        loop.run(until: { members[1].connections.count == 1 }, "a request at the newcomer")
        members[0].release()
        stream.readResponses()
        #expect(stream.last?.body.contains(#""done":true"#) == true)
        members[1].release()
        next.readResponses()
        loop.run(until: { members[0].connections[0].isGone }, "the end of its connection")
    }

    @Test func aFailedLookUpKeepsTheLastAnswer() throws {
        let members = try members(2)
        resolver.answer("127.0.0.1", "127.0.0.2")
        let under = try gateway(members)
        defer { under.stop() }
        awaitMembers(under, 2)
        resolver.fail()
        under.gateway.names.values.first?.deadlineReached(at: loop.now)
        #expect(resolver.lookUps.count == 2)
        #expect(under.gateway.numbering.places.count == 2)
        #expect(under.health(0).failuresInARow + under.health(1).failuresInARow == 0)
    }

    @Test func aMemberThatFailsHasTheNameLookedUpAgain() throws {
        let members = try members(2)
        resolver.answer("127.0.0.1", "127.0.0.2")
        let under = try gateway(members) { $0.health.tagsInterval = .milliseconds(20) }
        defer { under.stop() }
        awaitMembers(under, 2)
        members[1].close()
        resolver.answer("127.0.0.1")
        loop.run(until: { under.gateway.numbering.places.count == 1 }, "the answer without it")
        #expect(resolver.lookUps.count == 2)
        let client = try under.client()
        client.chat()
        loop.run(until: { members[0].connections.count == 1 }, "a request at the one that is left")
        members[0].release()
        client.readResponses()
        #expect(client.last?.status == 200)
    }

    @Test func aNameThatIsNotKnownYetIsADownRunnerThatJoinsLater() throws {
        let members = try members(1)
        let other = try ScriptedRunner(loop, models: ["other:1b"], always: ScriptedRunner.stream("y"))
        resolver.fail()
        let under = try gateway(members) {
            $0.runners.append(RunnerConfiguration(url: try RunnerURL(parsing: other.url)))
        }
        defer {
            other.close()
            under.stop()
        }
        let client = try under.client()
        #expect(try client.answer().status == 404)
        #expect(try client.answer(to: "/api/chat", Ask.chat(model: "other:1b")).status == 200)
        resolver.answer("127.0.0.1")
        under.gateway.names.values.first?.deadlineReached(at: loop.now)
        awaitMembers(under, 2)
        client.chat()
        loop.run(until: { members[0].connections.count == 1 })
        members[0].release()
        client.readResponses(3)
        #expect(client.last?.status == 200)
        #expect(client.last?.runner == 0)
    }

    /// While the first look-up is on its way nothing is said about models that may be there.
    @Test func aRequestWaitsForTheFirstAnswer() throws {
        let members = try members(1)
        let under = try gateway(members, waitsForLists: false)
        defer { under.stop() }
        let client = try under.client()
        client.chat()
        loop.run(until: { under.gateway.exchangesAwaitingLists == 1 }, "a waiting request")
        resolver.answer("127.0.0.1")
        loop.run(until: { members[0].connections.count == 1 }, "the request")
        members[0].release()
        client.readResponses()
        #expect(client.last?.status == 200)
    }
}
