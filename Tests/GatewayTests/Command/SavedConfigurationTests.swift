// SPDX-License-Identifier: MIT

import Glibc
import Testing

/// The command as Open WebUI's admin page changes it: what was saved is there after a restart, however the process ended.
@Suite(.serialized) struct SavedConfigurationTests {
    private let folder: TemporaryFolder
    private let key = "an-admin-key-of-24-letters"

    init() throws {
        folder = try TemporaryFolder()
    }

    private func serve(_ arguments: String...) throws -> Command {
        try Command(
            ["serve", "--listen", "127.0.0.1:0", "--state-dir", folder.path("state")] + arguments,
            environment: ["DMR_ADMIN_KEY=\(key)", "DMR_RUNNERS=http://127.0.0.1:1"])
    }

    private func ask(_ gateway: Command, _ method: String, _ path: String, _ body: String = "") throws -> String {
        let client = try PlainClient(port: try gateway.awaitPort())
        defer { client.close() }
        client.send(
            "\(method) /docker-model-runner\(path) HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \(key)\r\n"
                + "Connection: close\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
        var answer = ""
        while case let more = client.receive(), !more.isEmpty { answer += more }
        return answer
    }

    private func save(_ gateway: Command, port: Int, enable: Bool = true) throws -> String {
        try ask(
            gateway, "POST", "/config/update",
            #"{"ENABLE_DOCKER_MODEL_RUNNER_API":\#(enable),"DOCKER_MODEL_RUNNER_BASE_URLS":["#
                + #""http://127.0.0.1:\#(port)"],"DOCKER_MODEL_RUNNER_API_CONFIGS":{"0":{"key":"k\#(port)"}}}"#)
    }

    @Test(arguments: [SIGTERM, SIGKILL])
    func whatWasSavedBeatsTheEnvironmentAfterARestart(signal: Int32) throws {
        let first = try serve()
        #expect(try ask(first, "GET", "/config").contains(#"["http://127.0.0.1:1"]"#))
        let answer = try save(first, port: 2, enable: false)
        #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
        #expect(!answer.contains(#""k2""#))
        // It was on the disk before the answer was sent.
        first.signal(signal)
        #expect(first.awaitExit() == (signal == SIGKILL ? -SIGKILL : 0))
        let second = try serve()
        try second.awaitLine("DMR_RUNNERS: has no effect")
        let shown = try ask(second, "GET", "/config")
        #expect(shown.contains(#"["http://127.0.0.1:2"]"#))
        #expect(shown.contains(#""ENABLE_DOCKER_MODEL_RUNNER_API":false"#))
        #expect(shown.contains("dmr-masked:"))
        second.signal(SIGTERM)
        #expect(second.awaitExit() == 0)
        var status = stat()
        #expect(stat(folder.path("state/config.json"), &status) == 0 && status.st_mode & 0o777 == 0o600)
        #expect(stat(folder.path("state"), &status) == 0 && status.st_mode & 0o777 == 0o700)
    }

    /// A gateway that is killed while it saves comes back with what it answered last, or with what it was saving.
    @Test func killedWhileSavingItComesBackWithOneOfThem() throws {
        var known = 1
        for round in 0..<6 {
            let gateway = try serve()
            let port = 100 + round
            // The answer isn't awaited: the signal comes somewhere in between.
            let client = try PlainClient(port: try gateway.awaitPort())
            let body =
                #"{"DOCKER_MODEL_RUNNER_BASE_URLS":["http://127.0.0.1:\#(port)"],"DOCKER_MODEL_RUNNER_API_CONFIGS":{}}"#
            client.send(
                "POST /docker-model-runner/config/update HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \(key)\r\n"
                    + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
            usleep(UInt32(round * 300))
            gateway.signal(SIGKILL)
            #expect(gateway.awaitExit() == -SIGKILL)
            client.close()
            let again = try serve()
            let shown = try ask(again, "GET", "/config")
            let isNew = shown.contains("http://127.0.0.1:\(port)\"")
            #expect(isNew || shown.contains("http://127.0.0.1:\(known)\""), "\(shown)")
            if isNew { known = port }
            again.signal(SIGTERM)
            #expect(again.awaitExit() == 0)
        }
    }

    @Test func aFlagPins() throws {
        let gateway = try serve("--runner", "http://127.0.0.1:3")
        let answer = try save(gateway, port: 2)
        #expect(answer.hasPrefix("HTTP/1.1 409 Conflict\r\n"))
        #expect(answer.contains("--runner"))
        #expect(!folder.exists("state/config.json"))
        gateway.signal(SIGTERM)
        #expect(gateway.awaitExit() == 0)
    }

    @Test func aDemoKeepsItsRunnersAndSaysSo() throws {
        let gateway = try Command(
            ["serve", "--listen", "127.0.0.1:0", "--state-dir", folder.path("state"), "--demo"],
            environment: ["DMR_ADMIN_KEY=\(key)"])
        let answer = try save(gateway, port: 2)
        #expect(answer.hasPrefix("HTTP/1.1 409 Conflict\r\n"))
        #expect(answer.contains("--demo"))
        gateway.signal(SIGTERM)
        #expect(gateway.awaitExit() == 0)
    }
}
