// SPDX-License-Identifier: MIT

import Glibc
import Testing

@Suite(.serialized) struct ServeCommandTests {
    private let folder: String

    init() throws {
        var template = Array("/tmp/dmr-command-XXXXXX".utf8CString)
        folder = String(cString: try #require(mkdtemp(&template)))
    }

    private func serve(_ arguments: String..., environment: [String] = []) throws -> Command {
        try Command(
            ["serve", "--listen", "127.0.0.1:0", "--state-dir", folder] + arguments, environment: environment)
    }

    private func write(_ name: String, _ text: String) throws -> String {
        let path = "\(folder)/\(name)"
        let file = try #require(fopen(path, "w"))
        fputs(text, file)
        fclose(file)
        return path
    }

    @Test(arguments: [SIGTERM, SIGINT])
    func itSaysWhereItListensAndDrainsWhenAsked(signal: Int32) throws {
        let gateway = try serve("--demo")
        let port = try gateway.awaitPort()
        let client = try PlainClient(port: port)
        client.send("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        #expect(client.receive().hasSuffix("Ollama is running"))
        client.close()
        gateway.signal(signal)
        #expect(gateway.awaitExit() == 0)
    }

    /// Made below the folder it was started in, not below `/`.
    @Test func theStateFolderMayBeARelativePath() throws {
        let gateway = try Command(
            ["serve", "--listen", "127.0.0.1:0", "--demo", "--state-dir", "made/state"], in: folder)
        _ = try gateway.awaitPort()
        var status = stat()
        #expect(stat("\(folder)/made/state", &status) == 0 && status.st_mode & 0o777 == 0o700)
        gateway.signal(SIGTERM)
        #expect(gateway.awaitExit() == 0)
    }

    @Test func theSecondSignalStopsAtOnce() throws {
        let gateway = try serve("--demo")
        let client = try PlainClient(port: try gateway.awaitPort())
        client.post(
            "/api/chat",
            #"{"model":"llama3:8b","options":{"num_predict":1000000},"messages":[{"role":"user","content":"x"}]}"#)
        #expect(client.receive().hasPrefix("HTTP/1.1 200"))
        gateway.signal(SIGINT)
        try gateway.awaitLine("draining: 1 in flight")
        #expect(!client.receive().isEmpty, "what runs goes on")
        gateway.signal(SIGINT)
        #expect(gateway.awaitExit() == 0)
        client.close()
    }

    @Test(arguments: [["--nonsense"], ["--policy", "random"], ["--loops", "two"], ["--listen", "nowhere"]])
    func wrongUsageIs64(arguments: [String]) throws {
        let gateway = try Command(["serve", "--state-dir", folder] + arguments)
        #expect(gateway.awaitExit() == 64)
        #expect(!gateway.output.isEmpty)
    }

    @Test func aBadFileIs78WithEachErrorOnItsLine() throws {
        let file = try write(
            "bad.json", #"{"policy":"random","runners":[{"url":"http://a:1"},{"url":"ftp://b"}],"nonsense":1}"#)
        let gateway = try serve("--config", file)
        #expect(gateway.awaitExit() == 78)
        let lines = gateway.output.split(separator: "\n")
        #expect(lines.count == 3)
        #expect(lines.allSatisfy { $0.hasPrefix("error: ") })
        for place in ["policy", "runners[1].url", "nonsense"] {
            #expect(lines.contains { $0.contains(place) }, "\(place) is not named")
        }
    }

    @Test(arguments: [#"{"loops":2}"#, #"{"affinity":30}"#])
    func whatIsNotSupportedIs78AndNotIgnored(text: String) throws {
        let gateway = try serve("--config", try write("new.json", text))
        #expect(gateway.awaitExit() == 78)
        #expect(gateway.output.contains("not supported in this version"))
    }

    @Test func anAddressInUseIs69() throws {
        let first = try serve("--demo")
        let port = try first.awaitPort()
        let second = try Command(["serve", "--demo", "--listen", "127.0.0.1:\(port)", "--state-dir", folder])
        #expect(second.awaitExit() == 69)
        #expect(second.output.contains("127.0.0.1:\(port) is in use"))
        first.signal(SIGTERM)
        #expect(first.awaitExit() == 0)
    }

    @Test func theLogFileIsReopened() throws {
        let log = "\(folder)/gateway.log"
        let gateway = try serve("--demo", "--log-file", log)
        let port = try gateway.awaitPort()
        rename(log, log + ".1")
        gateway.signal(SIGUSR1)
        let client = try PlainClient(port: port)
        // Each request ends a turn of the loop; the signal is seen in one of the first.
        for _ in 0..<1000 where access(log, F_OK) != 0 {
            client.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            _ = client.receive()
        }
        #expect(access(log, F_OK) == 0)
        client.close()
        gateway.signal(SIGTERM)
        #expect(gateway.awaitExit() == 0)
    }

    @Test func aDemoSaysThatItIsOne() throws {
        let gateway = try serve("--demo")
        try gateway.awaitLine("NO MODEL IS RUNNING")
        _ = try gateway.awaitPort()
        gateway.signal(SIGTERM)
        #expect(gateway.awaitExit() == 0)
    }

    @Test func withoutARunnerThatAnswersNothingIsMadeUp() throws {
        let closed = try ClosedPort()
        defer { closed.close() }
        let gateway = try serve("--runner", "http://127.0.0.1:\(closed.port)")
        let port = try gateway.awaitPort()
        let client = try PlainClient(port: port)
        client.send("GET /api/tags HTTP/1.1\r\nHost: localhost\r\n\r\n")
        #expect(client.receive().hasSuffix(#"{"models":[]}"#))
        client.post("/api/chat", #"{"model":"llama3:8b","messages":[]}"#)
        #expect(client.receive().hasPrefix("HTTP/1.1 503"))
        client.close()
        gateway.signal(SIGTERM)
        #expect(gateway.awaitExit() == 0)
    }

    @Test func aSimulatedRunnerSaysWhatItIs() throws {
        let runner = try Command(["runner", "--listen", "127.0.0.1:0", "--model", "x"])
        _ = try runner.awaitPort()
        #expect(runner.output.contains("simulated"))
        runner.signal(SIGTERM)
        #expect(runner.awaitExit() == 0)
    }
}
