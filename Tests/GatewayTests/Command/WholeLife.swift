// SPDX-License-Identifier: MIT

import GatewayCore
import Glibc
import SimulatedRunner
import Testing
import Transport
import ZstdFrames

/// The command as a process, everything it can do configured, between clients and runners on the test's loop.
final class WholeLife {
    static let adminKey = "an-admin-key-of-24-letters"
    let loop: Loop
    let folder: TemporaryFolder
    let authority: Authority
    let gateway: Command
    let plainPort: Int
    let securePort: Int
    /// One answers in plain text, one over TLS; their streams wait for `releaseToken`.
    let runners: [SimulatedRunner]
    /// Cuts each of its streams.
    let broken: ScriptedRunner
    /// Of one client: sessions are resumed.
    let trust: TLSClientContext
    private let entries: [String]
    private var clients: [RawClient] = []

    init(_ loop: Loop) throws {
        self.loop = loop
        folder = try TemporaryFolder()
        authority = try Authority()
        trust = try TLSClientContext(authorities: authority.file)
        let server = try TLSServerContext(identities: [authority.issue().identity], tickets: TicketKeys(loop: loop))
        runners = try [nil, server].map { tls in
            var options = SimulatedRunnerOptions.instant(
                models: ["shared:1b", "other"].map { SimulatedModel($0) })
            options.gatesTokens = true
            options.parallel = 100
            return try SimulatedRunner(loop: loop, options: options, tls: tls)
        }
        broken = try ScriptedRunner(
            loop, models: ["broken"], always: [.waitForRequest, .streamHead, .chunk("{}\n"), .reset])
        _ = try authority.issue(as: "server")
        entries = [
            #"{"url":"\#(runners[0].url)","max_inflight":8,"prefix_id":"p"}"#,
            #"{"url":"\#(runners[1].url)","tls_ca":"\#(authority.file)"}"#,
            #"{"url":"\#(broken.url)","pull":false}"#, #"{"url":"http://127.0.0.1:1","pull":false}"#,
            #"{"url":"dns:http://localhost:\#(runners[0].port)","max_inflight":1}"#
        ]
        try WholeLife.write(queue: "4", runners: entries, folder, authority)
        gateway = try Command(
            ["serve", "--state-dir", folder.path], environment: ["DMR_ADMIN_KEY=\(WholeLife.adminKey)"])
        plainPort = try gateway.awaitPort()
        securePort = try #require(
            try gateway.awaitLine("listening on https://").split(separator: ":").last.flatMap { Int($0) })
    }

    private static func write(
        queue: String, runners: [String], _ folder: TemporaryFolder, _ authority: Authority
    ) throws {
        try folder.write(
            #"{"listen":["http://127.0.0.1:0","https://127.0.0.1:0","unix:\#(folder.path("socket"))"],"#
                + #""runners":[\#(runners.joined(separator: ","))],"limits":{"queue":\#(queue)},"#
                + #""log":{"level":"debug","file":"\#(folder.path("log"))"},"#
                + #""tls":{"certificate":"\#(authority.folder.path("server.pem"))","#
                + #""key":"\#(authority.folder.path("server.key"))","client_ca":"\#(authority.file)"}}"#,
            to: "new")
        try #require(rename(folder.path("new"), folder.path("config.json")) == 0)
    }

    // MARK: Asking

    func client(secure: Bool = false) throws -> RawClient {
        let client = try RawClient(loop, port: secure ? securePort : plainPort, tls: secure ? trust : nil)
        clients.append(client)
        return client
    }

    static func fields(_ more: String = "") -> String { "Authorization: Bearer \(adminKey)\r\n\(more)" }

    /// What an admin's request on a connection of its own is answered with. Streams go on by themselves.
    @discardableResult
    func ask(
        _ method: String, _ target: String, _ body: [UInt8] = [], fields: String = WholeLife.fields(),
        secure: Bool = false, sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> RawClient.Response {
        let client = try client(secure: secure)
        client.send("\(method) \(target) HTTP/1.1\r\nHost: localhost\r\nContent-Length: \(body.count)\r\n\(fields)\r\n")
        client.send(body)
        client.readUntil("an answer to \(method) \(target)", sourceLocation: sourceLocation) {
            releaseTokens()
            return client.last?.isComplete == true || client.closeness != .open
        }
        client.close()
        return try #require(client.last, sourceLocation: sourceLocation)
    }

    @discardableResult
    func ask(
        _ method: String, _ target: String, json: String, secure: Bool = false,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> RawClient.Response {
        try ask(method, target, Array(json.utf8), secure: secure, sourceLocation: sourceLocation)
    }

    func releaseTokens() {
        for runner in runners { runner.releaseToken(1) }
    }

    /// A client whose stream has sent its first line.
    func streaming(secure: Bool = false, model: String = "shared:1b") throws -> RawClient {
        let client = try client(secure: secure)
        client.post("/api/chat", Ask.chat(model: model), WholeLife.fields())
        client.readUntil("a stream's first line") {
            if client.last == nil { releaseTokens() }
            return client.last?.lines.isEmpty == false
        }
        return client
    }

    /// A new content of the file, as editors bring it; turns the loop until the log says this of it once more.
    func write(
        queue: String, runners: [String]? = nil, awaiting text: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        func count() -> Int { (try? folder.lines(of: "log").count { $0.contains("limits.queue: \(text)") }) ?? 0 }
        let before = count()
        try WholeLife.write(queue: queue, runners: runners ?? entries, folder, authority)
        loop.run(until: { count() > before }, "'\(text)' in the log", sourceLocation: sourceLocation)
    }

    /// Descriptors that the process has open.
    var descriptors: Int {
        guard let listing = opendir("/proc/\(gateway.process)/fd") else { return 0 }
        defer { closedir(listing) }
        var count = -2
        while readdir(listing) != nil { count += 1 }
        return count
    }

    func end() {
        for client in clients { client.close() }
        for runner in runners { runner.close() }
        broken.close()
        loop.run(until: { loop.openStreams == 0 }, "the end of all streams")
    }
}
