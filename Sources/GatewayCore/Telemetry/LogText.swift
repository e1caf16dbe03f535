// SPDX-License-Identifier: MIT

/// How values look in a text log: one line whatever they hold, so that a client's bytes can't forge another line.
public enum LogText {
    /// Control characters become `?`.
    public static func oneLine(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else { return text }
        return String(decoding: text.utf8.map { $0 < 0x20 || $0 == 0x7F ? UInt8(ascii: "?") : $0 }, as: UTF8.self)
    }

    /// Bare where it is a plain word, else as JSON.
    public static func write(_ value: JSON, to output: inout [UInt8]) {
        guard let text = value.string else { return value.write(to: &output) }
        let isPlain = !text.isEmpty && text.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "\"") }
        if isPlain { output += text.utf8 } else { JSON.writeString(text, to: &output) }
    }
}
