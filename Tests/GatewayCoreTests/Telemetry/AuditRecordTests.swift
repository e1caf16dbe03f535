// SPDX-License-Identifier: MIT

import Testing

@testable import GatewayCore

/// One line of the audit log, in both formats, whatever the names in it are.
@Suite struct AuditRecordTests {
    private static func line(_ record: AuditRecord, _ format: Configuration.Log.Format) -> String {
        var output: [UInt8] = []
        let line = LogLine(format, at: Array("T".utf8), level: LogLine.audit, record.outcome.word, in: &output)
        record.write(on: line, to: &output)
        line.end(in: &output)
        return String(decoding: output, as: UTF8.self)
    }

    private static func text(_ record: AuditRecord) -> String { String(line(record, .text).dropLast()) }

    /// With everything that a record can hold.
    static var full: AuditRecord {
        var record = AuditRecord(
            .failed, requestID: Array("a-1".utf8),
            party: .init(client: "192.0.2.7", proxy: "10.0.0.2:4711", keyName: "webui", user: "u-7"), method: .post,
            route: "/api/copy", action: .copy, model: "llama3:8b", status: 502)
        record.from = "base"
        record.destination = "mine"
        record.digest = "sha256:00"
        record.target = "gpu9:11434"
        record.changes = AuditChanges(
            from: configuration(["a", "b"], keys: ["old"]), to: configuration(["b", "c"], keys: ["new"]))
        record.parts = [
            .init(runner: 0, "200", isGood: true), .init(runner: 1, "connect_failed", isGood: false)
        ]
        return record
    }

    private static func configuration(_ hosts: [String], keys: [String]) -> Configuration {
        var configuration = Configuration()
        configuration.runners = hosts.compactMap { host in
            (try? RunnerURL(parsing: "http://\(host):1")).map { RunnerConfiguration(url: $0) }
        }
        configuration.access.keys = keys.map { .init(name: $0, sha256: [UInt8](repeating: 7, count: 32)) }
        return configuration
    }

