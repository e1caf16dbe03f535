// SPDX-License-Identifier: MIT

import Testing

@testable import GatewayCore

/// A change is decided whole before anything is written.
@Suite struct ConfigurationUpdateTests {
    /// What becomes of a change of that file: its new text, or the refusal.
    private func update(
        _ start: Start, _ change: ConfigurationUpdate.Change
    ) -> Result<ConfigurationUpdate, GatewayError> {
        do throws(GatewayError) {
            let file = start.file.map { Array($0.utf8) }
            return .success(
                try ConfigurationUpdate(
                    of: ("/etc/dmr.json", file),
                    resolve: { bytes throws(ConfigurationErrors) in
                        var start = start
                        start.file = bytes.map { String(decoding: $0, as: UTF8.self) }
                        return try start.resolve()
                    }, change: change))
        } catch {
            return .failure(error)
        }
    }

    private func refusal(_ start: Start, _ change: ConfigurationUpdate.Change) -> GatewayError? {
        if case .failure(let error) = update(start, change) { error } else { nil }
    }

    @Test func theOutcomeIsTheFileAndWhatHoldsThen() throws {
        let start = Start(file: #"{"limits":{"queue":7}}"#, environment: ["DMR_RUNNERS": "http://a:1"])
        let update = try update(start) { document, current in
            #expect(current.configuration.limits.queue == 7)
            #expect(current.configuration.runners.map(\.url.description) == ["http://a:1"])
            document.set("policy", to: .string("round-robin"))
        }.get()
        #expect(update.resolved.configuration.policy == .roundRobin)
        #expect(update.resolved.configuration.limits.queue == 7)
        #expect(update.resolved.origins["policy"] == .file)
        #expect(
            update.bytes.map { String(decoding: $0, as: UTF8.self) } == """
                {
                  "limits": { "queue": 7 },
                  "policy": "round-robin"
                }

                """)
    }

    @Test func withoutAFileOneIsMade() throws {
        let update = try update(Start()) { document, _ in document.set("enable", to: .bool(false)) }.get()
        #expect(update.bytes.map { String(decoding: $0, as: UTF8.self) } == "{\n  \"enable\": false\n}\n")
        #expect(update.resolved.configuration.isEnabled == false)
    }

    @Test func anUnchangedDocumentIsNotWritten() throws {
        let start = Start(file: #"{ "policy" : "round-robin" }"#)
        let update = try update(start) { document, _ in document.set("policy", to: .string("round-robin")) }.get()
        #expect(update.bytes == nil)
        #expect(update.resolved.configuration.policy == .roundRobin)
    }

    @Test func whatTheNextStartWouldRefuseIsRefusedNow() {
        let error = refusal(Start(file: "{}")) { document, _ in
            document.set("policy", to: .string("random"))
            document.set("limits", "queue", to: .number("-1"))
        }
        #expect(error?.status == 400)
        #expect(error?.sentence.contains("policy: must be") == true)
        #expect(error?.sentence.contains("limits.queue: must be") == true)
    }

    @Test(arguments: [#"{"policy":"#, #"{"policy":"random"}"#, #"{"nonsense":1}"#, "[]"])
    func aFileThatIsWrongAlreadyIsNotTouched(file: String) {
        let error = refusal(Start(file: file)) { document, _ in
            Issue.record("nothing is asked of a file that can't be read")
            document.set("policy", to: .string("round-robin"))
        }
        #expect(error?.status == 409)
        #expect(error?.sentence.contains("mend it first") == true)
    }

    @Test func theChangeMayRefuse() {
        let error = refusal(Start()) { (_, _) throws(GatewayError) in throw GatewayError(412, "no") }
        #expect(error == GatewayError(412, "no"))
    }

    @Test func aManyFoldErrorIsShortened() {
        let error = refusal(Start()) { document, _ in
            for index in 0..<9 { document.set("x\(index)", to: .null) }
        }
        #expect(error?.sentence.hasSuffix("and 4 more.") == true)
    }

    // MARK: Flags

    @Test(arguments: [
        (["listen"], #"["127.0.0.1:2"]"#, "--listen"), (["runners"], #"[{"url":"http://b:1"}]"#, "--runner"),
        (["policy"], #""round-robin""#, "--policy"), (["log", "level"], #""error""#, "--log-level"),
        (["log", "format"], #""json""#, "--log-format"), (["log", "file"], #""/x""#, "--log-file"),
        (["loops"], "1", "--loops")
    ])
    func whatAFlagPinsIsRefused(keys: [String], value: String, flag: String) throws {
        var start = Start(listen: ["127.0.0.1:1"], runners: ["http://a:1"])
        start.flags.policy = .leastInflight
        start.flags.logLevel = .info
        start.flags.logFormat = .text
        start.flags.logFile = "/y"
        start.flags.loops = 1
        let value = try JSON(parsing: Array(value.utf8))
        let change: ConfigurationUpdate.Change = { document, _ in
            var root = document.root
            root.set(keys, to: value)
            for member in root.members ?? [] { document.set(member.key, to: member.value) }
        }
        let error = refusal(start, change)
        #expect(error?.status == 409)
        #expect(error?.sentence.contains("is set by \(flag), which beats the file") == true)
        #expect(refusal(Start(), change) == nil, "without the flag")
    }

    @Test func aDemoPinsItsRunners() {
        let change: ConfigurationUpdate.Change = { document, _ in
            document.set("runners", to: .array([.object([.init("url", .string("http://b:1"))])]))
        }
        #expect(refusal(Start(isDemo: true), change)?.sentence.contains("--demo") == true)
        #expect(refusal(Start(isDemo: true), change)?.status == 409)
    }

    @Test func aFlagPinsNoOtherSetting() {
        var start = Start(runners: ["http://a:1"])
        start.flags.logLevel = .info
        #expect(refusal(start) { document, _ in document.set("log", "file", to: .string("/x")) } == nil)
    }
}
