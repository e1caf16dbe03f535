// SPDX-License-Identifier: MIT

import GatewayCore
import Testing
import Transport

@Suite struct SpliceBufferTests {
    private func piece(
        head: String = "", body: [UInt8], chunked: Bool, isLast: Bool, in buffer: SpliceBuffer = SpliceBuffer()
    ) -> [UInt8] {
        buffer.begin()
        body.withUnsafeBytes { buffer.append($0) }
        #expect(buffer.bodyCount == body.count)
        var front = OutputBuffer()
        front.append(Array(head.utf8))
        let piece = Array(buffer.finish(head: &front, chunked: chunked, isLast: isLast))
        let isUsedUp = front.isEmpty
        #expect(isUsedUp)
        return piece
    }

    @Test(arguments: [
        ("", "body", false, false, "body"), ("HEAD", "body", false, true, "HEADbody"),
        ("", "body", true, false, "4\r\nbody\r\n"), ("HEAD", "body", true, true, "HEAD4\r\nbody\r\n0\r\n\r\n"),
        ("HEAD", "", true, false, "HEAD"), ("", "", true, true, "0\r\n\r\n"), ("", "", false, true, "")
    ])
    func piecesAreFramed(head: String, body: String, chunked: Bool, isLast: Bool, expected: String) {
        let bytes = piece(head: head, body: Array(body.utf8), chunked: chunked, isLast: isLast)
        #expect(String(decoding: bytes, as: UTF8.self) == expected)
    }

    @Test(arguments: [1, 15, 16, 255, 256, 4095, 65535, 65536])
    func chunkSizesAreHexadecimal(count: Int) {
        let bytes = piece(body: [UInt8](repeating: 0x61, count: count), chunked: true, isLast: true)
        let size = String(count, radix: 16, uppercase: true)
        #expect(bytes.count == size.utf8.count + 2 + count + 2 + 5)
        #expect(bytes.starts(with: Array("\(size)\r\na".utf8)))
        #expect(String(decoding: bytes.suffix(8), as: UTF8.self) == "a\r\n0\r\n\r\n")
    }

    @Test func theLargestHeadAndTheLargestReadFitTogether() {
        let head = String(repeating: "h", count: SpliceBuffer.headRoom)
        let body = [UInt8](repeating: 0x62, count: Loop.readBufferBytes)
        let bytes = piece(head: head, body: body, chunked: true, isLast: true)
        #expect(bytes.count == SpliceBuffer.headRoom + 5 + 2 + Loop.readBufferBytes + 2 + 5)
    }

    @Test func nothingOfAnEarlierPieceShowsInALaterOne() {
        let buffer = SpliceBuffer()
        _ = piece(head: "A long head", body: Array("a long body".utf8), chunked: true, isLast: true, in: buffer)
        #expect(piece(body: Array("x".utf8), chunked: false, isLast: false, in: buffer) == [0x78])
    }
}
