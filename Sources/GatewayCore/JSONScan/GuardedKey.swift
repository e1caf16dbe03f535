// SPDX-License-Identifier: MIT

/// A top-level key that some rule of ours depends on, and so may come only once: Go takes the last of several, whatever
/// their letter case, and a check on one of them would let another through.
enum GuardedKey: UInt8, CaseIterable, Sendable {
    case model, name, from, source, destination, stream, keepAlive, prompt, messages

    /// Bytes of the longest key as it may come: `ſ` (2) for each s, `K` (3) for each k. Longer keys are none of these.
    static let longest = 16

    var spelling: StaticString {
        switch self {
        case .model: "model"
        case .name: "name"
        case .from: "from"
        case .source: "source"
        case .destination: "destination"
        case .stream: "stream"
        case .keepAlive: "keep_alive"
        case .prompt: "prompt"
        case .messages: "messages"
        }
    }

    /// Recognises a key as Go's encoding/json matches it to a field: letter case folded, and with it the two letters
    /// beyond ASCII whose case folding leads into it, U+017F to s and U+212A to k.
    ///
    /// - Parameter decoded: the key's UTF-8, escapes decoded.
    init?(decoded: [UInt8]) {
        guard (4...GuardedKey.longest).contains(decoded.count) else { return nil }
        let folded = GuardedKey.folded(decoded)
        guard let key = GuardedKey.allCases.first(where: { $0.matches(folded) }) else { return nil }
        self = key
    }

    private func matches(_ folded: [UInt8]) -> Bool {
        let expected = UnsafeRawBufferPointer(start: spelling.utf8Start, count: spelling.utf8CodeUnitCount)
        return folded.elementsEqual(expected)
    }

    private static func folded(_ key: [UInt8]) -> [UInt8] {
        var folded: [UInt8] = []
        folded.reserveCapacity(key.count)
        var rest = key[...]
        while let byte = rest.first {
            if rest.starts(with: [0xC5, 0xBF]) {
                folded.append(UInt8(ascii: "s"))
                rest = rest.dropFirst(2)
            } else if rest.starts(with: [0xE2, 0x84, 0xAA]) {
                folded.append(UInt8(ascii: "k"))
                rest = rest.dropFirst(3)
            } else {
                folded.append(ASCII.lowered(byte))
                rest = rest.dropFirst()
            }
        }
        return folded
    }
}
