// SPDX-License-Identifier: MIT

import Glibc
import Testing

/// The command with a configuration that changes: by SIGHUP, by its file, and what `check` says of it.
@Suite(.serialized) struct ReloadCommandTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private func file(level: String, runners: [Int], more: String = "") -> String {
        let entries = runners.map { #"{"url":"http://127.0.0.1:\#($0)"}"# }.joined(separator: ",")
        return #"{"log":{"level":"\#(level)"},"runners":[\#(entries)]\#(more)}"#
    }

    private func serve(_ arguments: String..., environment: [String] = []) throws -> Command {
        try Command(
            ["serve", "--listen", "127.0.0.1:0", "--state-dir", folder.path] + arguments, environment: environment)
    }

    private func runner(_ model: String) throws -> (command: Command, port: Int) {
        let command = try Command(["runner", "--listen", "127.0.0.1:0", "--model", model, "--tokens-per-second", "20"])
        return (command, try command.awaitPort())
    }

    private func replace(_ text: String) throws {
        try folder.write(text, to: "new")
        #expect(rename(folder.path("new"), folder.path("config.json")) == 0)
    }

    @Test func aStreamGoesOnWhileItsRunnerIsTakenOut() throws {
        let (first, second) = (try runner("one"), try runner("two"))
        try replace(file(level: "info", runners: [first.port]))
        let gateway = try serve()
        let client = try PlainClient(port: try gateway.awaitPort())
        client.post(
            "/api/generate", #"{"model":"one","prompt":"x","options":{"num_predict":12}}"#)
        var answer = client.receive()
        #expect(answer.hasPrefix("HTTP/1.1 200"))
        try replace(file(level: "info", runners: [second.port], more: #","timeouts":{"stream_idle":0.001}"#))
        try gateway.awaitLine("http://127.0.0.1:\(first.port) is removed, it was runners[0]")
        try gateway.awaitLine("timeouts.stream_idle: 360 → 0.001")
        while !answer.hasSuffix("0\r\n\r\n"), case let more = client.receive(), !more.isEmpty { answer += more }
        #expect(answer.contains(#""done":true"#))
        client.post("/api/generate", #"{"model":"two","prompt":"x","stream":false,"options":{"num_predict":2}}"#)
        #expect(client.receive().contains("X-DMR-Runner: 0"))
        client.close()
        gateway.signal(SIGTERM)
        #expect(gateway.awaitExit() == 0)
    }

    @Test func aBrokenFileIsSaidAndItsRepairIsTaken() throws {
        try replace(file(level: "info", runners: [1]))
        let gateway = try serve()
        _ = try gateway.awaitPort()
        try replace(#"{"log":{"level":"loud"},"nonsense":1}"#)
        try gateway.awaitLine("error configuration: log.level: must be")
        try gateway.awaitLine("error configuration: nonsense: is no setting")
        try gateway.awaitLine("what runs is kept")
        try replace(file(level: "debug", runners: [1]))
        try gateway.awaitLine("it is good again")
        try gateway.awaitLine(#"log.level: "info" → "debug""#)
        unlink(folder.path("config.json"))
        try gateway.awaitLine("can't be read: No such file or directory")
        gateway.signal(SIGTERM)
        #expect(gateway.awaitExit() == 0)
    }

    /// Where no file can be watched, the signal is the way: the file is one that the folder's watch doesn't see.
    @Test func aSignalReadsEverythingAgainVariablesFromFilesToo() throws {
        try folder.write("http://127.0.0.1:1", to: "runners")
        let gateway = try serve(environment: ["DMR_RUNNERS_FILE=\(folder.path("runners"))"])
        _ = try gateway.awaitPort()
        gateway.signal(SIGHUP)
        try gateway.awaitLine("nothing has changed")
        try folder.write("http://127.0.0.1:2", to: "runners")
        gateway.signal(SIGHUP)
        try gateway.awaitLine("runners[0]: http://127.0.0.1:2 is new")
        gateway.signal(SIGTERM)
        #expect(gateway.awaitExit() == 0)
    }

    @Test func aFileThatIsMadeLaterIsTaken() throws {
        let gateway = try serve("--runner", "http://127.0.0.1:1")
        _ = try gateway.awaitPort()
        try replace(#"{"policy":"round-robin","path_prefix":"/x"}"#)
        try gateway.awaitLine(#"policy: "least-inflight" → "round-robin""#)
        try gateway.awaitLine("path_prefix has changed and needs a restart")
        gateway.signal(SIGTERM)
        #expect(gateway.awaitExit() == 0)
    }

    @Test func aDemoKeepsItsRunners() throws {
        let gateway = try serve("--demo")
        let client = try PlainClient(port: try gateway.awaitPort())
        try replace(#"{"policy":"round-robin"}"#)
        try gateway.awaitLine("round-robin")
        client.post("/api/generate", #"{"model":"llama3:8b","prompt":"x","stream":false,"options":{"num_predict":2}}"#)
        #expect(client.receive().hasPrefix("HTTP/1.1 200"))
        client.close()
        gateway.signal(SIGTERM)
        #expect(gateway.awaitExit() == 0)
    }

    // MARK: check

    private func check(_ arguments: String..., environment: [String] = []) throws -> Command {
        try Command(["check", "--state-dir", folder.path] + arguments, environment: environment)
    }

    @Test func checkPrintsEveryValueWithItsOriginAndNoSecret() throws {
        try replace(#"{"runners":[{"url":"http://a:1","key":"the-runners-own"}],"timeouts":{"queue":7}}"#)
        let check = try check(
            "--policy", "round-robin",
            environment: ["DMR_LOG_LEVEL=debug", "DMR_RUNNERS=http://b:1", "DMR_ADMIN_KEY=0123456789abcdef01234567"])
        #expect(check.awaitExit() == 0)
        let lines = check.output.split(separator: "\n").map(String.init)
        for line in [
            #"policy = "round-robin" (flag)"#, "timeouts.queue = 7 (file)", #"log.level = "debug" (environment)"#,
            "timeouts.drain = 120 (default)", #"admin_key = "dmr-masked:8865fea8" (environment)"#,
            #"state_dir = "\#(folder.path)" (flag)"#
        ] { #expect(lines.contains(line), "\(line)") }
        #expect(lines.contains { $0.hasPrefix("warning: DMR_RUNNERS: has no effect: \"runners\" in \(folder.path)/") })
        #expect(!check.output.contains("the-runners-own") && !check.output.contains("0123456789abcdef"))
        #expect(lines.count { $0.hasSuffix(")") && $0.contains(" = ") } > 60)
    }

    @Test func checkFailsWhereServeWould() throws {
        try replace(#"{"policy":"random","affinity":5,"nonsense":1}"#)
        let bad = try check()
        #expect(bad.awaitExit() == 78)
        #expect(bad.output.split(separator: "\n").allSatisfy { $0.hasPrefix("error: ") })
        #expect(bad.output.split(separator: "\n").count == 3)
        try replace("{}")
        #expect(try check("--config", folder.path("missing")).awaitExit() == 78)
        #expect(try check("--listen", "nowhere").awaitExit() == 64)
        #expect(try check("--nonsense").awaitExit() == 64)
        #expect(try check("--takeover").awaitExit() == 78)
    }
}
