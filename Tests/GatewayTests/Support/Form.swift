// SPDX-License-Identifier: MIT

import Transport

/// A `multipart/form-data` body as clients build it.
struct Form {
    var bytes: [UInt8] = []
    static let boundary = "----WebKitFormBoundaryE19zNvXGzXaLvS5C"
    static let contentType = "Content-Type: multipart/form-data; boundary=\(boundary)\r\n"

    func field(_ name: String, _ value: String) -> Form {
        let text = "--\(Form.boundary)\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n\(value)\r\n"
        return Form(bytes: bytes + Array(text.utf8))
    }

    func file(_ content: [UInt8]) -> Form {
        let head =
            "--\(Form.boundary)\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\n"
            + "Content-Type: audio/wav\r\n\r\n"
        return Form(bytes: bytes + Array(head.utf8) + content + Array("\r\n".utf8))
    }

    var ended: [UInt8] { bytes + Array("--\(Form.boundary)--\r\n".utf8) }

    /// Different at every place, so that a loss or a repetition shows.
    static func audio(_ count: Int) -> [UInt8] {
        var block: [UInt8] = []
        var state: UInt64 = 0x9E37_79B9_7F4A_7C15
        for _ in 0..<8192 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            withUnsafeBytes(of: state) { block.append(contentsOf: $0) }
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count + block.count)
        while bytes.count < count {
            // Each block says where it stands.
            withUnsafeBytes(of: UInt64(bytes.count)) { block.replaceSubrange(0..<8, with: $0) }
            bytes += block
        }
        return Array(bytes.prefix(count))
    }
}

extension RawClient {
    static func transcriptionHead(_ fields: String, base: String = "") -> String {
        "POST \(base)/v1/audio/transcriptions HTTP/1.1\r\nHost: localhost\r\n\(Form.contentType)\(fields)\r\n"
    }

    /// Sends the whole form, counted.
    func transcribe(_ form: [UInt8], base: String = "", _ fields: String = "") {
        send(RawClient.transcriptionHead("Content-Length: \(form.count)\r\n" + fields, base: base))
        send(form)
    }
}
