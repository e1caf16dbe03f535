// SPDX-License-Identifier: MIT

/// How values look in a text log: one line whatever they hold, so that a client's bytes can't forge another line.
public enum LogText {
    /// Control characters become `?`.
    public static func oneLine(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else { return text }
        return String(decoding: text.utf8.map { $0 < 0x20 || $0 == 0x7F ? UInt8(ascii: "?") : $0 }, as: UTF8.self)
    }

    /// Bare where it is a plain word, else as JSON, where a DEL is escaped as well.
    public static func write(_ text: String, to output: inout [UInt8]) {
        var text = text
        let isPlain = text.withUTF8 { bytes in
            guard !bytes.isEmpty, bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\"") }) else {
                return false
            }
            output.append(contentsOf: bytes)
            return true
        }
        guard !isPlain else { return }
        var quoted: [UInt8] = []
        JSON.writeString(text, to: &quoted)
        for byte in quoted {
            if byte == 0x7F { output += "\\u007f".utf8 } else { output.append(byte) }
        }
    }
}
