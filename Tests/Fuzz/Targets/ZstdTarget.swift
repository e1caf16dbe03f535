// SPDX-License-Identifier: MIT

import GatewayCore
import ZstdFrames

extension FuzzTarget {
    static let zstd = FuzzTarget(name: "zstd", violation: ZstdTarget.violation) {
        let texts = [[], Array(#"{"model":"llama3"}"#.utf8), [UInt8](repeating: 0x61, count: 70_000)]
        let skippable: [UInt8] = [0x50, 0x2A, 0x4D, 0x18, 2, 0, 0, 0, 1, 2]
        return texts.flatMap { [Zstd.frame($0), Zstd.stream($0), Zstd.frame($0) + skippable + Zstd.frame($0)] }
            + [Zstd.stream(texts[1], windowLog: 25), skippable, [0x28, 0xB5, 0x2F, 0xFD], [0x26, 0xB5, 0x2F, 0xFD]]
    }
}

/// Decompression of request bodies: bounded, whatever comes, and the same however it comes.
enum ZstdTarget {
    private static let limit = 65536

    private struct Outcome: Equatable {
        /// Nil where it failed: how much comes out before, and which of two reasons is seen first, depends on the pieces.
        var output: [UInt8]?
    }

    @Sendable static func violation(_ bytes: [UInt8]) -> String? {
        var problem: String?
        let whole = decode([bytes], &problem)
        if let problem { return problem }
        // A byte at a time is for short inputs: each piece asks libzstd.
        for cuts in Cutting.ways(bytes) where cuts.count < 512 {
            let cut = decode(Cutting.pieces(bytes, cuts), &problem)
            if let problem { return problem }
            // libzstd finds a wrong size of the content, in front of an empty last block, only in a frame that comes whole.
            guard cut.output == whole.output || cut.output == nil || whole.output == nil else {
                return "cutting it changes what comes out"
            }
        }
        let compressed = bytes.count <= limit ? Zstd.stream(bytes) : []
        for cuts in Cutting.ways(compressed) where decode(Cutting.pieces(compressed, cuts), &problem).output != bytes {
            return "compressed and cut at \(cuts.prefix(8)) it comes back otherwise"
        }
        guard let back = try? ZstdDecoder.decode(Zstd.frame(bytes), limit: bytes.count), back == bytes else {
            return "what was compressed comes back otherwise"
        }
        guard bytes.isEmpty || (try? ZstdDecoder.decode(Zstd.stream(bytes), limit: bytes.count - 1)) == nil else {
            return "more comes out than may"
        }
        return nil
    }

    private static func decode(_ pieces: [[UInt8]], _ problem: inout String?) -> Outcome {
        guard let decoder = ZstdDecoder(limit: limit) else { return Outcome(output: nil) }
        var output: [UInt8] = []
        do throws(ZstdDecoder.Failure) {
            for piece in pieces {
                let result = piece.withUnsafeBytes { bytes in
                    Result { () throws(ZstdDecoder.Failure) in
                        try decoder.decode(bytes) { output.append(contentsOf: $0) }
                    }
                }
                try result.get()
                // A window of 8 MiB and what libzstd has beside it.
                if decoder.memory > 9 << 20 { problem = "it takes \(decoder.memory) bytes" }
            }
            try decoder.finish()
        } catch {
            if output.count > limit { problem = "\(output.count) bytes came out" }
            return Outcome(output: nil)
        }
        if output.count > limit { problem = "\(output.count) bytes came out" }
        return Outcome(output: output)
    }
}
