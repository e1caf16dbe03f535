// SPDX-License-Identifier: MIT

import GatewayCore
import Testing
import ZstdFrames

@Suite struct ZstdDecoderTests {
    static let text = Array(String(repeating: #"{"model":"demo","prompt":"why is the sky blue?"} "#, count: 40).utf8)
    /// Skippable: a magic number, a length, and that many bytes.
    static let skippable: [UInt8] = [0x5A, 0x2A, 0x4D, 0x18, 3, 0, 0, 0, 1, 2, 3]

    func decode(_ bytes: [UInt8], limit: Int = 1 << 20, by size: Int? = nil) -> Result<[UInt8], ZstdDecoder.Failure> {
        guard let decoder = ZstdDecoder(limit: limit) else { return .failure(.tooLarge) }
        var output: [UInt8] = []
        do throws(ZstdDecoder.Failure) {
            for start in stride(from: 0, to: bytes.count, by: size ?? max(1, bytes.count)) {
                let piece = Array(bytes[start...].prefix(size ?? bytes.count))
                let result: Result<Void, ZstdDecoder.Failure> = piece.withUnsafeBytes { piece in
                    do throws(ZstdDecoder.Failure) {
                        return .success(try decoder.decode(piece) { output.append(contentsOf: $0) })
                    } catch {
                        return .failure(error)
                    }
                }
                try result.get()
            }
            try decoder.finish()
            return .success(output)
        } catch {
            return .failure(error)
        }
    }

    static let whole: [(String, [UInt8], [UInt8])] = [
        ("a frame with its size", Zstd.frame(text), text), ("of the highest level", Zstd.frame(text, level: 19), text),
        ("a stream with a checksum", Zstd.stream(text), text),
        ("with a window of 8 MiB", Zstd.stream(text, windowLog: 23), text),
        ("several frames", Zstd.frame(text) + Zstd.stream(text) + Zstd.frame([65]), text + text + [65]),
        ("an empty frame", Zstd.frame([]), []), ("empty frames around one", Zstd.frame([]) + Zstd.frame([65]), [65]),
        ("skippable frames between", skippable + Zstd.frame(text) + skippable + skippable, text),
        ("only a skippable frame", skippable, []), ("nothing", [], [])
    ]

    @Test(arguments: whole)
    func readsWhatGoReads(name: String, bytes: [UInt8], expected: [UInt8]) {
        for size in [nil, 1, 2, 3, 7, 64] {
            #expect(decode(bytes, by: size) == .success(expected), "\(name), \(size ?? 0) bytes at a time")
        }
        #expect((try? ZstdDecoder.decode(bytes, limit: 1 << 20)) == expected)
    }

    static let refused: [(String, [UInt8])] = [
        ("text", text), ("gzip", [0x1F, 0x8B, 8, 0, 0, 0, 0, 0]), ("a magic number alone", [0x28, 0xB5, 0x2F, 0xFD]),
        ("the beginning of one", [0x28, 0xB5]), ("the beginning of a skippable one", Array(skippable.dropLast())),
        ("bytes behind a frame", Zstd.frame(text) + [0]), ("a line end behind it", Zstd.frame(text) + [0x0A]),
        ("a frame and half of one", Zstd.frame(text) + Zstd.frame(text).dropLast(4)),
        ("a format of before the standard", [0x27, 0xB5, 0x2F, 0xFD] + Zstd.frame(text).dropFirst(4)),
        ("a window of 16 MiB", Zstd.stream(text, windowLog: 24)),
        // Frame_Header_Descriptor with a dictionary's number (RFC 8878 section 3.1.1.1.1).
        ("a dictionary", [0x28, 0xB5, 0x2F, 0xFD, 0x21, 0x07, 0x01, 0x01, 0x00, 0x00, 0x41])
    ]

    @Test(arguments: refused)
    func refusesTheRest(name: String, bytes: [UInt8]) {
        for size in [nil, 1, 5] { #expect(decode(bytes, by: size) == .failure(.undecodable), "\(name)") }
        #expect(throws: ZstdDecoder.Failure.undecodable) { try ZstdDecoder.decode(bytes, limit: 1 << 20) }
    }

    @Test("cut off anywhere it is not whole")
    func truncated() {
        for bytes in [Zstd.frame(Self.text), Zstd.stream(Self.text)] {
            let taken = (1..<bytes.count).filter { decode(Array(bytes[..<$0])) != .failure(.undecodable) }
            #expect(taken == [])
        }
    }

    @Test("a damaged byte is noticed, or changes nothing", arguments: [1, 2, 3] as [UInt64])
    func damaged(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let good = Zstd.stream(Self.text)
        for _ in 0..<200 {
            var bytes = good
            // Not in the header, which says whether there is a checksum at all.
            let place = Int.random(in: 6..<bytes.count, using: &random)
            bytes[place] ^= UInt8.random(in: 1...255, using: &random)
            if case .success(let output) = decode(bytes) { #expect(output == Self.text) }
        }
    }

    // MARK: Bounds

    @Test func theLimitIsOfWhatComesOut() {
        let bytes = Zstd.frame(Self.text)
        #expect(decode(bytes, limit: Self.text.count) == .success(Self.text))
        #expect(decode(bytes, limit: Self.text.count - 1) == .failure(.tooLarge))
        #expect(decode(bytes + bytes, limit: Self.text.count) == .failure(.tooLarge))
    }

    @Test func aBombIsStoppedEarlyAndInConstantMemory() throws {
        let bomb = Zstd.stream([UInt8](repeating: 0, count: 32 << 20))
        #expect(bomb.count < 10_000)
        let limit = 1 << 20
        let decoder = try #require(ZstdDecoder(limit: limit))
        var output = 0
        var failure: ZstdDecoder.Failure?
        (bomb + bomb).withUnsafeBytes { bytes in
            do throws(ZstdDecoder.Failure) {
                try decoder.decode(bytes) { output += $0.count }
            } catch {
                failure = error
            }
        }
        #expect(failure == .tooLarge)
        #expect(output <= limit)
        #expect(decoder.memory < 10 << 20)
        // It stays so.
        #expect(throws: ZstdDecoder.Failure.tooLarge) { try decoder.finish() }
    }

    @Test func memoryGrowsWithTheWindowOnly() throws {
        let decoder = try #require(ZstdDecoder(limit: 1 << 30))
        let before = decoder.memory
        let bytes = Zstd.stream([UInt8](repeating: 7, count: 20 << 20), windowLog: 20)
        bytes.withUnsafeBytes { bytes in
            do throws(ZstdDecoder.Failure) { try decoder.decode(bytes) { _ in } } catch { Issue.record(error) }
        }
        #expect(decoder.memory - before > 1 << 20)
        #expect(decoder.memory - before < 2 << 20)
    }
}
