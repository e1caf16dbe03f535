// SPDX-License-Identifier: MIT

import Glibc

/// Inputs as they are kept in the tree: a file per target, a line per input. What is printable ASCII stands for itself,
/// all else is `\n`, `\r`, `\t`, `\\` or `\xNN`; lines that begin with `# ` tell a reader about the next one.
public enum Inputs {
    public enum Kind: String, Sendable {
        /// Those by which each part of the readers is reached.
        case corpus = "Corpus"
        /// Those that broke a property once.
        case found = "Found"
    }

    public struct Input: Sendable {
        public let line: Int
        public let bytes: [UInt8]
    }

    /// Nothing where the target has no such file.
    public static func read(_ kind: Kind, of target: String) -> [Input] {
        guard let text = contents(of: "\(folder)/\(kind.rawValue)/\(target)") else { return [] }
        var inputs: [Input] = []
        for (index, line) in text.split(separator: 0x0A, omittingEmptySubsequences: false).dropLast().enumerated()
        where !line.starts(with: "# ".utf8) {
            inputs.append(Input(line: index + 1, bytes: bytes(of: line)))
        }
        return inputs
    }

    /// Of the tests' sources, where this tree was built.
    private static var folder: String {
        #filePath.split(separator: "/").dropLast(2).reduce(into: "") { $0 += "/\($1)" }
    }

    /// Without a line end.
    public static func line(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef")
        var line = ""
        for (index, byte) in bytes.enumerated() {
            switch byte {
            case 0x0A: line += "\\n"
            case 0x0D: line += "\\r"
            case 0x09: line += "\\t"
            case UInt8(ascii: "\\"): line += "\\\\"
            case UInt8(ascii: "#") where index == 0: line += "\\x23"
            case 0x20..<0x7F: line.unicodeScalars.append(Unicode.Scalar(byte))
            default: line += "\\x\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
            }
        }
        return line
    }

    public static func bytes(ofLine line: String) -> [UInt8] { bytes(of: Array(line.utf8)[...]) }

    /// What is no escape stands for itself.
    private static func bytes(of line: ArraySlice<UInt8>) -> [UInt8] {
        var rest = line
        var bytes: [UInt8] = []
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\"), let letter = rest.popFirst() else {
                bytes.append(byte)
                continue
            }
            switch letter {
            case UInt8(ascii: "n"): bytes.append(0x0A)
            case UInt8(ascii: "r"): bytes.append(0x0D)
            case UInt8(ascii: "t"): bytes.append(0x09)
            case UInt8(ascii: "x"):
                let digits = String(decoding: rest.prefix(2), as: UTF8.self)
                rest = rest.dropFirst(2)
                bytes.append(UInt8(digits, radix: 16) ?? 0)
            default: bytes.append(letter)
            }
        }
        return bytes
    }

    /// Nil where there is no such file.
    public static func contents(of path: String) -> [UInt8]? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = fread(&piece, 1, piece.count, file)
            guard count > 0 else { return bytes }
            bytes += piece[..<count]
        }
    }
}
