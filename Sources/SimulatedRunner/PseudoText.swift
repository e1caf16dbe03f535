// SPDX-License-Identifier: MIT

/// The made-up tokens of all answers: a sentence that says so, then pseudo-words that follow from the seed.
///
/// Tokens are printable ASCII without quotes or backslashes, so they go into JSON as they are. They are built once:
/// sending one costs no allocation.
public struct PseudoText: Sendable {
    private let opening: [[UInt8]]
    private let words: [[UInt8]]
    private let seed: UInt64

    public init(seed: UInt64) {
        self.seed = seed
        let sentence = "This answer is simulated: no model was run to make it."
        opening = sentence.split(separator: " ").enumerated().map { position, word in
            Array(((position == 0 ? "" : " ") + word).utf8)
        }
        let onsets = ["b", "d", "f", "g", "k", "l", "m", "n", "p", "r", "s", "t", "v", "z", "dr", "st"]
        let vowels = ["a", "e", "i", "o", "u", "ai", "eo", "ou"]
        words = (0..<128).map { index in
            let hash = Mixer.hash(seed &+ UInt64(index))
            let first = onsets[Int(hash & 15)] + vowels[Int((hash >> 8) & 7)]
            let second = onsets[Int((hash >> 16) & 15)] + vowels[Int((hash >> 24) & 7)]
            return Array((" " + (hash >> 32 & 1 == 0 ? first + second : first + second + "n")).utf8)
        }
    }

    /// The token at that place of every answer.
    public func token(at index: Int) -> [UInt8] {
        if index < opening.count { return opening[index] }
        return words[Int(Mixer.hash(seed ^ UInt64(index) &* 0x1000_0001) & 127)]
    }

    /// The text of an answer of that many tokens.
    public func text(tokens count: Int) -> String {
        var bytes: [UInt8] = []
        for index in 0..<count { bytes += token(at: index) }
        return String(decoding: bytes, as: UTF8.self)
    }
}
