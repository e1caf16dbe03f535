// SPDX-License-Identifier: MIT

/// How texts look in the log: one line whatever they hold, so that a client's bytes can forge neither a line nor a field,
/// and nothing that a terminal obeys or that can't be seen.
public enum LogText {
    /// For a line's message, which isn't quoted: what can't be seen becomes `?`.
    public static func oneLine(_ text: String) -> String {
        guard !text.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) else { return text }
        var line = String.UnicodeScalarView()
        line.append(contentsOf: text.unicodeScalars.lazy.map { isVisible($0) ? $0 : "?" })
        return String(line)
    }

    /// Bare where it is a plain word, else quoted.
    public static func write(_ text: String, to output: inout [UInt8]) {
        var text = text
        let isPlain = text.withUTF8 { bytes in
            guard !bytes.isEmpty, bytes.allSatisfy(isOfWord) else { return false }
            output.append(contentsOf: bytes)
            return true
        }
        if !isPlain { writeQuoted(text, to: &output) }
    }

    /// It can stand bare behind `name=`.
    static func isPlain(_ text: String) -> Bool { !text.isEmpty && text.utf8.allSatisfy(isOfWord) }

    private static func isOfWord(_ byte: UInt8) -> Bool {
        byte > 0x20 && byte < 0x7F && byte != UInt8(ascii: "\"")
    }

    /// A JSON string. Beyond what JSON asks for, everything that can't be seen is escaped: a terminal takes U+009B for
    /// the beginning of a command, and U+202E turns the rest of a line around.
    static func writeQuoted(_ text: String, to output: inout [UInt8]) {
        var text = text
        output.append(UInt8(ascii: "\""))
        let wasPlain = text.withUTF8 { bytes in
            guard bytes.allSatisfy({ $0 == 0x20 || isOfWord($0) && $0 != UInt8(ascii: "\\") }) else { return false }
            output.append(contentsOf: bytes)
            return true
        }
        if !wasPlain { for scalar in text.unicodeScalars { write(scalar, to: &output) } }
        output.append(UInt8(ascii: "\""))
    }

    private static func write(_ scalar: Unicode.Scalar, to output: inout [UInt8]) {
        if isVisible(scalar), scalar != "\"", scalar != "\\" {
            output += String(scalar).utf8
        } else {
            for unit in String(scalar).utf16 { JSON.writeEscape(unit, to: &output) }
        }
    }

    private static func isVisible(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: false
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .nonspacingMark,
            .spacingMark, .enclosingMark, .decimalNumber, .letterNumber, .otherNumber, .connectorPunctuation,
            .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation, .finalPunctuation,
            .otherPunctuation, .mathSymbol, .currencySymbol, .modifierSymbol, .otherSymbol, .spaceSeparator:
            true
        @unknown default: false
        }
    }

    /// Its beginning, in whole characters; `…` says that there was more.
    static func cut(_ text: String, to limit: Int) -> String {
        guard text.utf8.count > limit else { return text }
        var end = text.utf8.index(text.startIndex, offsetBy: limit)
        while end > text.startIndex, end.samePosition(in: text.unicodeScalars) == nil {
            text.utf8.formIndex(before: &end)
        }
        return text[..<end] + "…"
    }
}
