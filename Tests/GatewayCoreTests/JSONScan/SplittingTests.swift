// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

/// However a body is cut into pieces, the answer is the same.
@Suite struct BodyScannerSplittingTests {
    @Test(arguments: Documents.valid)
    func validDocumentsReadTheSameWhereverTheyAreCut(text: String) {
        let bytes = Array(text.utf8)
        let whole = scan(bytes)
        #expect(whole.error == nil)
        #expect(scan(bytes, cuts: Array(1...bytes.count)) == whole, "byte by byte")
        for cut in 0...bytes.count { #expect(scan(bytes, cuts: [cut]) == whole, "cut at \(cut)") }
    }

    @Test(arguments: Documents.invalid.map(\.text))
    func refusalsAreTheSameWhereverTheyAreCut(text: String) {
        let bytes = Array(text.utf8)
        let whole = scan(bytes)
        #expect(whole.body == nil)
        #expect(scan(bytes, cuts: Array(1...bytes.count)) == whole, "byte by byte")
        for cut in 0...bytes.count { #expect(scan(bytes, cuts: [cut]) == whole, "cut at \(cut)") }
    }

    @Test func threePiecesOfEveryLength() {
        let bytes = Array(#"{"mod\u0065l":"ü\ud83d\ude00","stream":false,"keep_alive":-0.0e1,"prompt":"\n"}"#.utf8)
        let whole = scan(bytes)
        #expect(whole.body?.model?.text == "ü😀")
        for first in 0...bytes.count {
            for second in first...bytes.count where scan(bytes, cuts: [first, second]) != whole {
                Issue.record("cut at \(first) and \(second)")
            }
        }
    }

    @Test func emptyPiecesChangeNothing() {
        let bytes = Array(#"{"model":"x"}"#.utf8)
        #expect(scan(bytes, cuts: [0, 0, 4, 4, 4, 13, 13]) == scan(bytes))
    }

    @Test func aPieceWithoutMemoryIsEmpty() throws {
        var scanner = BodyScanner()
        try scanner.scan(UnsafeRawBufferPointer(start: nil, count: 0))
        try feed(Array("{}".utf8), to: &scanner)
        #expect(try scanner.finish() == ScannedBody())
    }
}
