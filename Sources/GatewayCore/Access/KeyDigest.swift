// SPDX-License-Identifier: MIT

/// SHA-256 of a key. Keys themselves are never kept; the core can't hash, so the shell hands in the digests.
public struct KeyDigest: Hashable, Sendable {
    public static let byteCount = 32
    private let words: (UInt64, UInt64, UInt64, UInt64)

    /// Nil unless there are exactly 32 bytes.
    public init?(_ bytes: some Collection<UInt8>) {
        guard bytes.count == KeyDigest.byteCount else { return nil }
        var words: [UInt64] = [0, 0, 0, 0]
        for (position, byte) in bytes.enumerated() {
            words[position >> 3] = words[position >> 3] << 8 | UInt64(byte)
        }
        self.words = (words[0], words[1], words[2], words[3])
    }

    /// As a key's entry has it: 64 hexadecimal digits. Nil otherwise.
    public init?(hex: String) {
        guard let bytes = ASCII.hexadecimal(hex) else { return nil }
        self.init(bytes)
    }

    /// For telling keys apart where nothing depends on time.
    var firstWord: UInt64 { words.0 }

    /// As `init(hex:)` takes it.
    public var hex: String {
        [words.0, words.1, words.2, words.3].map { word in
            let digits = String(word, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }

    /// In constant time: how long it takes says nothing about where two digests differ.
    public static func == (left: KeyDigest, right: KeyDigest) -> Bool {
        let difference =
            (left.words.0 ^ right.words.0) | (left.words.1 ^ right.words.1) | (left.words.2 ^ right.words.2)
            | (left.words.3 ^ right.words.3)
        return difference == 0
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(words.0)
    }
}

extension KeyDigest {
    /// The output of a SHA-256 implementation, which is 32 bytes by definition.
    public init(sha256 bytes: [UInt8]) {
        guard let digest = KeyDigest(bytes) else { preconditionFailure("SHA-256 yields 32 bytes") }
        self = digest
    }
}
