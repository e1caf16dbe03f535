// SPDX-License-Identifier: MIT

import CZstd

/// Compresses as clients do.
public enum Zstd {
    /// One frame that says its content's size.
    public static func frame(_ bytes: [UInt8], level: Int32 = 3) -> [UInt8] {
        var output = [UInt8](repeating: 0, count: ZSTD_compressBound(bytes.count))
        let count = ZSTD_compress(&output, output.count, bytes, bytes.count, level)
        return Array(output[..<count])
    }

    /// One frame made as a stream: its header doesn't know the size, so it names a window; with a checksum.
    public static func stream(_ bytes: [UInt8], windowLog: Int32 = 0) -> [UInt8] {
        let context = ZSTD_createCCtx()
        defer { ZSTD_freeCCtx(context) }
        ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1)
        if windowLog > 0 { ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, windowLog) }
        var output = [UInt8](repeating: 0, count: ZSTD_compressBound(bytes.count) + (1 << 17))
        let capacity = output.count
        var count = 0
        bytes.withUnsafeBytes { source in
            output.withUnsafeMutableBytes { target in
                var input = ZSTD_inBuffer(src: source.baseAddress, size: source.count, pos: 0)
                var out = ZSTD_outBuffer(dst: target.baseAddress, size: capacity, pos: 0)
                // The first call without the end: only so is the size unknown.
                for directive in [ZSTD_e_flush, ZSTD_e_end] {
                    while ZSTD_compressStream2(context, &out, &input, directive) != 0 {}
                }
                count = out.pos
            }
        }
        return Array(output[..<count])
    }
}
