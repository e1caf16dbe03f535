// SPDX-License-Identifier: MIT

/// One line of the log, written straight into the log's buffer. Every request ends with one, so no tree and no texts are
/// made of its fields: that was a quarter of what a request cost.
public struct LogLine: Sendable {
    private let format: Configuration.Log.Format

    /// Where the level stands in lines of the audit log, which are written whatever the level is.
    public static let audit = "audit"

    /// Begins a line. `time`: RFC 3339, in ASCII; `level`: a plain word.
    public init(
        _ format: Configuration.Log.Format, at time: [UInt8], level: String, _ message: String,
        in output: inout [UInt8]
    ) {
        self.format = format
        switch format {
        case .text:
            output += time
            output.append(0x20)
            output += level.utf8
            output.append(0x20)
            output += LogText.oneLine(message).utf8
        case .json:
            output += "{\"time\":\"".utf8
            output += time
            output += "\",\"level\":\"".utf8
            output += level.utf8
            output += "\",\"message\":".utf8
            LogText.writeQuoted(message, to: &output)
        }
    }

    /// A number that is never negative: a size, a duration, a count.
    public func add(_ name: StaticString, _ value: Int, to output: inout [UInt8]) {
        begin(name, in: &output)
        output.appendDecimal(value)
    }

    /// In the text format a plain word stands bare; anything else is a JSON string, so that a client's bytes can forge
    /// neither a line nor a field.
    public func add(_ name: StaticString, _ value: String, to output: inout [UInt8]) {
        begin(name, in: &output)
        switch format {
        case .text: LogText.write(value, to: &output)
        case .json: LogText.writeQuoted(value, to: &output)
        }
    }

    /// In the text format words stand bare with commas between them; if one of them is no plain word, or has a comma or
    /// nothing in it, all of it is a JSON array.
    public func add(_ name: StaticString, _ list: [String], to output: inout [UInt8]) {
        begin(name, in: &output)
        let isBare =
            switch format {
            case .text: !list.isEmpty && list.allSatisfy { LogText.isPlain($0) && !$0.utf8.contains(UInt8(ascii: ",")) }
            case .json: false
            }
        if !isBare { output.append(UInt8(ascii: "[")) }
        for (position, text) in list.enumerated() {
            if position > 0 { output.append(UInt8(ascii: ",")) }
            if isBare { output += text.utf8 } else { LogText.writeQuoted(text, to: &output) }
        }
        if !isBare { output.append(UInt8(ascii: "]")) }
    }

    /// Printable ASCII without blanks, quotes and backslashes, as a request's id is.
    public func add(_ name: StaticString, word: [UInt8], to output: inout [UInt8]) {
        begin(name, in: &output)
        switch format {
        case .text: output += word
        case .json:
            output.append(UInt8(ascii: "\""))
            output += word
            output.append(UInt8(ascii: "\""))
        }
    }

    public func end(in output: inout [UInt8]) {
        switch format {
        case .text: break
        case .json: output.append(UInt8(ascii: "}"))
        }
        output.append(0x0A)
    }

    private func begin(_ name: StaticString, in output: inout [UInt8]) {
        let name = UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
        switch format {
        case .text:
            output.append(0x20)
            output += name
            output.append(UInt8(ascii: "="))
        case .json:
            output += ",\"".utf8
            output += name
            output += "\":".utf8
        }
    }
}
