// SPDX-License-Identifier: MIT

import COpenSSL
import Glibc
import SimulatedRunner
import Testing
import Transport
import ZstdFrames

/// A process that has done everything at once and is asked to stop: it ends by itself, and gives back what it took.
/// That it keeps no descriptor is seen here; that it keeps no memory is seen by scripts/test-sanitized.
@Suite(.serialized) struct WholeLifeTests {
    let loop: Loop

    init() throws {
        loop = try Loop()
    }

    /// How the end finds what is running.
    enum End: CaseIterable {
        /// SIGTERM: what runs finishes.
        case drained
        /// SIGTERM twice: what runs is cut.
        case stopped
    }

    @Test(arguments: End.allCases)
    func nothingIsKept(end: End) throws {
        let life = try WholeLife(loop)
        defer { life.end() }
        try playStreams(life)
        try playOddRequests(life)
        try playManagement(life)
        try playUploads(life)
        try playReloads(life)
        // Without its runners it keeps no idle connection to them, of which there may be as many as ever at a time.
        try life.write(queue: "6", runners: [], awaiting: "4 → 6")
        loop.run(until: { loop.openStreams == 0 }, "the end of all connections")
        let before = life.descriptors
        try life.write(queue: "4", awaiting: "6 → 4")
        for _ in 1...2 {
            try playStreams(life)
            try playOddRequests(life)
            try playManagement(life)
            try playUploads(life)
            try playReloads(life)
        }
        try life.write(queue: "6", runners: [], awaiting: "4 → 6")
        loop.run(until: { life.descriptors <= before }, "no more descriptors than before")
        try life.write(queue: "4", awaiting: "6 → 4")
        try play(end, life)
    }

    // MARK: Traffic

    private func playStreams(_ life: WholeLife) throws {
        for secure in [false, true] {
            let whole = try life.ask(
                "POST", "/api/chat", json: Ask.chat(model: "shared:1b"), secure: secure)
            #expect(whole.status == 200 && whole.lines.count == 9)
            #expect(try life.ask("POST", "/v1/chat/completions", json: Self.openAI, secure: secure).status == 200)
            // Gone in the middle, before the first byte, and without reading.
            for _ in 1...3 { try life.streaming(secure: secure, model: "p.shared:1b").close() }
            let hasty = try life.client(secure: secure)
            hasty.post("/api/chat", Ask.chat(model: "other"), WholeLife.fields())
            hasty.readUntil("a connection") { hasty.isConnected }
            hasty.reset()
            let broken = try life.client(secure: secure)
            broken.post("/api/chat", Ask.chat(model: "broken"), WholeLife.fields())
            broken.readToEnd()
            #expect(broken.last?.isComplete != true)
            broken.close()
        }
        #expect(try life.ask("GET", "/api/version", secure: true).status == 200)
        // The runner that takes one at a time has a queue, which one leaves.
        let slot = #"/docker-model-runner/api/chat/4"#
        let (first, second, third) = (try life.client(), try life.client(), try life.client())
        for client in [first, second, third] { client.post(slot, Ask.chat(model: "shared:1b"), WholeLife.fields()) }
        first.readUntil("one answer") {
            life.releaseTokens()
            return [first, second, third].contains { $0.last?.isComplete == true }
        }
        for client in [first, second, third] { client.close() }
    }

    private static let openAI = #"{"model":"shared:1b","stream":true,"messages":[{"role":"user","content":"hi"}]}"#

    private func playOddRequests(_ life: WholeLife) throws {
        #expect(try life.ask("GET", "/api/tags", fields: "").status == 401)
        #expect(try life.ask("GET", "/api/tags", fields: "Authorization: Bearer dmr_no\r\n").status == 401)
        #expect(try life.ask("POST", "/api/chat", json: #"{"model":"#).status == 400)
        #expect(try life.ask("POST", "/api/chat", json: Ask.chat(model: "nobody")).status == 404)
        #expect(try life.ask("GET", "/nowhere").status == 404)
        #expect(try life.ask("PUT", "/api/tags").status == 405)
        #expect(try life.ask("OPTIONS", "/api/tags", fields: "Origin: http://localhost\r\n").status == 204)
        for target in ["/", "/healthz", "/readyz", "/api/ps", "/v1/models", "/docker-model-runner/api/tags"] {
            #expect(try life.ask("GET", target).status == 200)
        }
        for body in [Zstd.frame(Array(Self.openAI.utf8)), Array(Zstd.stream(Array(Self.openAI.utf8)).dropLast(9))] {
            let answer = try life.ask(
                "POST", "/v1/chat/completions", body, fields: WholeLife.fields("Content-Encoding: zstd\r\n"))
            #expect([200, 400].contains(answer.status))
        }
        let nonsense = try life.client()
        nonsense.send("NONSENSE\r\n\r\n")
        nonsense.readToEnd()
        nonsense.close()
        // Half a request, half a handshake, plain text where TLS is spoken.
        for (secure, bytes) in [(false, "POST /api/chat HTTP/1.1\r\nHo"), (true, "GET / HTTP/1.1\r\n\r\n")] {
            let half = try RawClient(loop, port: secure ? life.securePort : life.plainPort)
            half.send(bytes)
            if secure { half.readToEnd() } else { half.readUntil("a connection") { half.isConnected } }
            half.close()
        }
        let old = try BareClient(loop, port: life.securePort) { dmr_ssl_ctx_max_version($0, TLS1_1_VERSION) }
        loop.run(until: {
            old.turn()
            return old.isOver
        })
        old.end()
    }