    @Test func everythingStandsInOneOrder() {
        #expect(
            Self.text(Self.full)
                == "T audit failed id=a-1 client=192.0.2.7 proxy=10.0.0.2:4711 key=webui user=u-7 method=POST "
                + "route=/api/copy action=copy model=llama3:8b from=base to=mine digest=sha256:00 target=gpu9:11434 "
                + "added=1:c:1,new changed=0:b:1 removed=0:a:1,old runners=0:200,1:connect_failed status=502")
        let json =
            #"{"time":"T","level":"audit","message":"failed","id":"a-1","client":"192.0.2.7","proxy":"10.0.0.2:4711","#
            + #""key":"webui","user":"u-7","method":"POST","route":"/api/copy","action":"copy","model":"llama3:8b","#
            + #""from":"base","to":"mine","digest":"sha256:00","target":"gpu9:11434","added":["1:c:1","new"],"#
            + #""changed":["0:b:1"],"removed":["0:a:1","old"],"runners":["0:200","1:connect_failed"],"status":502}"#
        #expect(Self.line(Self.full, .json) == json + "\n")
    }

    @Test func whatIsNotKnownIsLeftOut() {
        let refused = AuditRecord(
            .refused(.noKey), requestID: Array("a-2".utf8), party: .init(client: "192.0.2.7:1"), method: .get,
            route: "/api/tags", status: 401)
        #expect(
            Self.text(refused)
                == "T audit refused id=a-2 client=192.0.2.7:1 method=GET route=/api/tags status=401 reason=no-key")
        let handshake = AuditRecord(.refused(.certificate), party: .init(client: nil))
        #expect(Self.text(handshake) == "T audit refused client=- route=- reason=certificate")
    }

    @Test func eachOutcomeAndReasonHasAWordOfItsOwn() {
        let outcomes: [AuditRecord.Outcome] = [.done, .failed, .abandoned] + AccessRefusal.allCases.map { .refused($0) }
        #expect(Set(outcomes.map(\.word)) == ["done", "failed", "abandoned", "refused"])
        for text in AccessRefusal.allCases.map(\.rawValue) + AuditAction.allCases.map(\.rawValue) {
            #expect(text.utf8.allSatisfy { ASCII.isLetter($0) || $0 == UInt8(ascii: "-") }, "\(text)")
        }
    }

    // MARK: What strangers write

    /// Nothing of it may end the line, begin a field, or reach a terminal as it is.
    static let hostile = [
        "a\nT audit done client=- key=boss", "a\r\nb", "a\u{0}b", "\u{1B}[2J", "\u{9B}31m", "a\u{85}b", "a\u{2028}b",
        "a\u{2029}b", "\u{202E}drowssap", "a\u{2066}b", "a\u{200B}b", "a\u{FEFF}b", "\u{E0041}", "\u{7F}",
        "x key=boss", "x\" key=\"boss", "x\\\" key=\\\"boss", "\\", "\"", "", " ", "é ü", "{\"a\":1}", "a,b", "[",
        String(repeating: "x", count: 10_240), String(repeating: "é", count: 10_240),
        String(repeating: "\u{1B}", count: 10_240), String(repeating: "👩‍👩‍👧", count: 500)
    ]

    @Test(arguments: hostile, Configuration.Log.Format.allCases)
    func noNameLeavesItsPlace(name: String, format: Configuration.Log.Format) throws {
        var record = Self.full
        record.party = .init(client: name, proxy: name, keyName: name, user: name)
        record.model = name
        record.from = name
        record.destination = name
        record.digest = name
        record.target = name
        record.changes = AuditChanges(
            from: Self.configuration([], keys: []), to: Self.configuration([], keys: [name, name + "2"]))
        record.parts = [.init(runner: 0, name, isGood: true)]
        let line = Self.line(record, format)
        #expect(line.utf8.count < 16_000)
        #expect(line.last == "\n" && line.utf8.count { $0 == 0x0A } == 1)
        let isVisible = line.dropLast().unicodeScalars.allSatisfy {
            ![.control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned].contains(
                $0.properties.generalCategory)
        }
        #expect(isVisible)
        // Read back, each field says what it was given, or its beginning.
        let fields = try format == .json ? Self.members(line) : Self.fields(line)
        let expected = [
            "id", "client", "proxy", "key", "user", "method", "route", "action", "model", "from", "to", "digest",
            "target", "added", "runners", "status"
        ]
        #expect(fields.map(\.key).filter { !["time", "level", "message"].contains($0) } == expected)
        for field in fields
        where ["client", "proxy", "key", "user", "model", "from", "to", "digest", "target"].contains(field.key) {
            let value = try #require(field.value.string)
            let isWhole = value == name
            #expect(isWhole || value.last == "…" && name.unicodeScalars.starts(with: value.dropLast().unicodeScalars))
            #expect(isWhole == (name.utf8.count <= AuditRecord.longestText))
        }
    }

    /// A reader of the text format that knows nothing but its rule: a bare word, or JSON.
    private static func fields(_ line: String) throws -> [JSON.Member] {
        var rest = Array(line.utf8.dropLast())[...].dropFirst("T audit failed".utf8.count)
        var fields: [JSON.Member] = []
        while !rest.isEmpty {
            try #require(rest.first == 0x20)
            rest = rest.dropFirst()
            let sign = try #require(rest.firstIndex(of: UInt8(ascii: "=")))
            let name = String(decoding: rest[..<sign], as: UTF8.self)
            rest = rest[(sign + 1)...]
            var end = rest.firstIndex(of: 0x20) ?? rest.endIndex
            let isJSON = rest.first == UInt8(ascii: "\"") || rest.starts(with: Array("[\"".utf8))
            while isJSON, (try? JSON(parsing: Array(rest[..<end]))) == nil {
                try #require(end < rest.endIndex)
                end = rest[(end + 1)...].firstIndex(of: 0x20) ?? rest.endIndex
            }
            let value = Array(rest[..<end])
            fields.append(
                .init(name, isJSON ? try JSON(parsing: value) : .string(String(decoding: value, as: UTF8.self))))
            rest = rest[end...]
        }
        return fields
    }

    private static func members(_ line: String) throws -> [JSON.Member] {
        try #require(try JSON(parsing: Array(line.utf8)).members)
    }

    // MARK: Many runners

    @Test func ofManyRunnersThoseThatWentWrongAreNamed() {
        var record = Self.full
        record.parts = (0..<1000).map { index in
            .init(runner: index, index == 77 ? "500" : "200", isGood: index != 77)
        }
        record.changes = AuditChanges()
        let text = Self.text(record)
        #expect(text.contains(" runners=77:500,0:200,1:200,"))
        #expect(text.contains(",14:200,+984 status=502"))
        record.parts = Array(record.parts.prefix(16))
        #expect(Self.text(record).contains(" runners=0:200,1:200,"))
        #expect(!Self.text(record).contains("+"))
    }

    // MARK: Texts

    @Test(arguments: [
        ("abc", 3, "abc"), ("abcd", 3, "abc…"), ("aé", 2, "a…"), ("éé", 2, "é…"), ("é", 1, "…"), ("", 0, "")
    ])
    func aLongTextIsCutBetweenCharacters(text: String, limit: Int, shown: String) {
        #expect(LogText.cut(text, to: limit) == shown)
    }

    @Test func messagesStayReadable() {
        #expect(LogText.oneLine("a → b…") == "a → b…")
        #expect(LogText.oneLine("a\u{9B}b\u{202E}c\nd") == "a?b?c?d")
    }
}
