// SPDX-License-Identifier: MIT

extension JSON {
    /// The document as compact UTF-8.
    public var bytes: [UInt8] {
        var output: [UInt8] = []
        write(to: &output)
        return output
    }

    public func write(to output: inout [UInt8]) {
        switch self {
        case .null: output += "null".utf8
        case .bool(let value): output += (value ? "true" : "false").utf8
        case .number(let text): output += text.utf8
        case .string(let value): JSON.writeString(value, to: &output)
        case .array(let elements):
            output.append(UInt8(ascii: "["))
            for (position, element) in elements.enumerated() {
                if position > 0 { output.append(UInt8(ascii: ",")) }
                element.write(to: &output)
            }
            output.append(UInt8(ascii: "]"))
        case .object(let members):
            output.append(UInt8(ascii: "{"))
            for (position, member) in members.enumerated() {
                if position > 0 { output.append(UInt8(ascii: ",")) }
                JSON.writeString(member.key, to: &output)
                output.append(UInt8(ascii: ":"))
                member.value.write(to: &output)
            }
            output.append(UInt8(ascii: "}"))
        }
    }

    /// A quoted JSON string. Control characters are escaped, everything else goes out as it is (RFC 8259 section 7).
    public static func writeString(_ value: String, to output: inout [UInt8]) {
        output.append(UInt8(ascii: "\""))
        // Nearly every string holds nothing to escape, and lists are made of thousands.
        let wasPlain = value.utf8.withContiguousStorageIfAvailable { bytes in
            guard bytes.allSatisfy(isPlain) else { return false }
            output.append(contentsOf: bytes)
            return true
        }
        if wasPlain != true { writeEscaped(value, to: &output) }
        output.append(UInt8(ascii: "\""))
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        byte >= 0x20 && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
    }

    private static func writeEscaped(_ value: String, to output: inout [UInt8]) {
        for byte in value.utf8 {
            if isPlain(byte) { output.append(byte) } else { writeEscape(UInt16(byte), to: &output) }
        }
    }

    /// A code unit of UTF-16 as it may stand in any string (RFC 8259 section 7).
    static func writeEscape(_ unit: UInt16, to output: inout [UInt8]) {
        output.append(UInt8(ascii: "\\"))
        switch unit {
        case 0x22, 0x5C: output.append(UInt8(truncatingIfNeeded: unit))
        case 0x0A: output.append(UInt8(ascii: "n"))
        case 0x0D: output.append(UInt8(ascii: "r"))
        case 0x09: output.append(UInt8(ascii: "t"))
        default:
            let hexadecimal: StaticString = "0123456789abcdef"
            output.append(UInt8(ascii: "u"))
            for shift in [12, 8, 4, 0] { output.append(hexadecimal.utf8Start[Int(unit >> shift & 15)]) }
        }
    }
}
