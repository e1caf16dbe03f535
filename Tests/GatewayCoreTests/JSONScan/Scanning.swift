// SPDX-License-Identifier: MIT

import GatewayCore

/// How these tests feed the scanner, and what came of it in a form that can be compared.
enum Scanned: Equatable {
    case body(ScannedBody)
    case refused(ScanError)

    var body: ScannedBody? {
        if case .body(let body) = self { body } else { nil }
    }

    var error: ScanError? {
        if case .refused(let error) = self { error } else { nil }
    }
}

/// Scans `bytes` cut behind each of `cuts` (ascending).
func scan(_ bytes: [UInt8], cuts: [Int] = [], maximumDepth: Int = 512) -> Scanned {
    var scanner = BodyScanner(maximumDepth: maximumDepth)
    return scan(bytes, cuts: cuts, with: &scanner)
}

func scan(_ bytes: [UInt8], cuts: [Int] = [], with scanner: inout BodyScanner) -> Scanned {
    do throws(ScanError) {
        var start = 0
        for end in cuts + [bytes.count] {
            // A copy of its own: a read beyond the piece would leave its memory, where a sanitizer sees it.
            let piece = Array(bytes[start..<end])
            start = end
            try feed(piece, to: &scanner)
        }
        return .body(try scanner.finish())
    } catch {
        return .refused(error)
    }
}

/// Around `withUnsafeBytes`, through which typed errors don't pass.
func feed(_ piece: [UInt8], to scanner: inout BodyScanner) throws(ScanError) {
    var refusal: ScanError?
    piece.withUnsafeBytes { bytes in
        do throws(ScanError) { try scanner.scan(bytes) } catch { refusal = error }
    }
    if let refusal { throw refusal }
}

func scan(_ text: String) -> Scanned { scan(Array(text.utf8)) }
