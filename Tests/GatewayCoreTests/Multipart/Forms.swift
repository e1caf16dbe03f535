// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

/// What a scanner made of a form, cut behind each of `cuts` (ascending).
func scanForm(
    _ body: [UInt8], boundary: String = "b", cuts: [Int] = []
) -> Result<ScannedBody, ScanError> {
    guard let boundary = MultipartBoundary(Array(boundary.utf8)) else { preconditionFailure("no boundary") }
    var scanner = MultipartScanner(boundary: boundary)
    var start = 0
    do throws(ScanError) {
        for end in cuts + [body.count] {
            // A copy of its own: a read beyond the piece would leave its memory, where a sanitizer sees it.
            let piece = Array(body[start..<end])
            let result: Result<Void, ScanError> = piece.withUnsafeBytes { bytes in
                do throws(ScanError) { return .success(try scanner.scan(bytes)) } catch { return .failure(error) }
            }
            try result.get()
            start = end
        }
        return .success(try scanner.finish())
    } catch {
        return .failure(error)
    }
}

/// `⏎` stands for CR LF.
func scanForm(_ text: String, boundary: String = "b", cuts: [Int] = []) -> Result<ScannedBody, ScanError> {
    scanForm(Array(text.replacing("⏎", with: "\r\n").utf8), boundary: boundary, cuts: cuts)
}

extension Result where Success == ScannedBody {
    var form: ScannedBody? { try? get() }
}

/// Builds forms as clients do.
struct Form {
    var boundary = "----WebKitFormBoundaryE19zNvXGzXaLvS5C"
    var bytes: [UInt8] = []

    mutating func field(_ name: String, _ value: String) {
        bytes += "--\(boundary)\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n\(value)\r\n".utf8
    }

    mutating func file(_ content: [UInt8], name: String = "a.wav") {
        bytes += "--\(boundary)\r\nContent-Disposition: form-data; name=\"file\"; filename=\"\(name)\"\r\n".utf8
        bytes += "Content-Type: audio/wav\r\n\r\n".utf8
        bytes += content
        bytes += "\r\n".utf8
    }

    mutating func end() {
        bytes += "--\(boundary)--\r\n".utf8
    }
}
