// SPDX-License-Identifier: MIT

/// The few parameters routes of ours take in the query: `/readyz?runners=1`, `/decisions?last=N`, `pull?runners=0,2`.
/// Routing itself ignores the query, as Ollama does.
public enum QueryParameters {
    /// The first value of that name, `+` and escapes decoded; an escape that is none stays as it came. Nil if absent.
    ///
    /// - Parameter name: plain ASCII, as it stands in the target.
    public static func value(of name: StaticString, in target: [UInt8]) -> String? {
        guard let mark = target.firstIndex(of: UInt8(ascii: "?")) else { return nil }
        for pair in target[(mark + 1)...].split(separator: UInt8(ascii: "&")) {
            let key = pair.prefix { $0 != UInt8(ascii: "=") }
            guard key.elementsEqual(UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)) else {
                continue
            }
            return decoded(pair.dropFirst(key.count + 1))
        }
        return nil
    }

    private static func decoded(_ bytes: ArraySlice<UInt8>) -> String {
        var result: [UInt8] = []
        var index = bytes.startIndex
        while index < bytes.endIndex {
            let byte = bytes[index]
            if byte == UInt8(ascii: "%"), index + 2 < bytes.endIndex,
                let high = ASCII.hexadecimal(bytes[index + 1]), let low = ASCII.hexadecimal(bytes[index + 2])
            {
                result.append(high << 4 | low)
                index += 3
            } else {
                result.append(byte == UInt8(ascii: "+") ? 0x20 : byte)
                index += 1
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
