// SPDX-License-Identifier: MIT

import CZstd

/// Decompresses a body while it arrives, in constant memory, with libzstd: one frame or several, skippable ones
/// between them, and nothing else, as the Go decoder that Ollama uses reads it (RFC 8878).
public final class ZstdDecoder {
    public enum Failure: Error, Equatable, Sendable {
        /// Not zstd, damaged, cut off, or made with a window larger than 8 MiB.
        case undecodable
        /// More came out than the limit.
        case tooLarge
    }

    /// Ollama's limit, and the size that RFC 8878 section 3.1.1.1.2 recommends to support: 2 to the power of this.
    private static let windowLog: Int32 = 23
    /// Handed on in pieces of this size, bytes.
    private static let pieceBytes = 16384

    private let context: OpaquePointer
    private let limit: Int
    private var produced = 0
    /// Bytes of the current frame's magic number that have come; 4 behind it.
    private var magicCount = 0
    private var isSkippable = false
    private var failure: Failure?

    /// - Parameter limit: bytes that may come out.
    /// - Returns: nil when there is no memory.
    public init?(limit: Int) {
        guard let context = ZSTD_createDCtx() else { return nil }
        self.context = context
        self.limit = limit
        ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, ZstdDecoder.windowLog)
    }

    deinit {
        ZSTD_freeDCtx(context)
    }

    /// Bytes it occupies. Grows when a frame begins, by the frame's window.
    public var memory: Int { ZSTD_sizeof_DCtx(context) }

    /// Decompresses the next piece; `body` is called with what comes out of it, which is valid until it returns.
    public func decode(
        _ piece: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Void
    ) throws(Failure) {
        if let failure { throw failure }
        let result: Result<Void, Failure> = withUnsafeTemporaryAllocation(
            byteCount: ZstdDecoder.pieceBytes, alignment: 16
        ) { output in
            do throws(Failure) {
                return .success(try decode(piece, through: output, body))
            } catch {
                return .failure(error)
            }
        }
        do throws(Failure) {
            try result.get()
        } catch {
            failure = error
            throw error
        }
    }

    private func decode(
        _ piece: UnsafeRawBufferPointer, through output: UnsafeMutableRawBufferPointer,
        _ body: (UnsafeRawBufferPointer) -> Void
    ) throws(Failure) {
        var input = ZSTD_inBuffer(src: piece.baseAddress, size: piece.count, pos: 0)
        var isFull = false
        while input.pos < input.size || isFull {
            if magicCount < 4 { try checkMagic(piece, from: input.pos) }
            var out = ZSTD_outBuffer(dst: output.baseAddress, size: output.count, pos: 0)
            let hint = ZSTD_decompressStream(context, &out, &input)
            guard ZSTD_isError(hint) == 0 else { throw .undecodable }
            produced += out.pos
            guard produced <= limit else { throw .tooLarge }
            if out.pos > 0 { body(UnsafeRawBufferPointer(rebasing: output[..<out.pos])) }
            // Zero: the frame has ended and everything of it has come out.
            if hint == 0 { magicCount = 0 }
            isFull = out.pos == out.size && hint != 0
        }
    }

    /// libzstd reads formats from before RFC 8878, too, which no other reader does: a frame has to begin with its number
    /// or with a skippable one's.
    private func checkMagic(_ piece: UnsafeRawBufferPointer, from start: Int) throws(Failure) {
        for byte in piece[start...].prefix(4 - magicCount) {
            if magicCount == 0 { isSkippable = byte & 0xF0 == 0x50 }
            let frame: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD]
            let skippable: [UInt8] = [byte, 0x2A, 0x4D, 0x18]
            guard byte == (isSkippable ? skippable : frame)[magicCount] else { throw .undecodable }
            magicCount += 1
        }
    }

    /// The input has ended.
    public func finish() throws(Failure) {
        if let failure { throw failure }
        guard magicCount == 0 else { throw .undecodable }
    }

    /// Decompresses the whole of it.
    public static func decode(_ bytes: [UInt8], limit: Int) throws(Failure) -> [UInt8] {
        guard let decoder = ZstdDecoder(limit: limit) else { throw .tooLarge }
        var output: [UInt8] = []
        let result: Result<Void, Failure> = bytes.withUnsafeBytes { bytes in
            do throws(Failure) {
                return .success(try decoder.decode(bytes) { output.append(contentsOf: $0) })
            } catch {
                return .failure(error)
            }
        }
        try result.get()
        try decoder.finish()
        return output
    }
}
