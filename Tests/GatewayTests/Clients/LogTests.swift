// SPDX-License-Identifier: MIT

import GatewayCore
import SimulatedRunner
import Testing
import Transport

/// What a log file holds after a run, and what it must never hold: keys, prompts, answers.
@Suite(.serialized) struct LogTests {
    let loop: Loop

    init() throws {
        loop = try Loop()
    }

    @Test(arguments: Configuration.Log.Format.allCases)
    func keysPromptsAndAnswersStayOutOfTheLog(format: Configuration.Log.Format) throws {
        let folder = try TemporaryFolder()
        let (key, wrong) = ("an-admin-key-of-24-letters", "dmr_wrong-but-still-secret")
        let site = try TwoRunners(loop) {
            $0.adminKey = Secret(Array(key.utf8))
            $0.access.anonymous = .inference
            $0.log.level = .trace
            $0.log.format = format
            $0.log.file = folder.path("log")
            $0.runners[0].key = Secret(Array("the-runners-own".utf8))
        }
        let body = Body.chat.replacing("hello", with: "my-secret-prompt")
        var answers: [String] = []
        for fields in ["Authorization: Bearer \(key)\r\n", "x-api-key: \(key)\r\n", ""] {
            answers.append(try site.answer("POST", "/api/chat", body, fields: fields).body)
            _ = try site.answer("POST", "/api/chat", body.dropLast() + "x", fields: fields)
        }
        _ = try site.answer("GET", "/api/tags", fields: "Authorization: Bearer \(wrong)\r\n")
        _ = try site.answer("GET", "/key/\(key)/api/tags?token=\(wrong)", fields: "Cookie: \(wrong)\r\n")
        _ = try site.answer("POST", "/api/chat", "{\"model\":\"my-secret-prompt")
        let broken = try site.client()
        broken.send("GET /\(wrong) HTTP/1.1\r\nHost: localhost\r\nbroken \(key)\r\n\r\n")
        broken.readToEnd()
        site.stop()
        let log = try folder.text(of: "log")
        #expect(log.contains("/api/chat"))
        #expect(log.contains("shared:1b"))
        let words = answers.compactMap { try? JSON(parsing: Array($0.utf8))["message"]?["content"]?.string }
        #expect(words.count == 3)
        for secret in [key, wrong, "my-secret-prompt", "the-runners-own"] + words {
            #expect(!log.contains(secret), "\(secret)")
        }
    }

    @Test func eachRequestHasOneLineThatTellsWhereItWent() throws {
        let folder = try TemporaryFolder()
        let site = try TwoRunners(loop) { $0.log.file = folder.path("log") }
        _ = try site.answer(
            "POST", "/docker-model-runner/api/chat", Body.chat.replacing("shared:1b", with: "second:7b"),
            fields: "X-Request-Id: the-first\r\n")
        _ = try site.answer("GET", "/api/tags", fields: "X-Request-Id: the-second\r\n")
        _ = try site.answer("GET", "/no/such/path", fields: "X-Request-Id: the-third\r\n")
        site.stop()
        let lines = try folder.lines(of: "log").filter { $0.contains(" request ") }
        #expect(lines.count == 3)
        #expect(lines[0].contains(" id=the-first client=127.0.0.1:"))
        #expect(lines[0].contains(" route=/api/chat status=200 "))
        #expect(lines[0].contains(" model=second:7b runner=1"))
        #expect(lines[1].contains(" id=the-second "))
        #expect(lines[1].contains(" route=/api/tags status=200 "))
        // The path is the client's text.
        #expect(lines[2].contains(" route=- status=404 "))
        #expect(!lines[2].contains("such"))
    }

    @Test func aClientThatWentAwayIsLoggedWithItsAddress() throws {
        for resets in [false, true] {
            let folder = try TemporaryFolder()
            let site = try TwoRunners(loop, gatesHead: true) { $0.log.file = folder.path("log") }
            let client = try site.client()
            client.post("/api/chat", Body.chat)
            loop.run(until: { site.proxied.count == 1 })
            if resets { client.reset() } else { client.close() }
            loop.run(until: { site.clientCount == 0 }, "the end of the client's connection")
            site.stop()
            let line = try #require(try folder.lines(of: "log").first { $0.contains("route=/api/chat") })
            #expect(line.contains(" status=499 "))
            #expect(line.contains(" client=127.0.0.1:"))
        }
    }

    @Test func aNameOfTheClientsCanNotForgeALine() throws {
        let folder = try TemporaryFolder()
        let site = try TwoRunners(loop) { $0.log.file = folder.path("log") }
        let body = #"{"model":"a\n2026-01-01T00:00:00Z error forged \u001b[31m","messages":[]}"#
        #expect(try site.answer("POST", "/api/chat", body).status == 400)
        site.stop()
        #expect(try folder.lines(of: "log").allSatisfy { !$0.hasPrefix("2026-01-01T00:00:00Z error") })
        #expect(try !folder.text(of: "log").contains("\u{1B}"))
    }

    @Test func aLevelOfWarningLeavesRequestsOut() throws {
        let folder = try TemporaryFolder()
        let site = try TwoRunners(loop) {
            $0.log.file = folder.path("log")
            $0.log.level = .warning
        }
        _ = try site.answer("POST", "/api/chat", Body.chat)
        _ = try site.answer("GET", "/nowhere")
        site.stop()
        #expect(try folder.text(of: "log") == "")
    }
}
