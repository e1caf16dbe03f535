// SPDX-License-Identifier: MIT

/// One line of the log, written straight into the log's buffer. Every request ends with one, so no tree and no texts are
/// made of its fields: that was a quarter of what a request cost.
public struct LogLine: Sendable {
    private let format: Configuration.Log.Format

    /// Begins a line. `time`: RFC 3339, in ASCII.
    public init(
        _ format: Configuration.Log.Format, at time: [UInt8], _ level: Configuration.Log.Level, _ message: String,
        in output: inout [UInt8]
    ) {
        self.format = format
        switch format {
        case .text:
            output += time
            output.append(0x20)
            output += level.rawValue.utf8
            output.append(0x20)
            output += LogText.oneLine(message).utf8
        case .json:
            output += "{\"time\":\"".utf8
            output += time
            output += "\",\"level\":\"".utf8
            output += level.rawValue.utf8
            output += "\",\"message\":".utf8
            JSON.writeString(message, to: &output)
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
        case .json: JSON.writeString(value, to: &output)
        }
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
