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
    init?(decoded: UnsafeRawBufferPointer) {
        guard (4...GuardedKey.longest).contains(decoded.count) else { return nil }
        let (first, second) = GuardedKey.candidates(beginningWith: decoded[0])
        if let first, first.matches(decoded) {
            self = first
        } else if let second, second.matches(decoded) {
            self = second
        } else {
            return nil
        }
    }

    /// Bodies have many keys, and most are none of these: the first byte leaves at most two to compare with.
    private static func candidates(beginningWith byte: UInt8) -> (GuardedKey?, GuardedKey?) {
        switch ASCII.lowered(byte) {
        case UInt8(ascii: "m"): (.model, .messages)
        case UInt8(ascii: "n"): (.name, nil)
        case UInt8(ascii: "f"): (.from, nil)
        case UInt8(ascii: "s"), 0xC5: (.source, .stream)
        case UInt8(ascii: "d"): (.destination, nil)
        case UInt8(ascii: "k"), 0xE2: (.keepAlive, nil)
        case UInt8(ascii: "p"): (.prompt, nil)
        default: (nil, nil)
        }
    }

    /// Compared in place: bodies have many keys.
    private func matches(_ key: UnsafeRawBufferPointer) -> Bool {
        if ASCII.equalsIgnoringCase(key, spelling) { return true }
        let expected = UnsafeRawBufferPointer(start: spelling.utf8Start, count: spelling.utf8CodeUnitCount)
        guard key.count > expected.count else { return false }
        var at = 0
        for letter in expected {
            guard at < key.count else { return false }
            if ASCII.lowered(key[at]) == letter {
                at += 1
            } else {
                let length = GuardedKey.lengthOfVariant(of: letter, in: key, at: at)
                if length == 0 { return false }
                at += length
            }
        }
        return at == key.count
    }

    /// Bytes of `ſ` for s, of `K` for k; 0 where neither stands.
    private static func lengthOfVariant(of letter: UInt8, in key: UnsafeRawBufferPointer, at start: Int) -> Int {
        guard key[start] >= 0x80 else { return 0 }
        let rest = UnsafeRawBufferPointer(rebasing: key[start...])
        if letter == UInt8(ascii: "s"), rest.starts(with: [0xC5, 0xBF]) { return 2 }
        return letter == UInt8(ascii: "k") && rest.starts(with: [0xE2, 0x84, 0xAA]) ? 3 : 0
    }
}