    private func playManagement(_ life: WholeLife) throws {
        #expect(try life.ask("POST", "/api/pull", json: #"{"model":"new:1b"}"#).status == 200)
        #expect(try life.ask("POST", "/api/show", json: #"{"model":"shared:1b"}"#).status == 200)
        let copy = #"{"source":"shared:1b","destination":"copied"}"#
        #expect(try life.ask("POST", "/api/copy", json: copy).status == 200)
        #expect(try life.ask("DELETE", "/api/delete", json: #"{"model":"copied"}"#).status == 200)
        #expect(try life.ask("POST", "/api/generate", json: #"{"model":"shared:1b"}"#).status == 200)
        #expect(try life.ask("POST", "/api/generate", json: #"{"model":"shared:1b","keep_alive":0}"#).status == 200)
        let pull = try life.client(secure: true)
        pull.post("/api/pull", #"{"model":"another"}"#, WholeLife.fields())
        pull.readUntil("a pull's first line") {
            if pull.last == nil { life.releaseTokens() }
            return pull.last?.lines.isEmpty == false
        }
        pull.close()
        let prefix = "/docker-model-runner"
        for url in ["http://127.0.0.1:\(life.runners[0].port)", "http://127.0.0.1:1"] {
            let answer = try life.ask("POST", prefix + "/verify", json: #"{"url":"\#(url)","key":""}"#)
            #expect([200, 502].contains(answer.status))
        }
        let shown = try life.ask("GET", prefix + "/config")
        #expect(shown.status == 200)
        #expect(try life.ask("POST", prefix + "/keys", json: #"{"name":"x"}"#).status == 201)
        #expect(try life.ask("DELETE", prefix + "/keys/x").status == 200)
        let update = prefix + "/config/update"
        #expect(try life.ask("POST", update, shown.bytes).status == 200)
        #expect(try life.ask("POST", update, json: "{}").status == 422)
    }

    private func playUploads(_ life: WholeLife) throws {
        let form = Form().field("model", "shared:1b").file(Form.audio(3 << 20)).ended
        let short = Form().field("model", "shared:1b").file(Form.audio(1000)).ended
        for (body, secure) in [(form, false), (form, true), (short, false)] {
            let answer = try life.ask(
                "POST", "/v1/audio/transcriptions", body, fields: WholeLife.fields(Form.contentType), secure: secure)
            #expect(answer.status == 200)
        }
        // Gone while its form is passed on.
        let hasty = try life.client()
        hasty.send(
            RawClient.transcriptionHead(WholeLife.fields("Content-Length: \(form.count)\r\n")))
        hasty.send(Array(form.prefix(2 << 20)))
        hasty.readUntil("all of it sent") { hasty.isConnected && hasty.heldBytes == 0 }
        hasty.close()
        let blob = Form.audio(300_000)
        #expect(try [200, 201].contains(life.ask("POST", "/api/blobs/\(BlobTests.digest(blob))", blob).status))
        #expect(try life.ask("POST", "/api/blobs/\(BlobTests.digest([1]))", blob).status >= 400)
    }

    private func playReloads(_ life: WholeLife) throws {
        _ = try life.authority.issue(as: "server")
        life.gateway.signal(SIGHUP)
        life.gateway.signal(SIGUSR1)
        try life.write(queue: "5", awaiting: "4 → 5")
        try life.write(queue: "-1", awaiting: "must")
        try life.write(queue: "4", awaiting: "5 → 4")
        #expect(try life.ask("GET", "/api/version", secure: true).status == 200)
    }

    // MARK: Ends

    private func play(_ end: End, _ life: WholeLife) throws {
        let (half, idle, secure) = (try life.client(), try life.client(), try life.client(secure: true))
        half.get("/api/version", WholeLife.fields())
        half.readResponses()
        // Read by the time that what others ask later is answered, and so before the signal.
        half.send("GET / HTTP/1.1\r\nHost: localhost\r\n")
        for client in [idle, secure] {
            client.get("/api/version", WholeLife.fields())
            client.readResponses()
        }
        let streams = [try life.streaming(), try life.streaming(secure: true)]
        switch end {
        case .drained:
            life.gateway.signal(SIGTERM)
            for client in [idle, secure] { client.readToEnd() }
            half.send("\r\n")
            half.readResponses(2)
            for stream in streams {
                stream.readUntil("the stream's end") {
                    life.releaseTokens()
                    return stream.closeness != .open
                }
                #expect(stream.last?.isComplete == true)
            }
        case .stopped:
            let pull = try life.client()
            pull.post("/api/pull", #"{"model":"third"}"#, WholeLife.fields())
            let form = Form().field("model", "shared:1b").file(Form.audio(3 << 20)).ended
            let upload = try life.client()
            upload.send(RawClient.transcriptionHead(WholeLife.fields("Content-Length: \(form.count)\r\n")))
            upload.send(Array(form.prefix(2 << 20)))
            upload.readUntil("all of it sent") { upload.isConnected && upload.heldBytes == 0 }
            life.gateway.signal(SIGTERM)
            idle.readToEnd()
            life.gateway.signal(SIGTERM)
            for client in streams + [half, pull, upload] { client.readToEnd() }
        }
        #expect(life.gateway.awaitExit() == 0)
    }
}
