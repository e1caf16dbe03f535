// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

/// Random damage, judged by yyjson: both must take the same documents, and find the same names in them.
///
/// The two differ on purpose in these points, which `disagreement` knows:
/// - half a surrogate pair as an escape: yyjson refuses it, we take it as Go does;
/// - more than 512 levels, a guarded key that comes twice or has a value of the wrong type or is too long: our own rules;
/// - a document that is no object.
@Suite struct BodyScannerOracleTests {
    private static let seeds =
        Documents.valid + Documents.valid + Documents.valid + Documents.invalid.map(\.text) + [
            #"{"model":"llama3","messages":[{"role":"user","content":"a text beyond 32 bytes, é\n\"q\""}],"n":-1.5e3}"#,
            #"{"options":{"num_ctx":4096,"stop":["\u003c","\\"]},"stream":false,"keep_alive":"5m","format":null}"#
        ]

    /// Bytes that matter to the grammar come often; any other may come, too.
    private static let interesting =
        Array(
            "{}[]:,\"\\/ \t\n\r\0\u{1F}0123456789+-.eEtrufalsnNIumodelg".utf8) + [
            0x7F, 0x80, 0xBF, 0xC2, 0xE0, 0xED, 0xF0, 0xF4, 0xFF
        ]

    private func mutated(_ bytes: [UInt8], with random: inout SeededGenerator) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<(Int.random(in: 0...9, using: &random) / 4 + 1) {
            let place = Int.random(in: 0...bytes.count, using: &random)
            let byte =
                Int.random(in: 0..<8, using: &random) == 0
                ? UInt8.random(in: 0...255, using: &random) : Self.interesting.randomElement(using: &random) ?? 0
            switch Int.random(in: 0..<5, using: &random) {
            case 0: bytes.insert(byte, at: place)
            case 1 where place < bytes.count: bytes.remove(at: place)
            case 2 where place < bytes.count: bytes[place] = byte
            case 3 where place < bytes.count: bytes.swapAt(place, bytes.count - 1 - place)
            default:
                let end = min(bytes.count, place + Int.random(in: 0...12, using: &random))
                bytes.insert(contentsOf: bytes[place..<end], at: Int.random(in: 0...bytes.count, using: &random))
            }
        }
        return bytes
    }

    /// Refusals that are our rules, not JSON's.
    private func isRuleOfOurs(_ error: ScanError) -> Bool {
        ["must be", "is there more than once", "is longer than", "is nested deeper"].contains {
            error.message.contains($0)
        }
    }

    /// An escape `\ud8..` to `\udf..` somewhere: perhaps half a pair.
    private func mayHoldHalfAPair(_ bytes: [UInt8]) -> Bool {
        String(decoding: bytes, as: UTF8.self).lowercased().contains("\\ud")
    }

    /// Nil when they agree.
    private func disagreement(about bytes: [UInt8], cuts: [Int]) -> String? {
        let ours = scan(bytes, cuts: cuts)
        guard ours == scan(bytes) else { return "cutting changes the answer" }
        let oracle = try? JSON(parsing: bytes)
        switch ours {
        case .refused(let error):
            guard (0...bytes.count).contains(error.position) else { return "position \(error.position)" }
            return oracle?.members == nil || isRuleOfOurs(error) ? nil : "we refuse: \(error.message)"
        case .body(let body):
            guard let oracle else { return mayHoldHalfAPair(bytes) ? nil : "we accept" }
            return difference(body, oracle, bytes)
        }
    }

    private func difference(_ body: ScannedBody, _ oracle: JSON, _ bytes: [UInt8]) -> String? {
        func value(_ key: String) -> JSON? { oracle.members?.last { fold($0.key) == key }?.value }
        let names = [
            ("model", body.model), ("name", body.name), ("from", body.from), ("source", body.source),
            ("destination", body.destination)
        ]
        for (key, name) in names {
            guard value(key)?.string == name?.text else { return key }
            guard let name else { continue }
            guard (try? JSON(parsing: Array(bytes[name.range])))?.string == name.text else { return "range of \(key)" }
        }
        guard value("stream")?.bool == body.stream else { return "stream" }
        let prompt = value("prompt") ?? .null
        guard body.hasPrompt == (prompt != .null && prompt != .string("") && prompt != .array([])) else {
            return "prompt"
        }
        let messages = value("messages") ?? .null
        guard body.hasMessages == (messages != .null && messages != .array([])) else { return "messages" }
        return nil
    }

    private func fold(_ key: String) -> String {
        String(String.UnicodeScalarView(key.unicodeScalars.map { $0 == "\u{17F}" ? "s" : $0 == "\u{212A}" ? "k" : $0 }))
            .lowercased()
    }

    @Test(arguments: UInt64(1)...8)
    func damagedDocumentsAreJudgedAlike(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var accepted = 0
        for round in 0..<2000 {
            let bytes = mutated(Array((Self.seeds.randomElement(using: &random) ?? "{}").utf8), with: &random)
            let cuts = (0..<Int.random(in: 0...4, using: &random)).map { _ in
                Int.random(in: 0...bytes.count, using: &random)
            }
            if let disagreement = disagreement(about: bytes, cuts: cuts.sorted()) {
                let text = String(reflecting: String(decoding: bytes, as: UTF8.self))
                Issue.record("seed \(seed), round \(round): \(disagreement): \(text)")
            }
            if scan(bytes).body != nil { accepted += 1 }
        }
        #expect(accepted > 150 && accepted < 1000, "the damage is neither too small nor too large to tell anything")
    }

    @Test(arguments: Documents.valid.filter { !$0.contains(#"\ud83d "#) } + Documents.invalid.map(\.text))
    func theTablesAreJudgedAlike(text: String) {
        #expect(disagreement(about: Array(text.utf8), cuts: []) == nil)
    }

    @Test(arguments: [#"\ud83d"#, #"\ude00"#, #"\ud83dx"#, #"\ud83d\ud83d"#])
    func halfASurrogatePairIsTheOneLeniency(written: String) {
        let bytes = Array("{\"model\":\"\(written)\"}".utf8)
        #expect(throws: JSONError.self) { try JSON(parsing: bytes) }
        #expect(scan(bytes).error == nil)
    }
}
