// SPDX-License-Identifier: MIT

extension JSON {
    /// The document as a person would write it: two spaces of indentation, on one line what fits there, each object of
    /// a list on a line of its own, and a line end behind it all.
    public var readableBytes: [UInt8] {
        var output: [UInt8] = []
        writeReadably(to: &output, indentation: 0, isRoot: true)
        output.append(0x0A)
        return output
    }

    private static let lineWidth = 100

    private func writeReadably(to output: inout [UInt8], indentation: Int, isRoot: Bool = false) {
        var line: [UInt8] = []
        writeOnOneLine(to: &line)
        let fits = indentation + line.count <= JSON.lineWidth && !isRoot && !isListOfObjects
        switch self {
        case .array(let elements) where !fits && !elements.isEmpty:
            JSON.writeLines(to: &output, between: "[]", indentation: indentation, elements) { element, output in
                element.writeReadably(to: &output, indentation: indentation + 2)
            }
        case .object(let members) where !fits && !members.isEmpty:
            JSON.writeLines(to: &output, between: "{}", indentation: indentation, members) { member, output in
                JSON.writeString(member.key, to: &output)
                output += ": ".utf8
                member.value.writeReadably(to: &output, indentation: indentation + 2)
            }
        case .null, .bool, .number, .string, .array, .object: output += line
        }
    }

    private var isListOfObjects: Bool { array?.contains { $0.members?.isEmpty == false } ?? false }

    private static func writeLines<Part>(
        to output: inout [UInt8], between brackets: StaticString, indentation: Int, _ parts: [Part],
        _ write: (Part, inout [UInt8]) -> Void
    ) {
        let ends = brackets.withUTF8Buffer { ($0[0], $0[1]) }
        output.append(ends.0)
        for (position, part) in parts.enumerated() {
            if position > 0 { output.append(UInt8(ascii: ",")) }
            output.append(0x0A)
            output += repeatElement(0x20, count: indentation + 2)
            write(part, &output)
        }
        output.append(0x0A)
        output += repeatElement(0x20, count: indentation)
        output.append(ends.1)
    }

    private func writeOnOneLine(to output: inout [UInt8]) {
        switch self {
        case .null, .bool, .number, .string: write(to: &output)
        case .array(let elements):
            output.append(UInt8(ascii: "["))
            for (position, element) in elements.enumerated() {
                if position > 0 { output += ", ".utf8 }
                element.writeOnOneLine(to: &output)
            }
            output.append(UInt8(ascii: "]"))
        case .object(let members):
            guard !members.isEmpty else { return output += "{}".utf8 }
            output += "{ ".utf8
            for (position, member) in members.enumerated() {
                if position > 0 { output += ", ".utf8 }
                JSON.writeString(member.key, to: &output)
                output += ": ".utf8
                member.value.writeOnOneLine(to: &output)
            }
            output += " }".utf8
        }
    }
}
