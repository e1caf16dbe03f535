// SPDX-License-Identifier: MIT

import FuzzTargets
import GatewayCore
import Testing

/// Random damage, judged by yyjson: both must take the same documents, and find the same names in them, but for the
/// differences that `JSONTarget` names.
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

    @Test(arguments: UInt64(1)...8)
    func damagedDocumentsAreJudgedAlike(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var accepted = 0
        for round in 0..<2000 {
            let bytes = mutated(Array((Self.seeds.randomElement(using: &random) ?? "{}").utf8), with: &random)
            if let disagreement = JSONTarget.violation(bytes) {
                let text = String(reflecting: String(decoding: bytes, as: UTF8.self))
                Issue.record("seed \(seed), round \(round): \(disagreement): \(text)")
            }
            if scan(bytes).body != nil { accepted += 1 }
        }
        #expect(accepted > 150 && accepted < 1000, "the damage is neither too small nor too large to tell anything")
    }

    @Test(arguments: Documents.valid + Documents.invalid.map(\.text))
    func theTablesAreJudgedAlike(text: String) {
        #expect(JSONTarget.violation(Array(text.utf8)) == nil)
    }

    @Test(arguments: [#"\ud83d"#, #"\ude00"#, #"\ud83dx"#, #"\ud83d\ud83d"#])
    func halfASurrogatePairIsTheOneLeniency(written: String) {
        let bytes = Array("{\"model\":\"\(written)\"}".utf8)
        #expect(throws: JSONError.self) { try JSON(parsing: bytes) }
        #expect(scan(bytes).error == nil)
    }
}
