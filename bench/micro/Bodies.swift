// SPDX-License-Identifier: MIT

import GatewayCore
import Transport

extension Benchmark {
    /// The scan of request bodies, in pieces as a socket gives them.
    static var body: [Benchmark] {
        let sizes = [("1KB", 1000, 2000), ("100KB", 100_000, 20), ("10MB", 10_000_000, 1)]
        return sizes.flatMap { name, count, runs in
            Filling.allCases.map { filling in
                Benchmark(name: "body/\(name)-\(filling.rawValue)", runs: runs) {
                    let body = filling.body(of: count)
                    return { scan(body) }
                }
            }
        }
    }

    private static func scan(_ body: [UInt8]) -> Int {
        var scanner = BodyScanner()
        return body.withUnsafeBytes { bytes in
            do throws(ScanError) {
                for start in stride(from: 0, to: bytes.count, by: Loop.readBufferBytes) {
                    let end = min(start + Loop.readBufferBytes, bytes.count)
                    try scanner.scan(UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
                }
                return try scanner.finish().model?.range.count ?? 0
            } catch {
                preconditionFailure("the sample is no JSON: \(error.message)")
            }
        }
    }
}
