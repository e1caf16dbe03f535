// SPDX-License-Identifier: MIT

import GatewayCore
import SimulatedRunner
import Testing
import Transport

@testable import Gateway

/// A gateway over two simulated runners that answer at once: what tests of the client's side talk to. `shared:1b` is on
/// both, `embedder` on the first and `Second:7b` on the second only.
final class TwoRunners {
    let loop: Loop
    let runners: [SimulatedRunner]
    let under: GatewayUnderTest

    init(
        _ loop: Loop, gatesTokens: Bool = false, gatesHead: Bool = false,
        _ change: (inout Configuration) throws -> Void = { _ in }
    ) throws {
        self.loop = loop
        runners = try [["shared:1b", "embedder"], ["shared:1b", "Second:7b"]].enumerated().map { index, names in
            var options = SimulatedRunnerOptions.instant(
                models: names.map { SimulatedModel($0, modifiedAt: 1_755_000_000 + index) })
            options.keepsRecords = true
            options.gatesTokens = gatesTokens
            options.gatesHead = gatesHead
            return try SimulatedRunner(loop: loop, options: options)
        }
        do { under = try GatewayUnderTest(loop, runners, change) } catch {
            for runner in runners { runner.close() }
            _ = loop.finish()
            throw error
        }
        // The version comes last in the first round; until then it is 0.0.0.
        let gateway = under.gateway
        loop.run(until: { gateway.catalog.version(usable: gateway.dispatcher.usableRunners) != "0.0.0" }, "a version")
    }

    func client() throws -> RawClient { try under.client() }

    /// What one request on a connection of its own is answered with.
    func answer(
        _ method: String, _ target: String, _ body: String? = nil, fields: String = "",
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> RawClient.Response {
        let client = try client()
        let length = body.map { "Content-Length: \($0.utf8.count)\r\n" } ?? ""
        client.send("\(method) \(target) HTTP/1.1\r\nHost: localhost\r\n\(length)\(fields)\r\n\(body ?? "")")
        client.readResponses(1, sourceLocation: sourceLocation)
        return try #require(client.responses.first, sourceLocation: sourceLocation)
    }

    /// Requests that reached a runner, the gateway's own probes not counted.
    var proxied: [RecordedRequest] {
        runners.flatMap(\.records).filter { !$0.requestLine.hasPrefix("GET ") }
    }

    /// Bytes of request bodies in the gateway's memory.
    var bodyBytesHeld: Int { under.gateway.bodyMemory.held }

    /// Connections of clients that are open.
    var clientCount: Int { under.gateway.clientCount }

    /// Exchanges in the queue.
    var exchangesWaiting: Int { under.gateway.exchangesWaiting }

    func releaseTokens(_ count: Int) {
        for runner in runners { runner.releaseToken(count) }
    }

    /// The connection still serves the next request.
    func expectUsable(
        _ client: RawClient, after count: Int, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        client.get("/api/version")
        client.readResponses(count + 1, sourceLocation: sourceLocation)
        #expect(client.responses.count == count + 1, sourceLocation: sourceLocation)
        #expect(client.last?.status == 200, sourceLocation: sourceLocation)
        #expect(client.closeness == .open, sourceLocation: sourceLocation)
    }

    func stop(sourceLocation: SourceLocation = #_sourceLocation) {
        under.stop(sourceLocation: sourceLocation)
    }
}

/// Bodies that tests send again and again.
enum Body {
    static let chat = #"{"model":"shared:1b","messages":[{"role":"user","content":"hello"}],"stream":false}"#
    static let streamedChat = #"{"model":"shared:1b","messages":[{"role":"user","content":"hello"}]}"#
}

extension RawClient.Response {
    var contentType: String? { header("content-type") }

    /// The names of the models in a list.
    var modelNames: [String?]? { json?["models"]?.array?.map { $0["name"]?.string } }
}
