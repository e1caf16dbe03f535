// SPDX-License-Identifier: MIT

/// A pattern with `*` for any characters, or none; every other character stands for itself.
struct Glob: Hashable, Sendable {
    private let pattern: [UInt8]
    /// Whatever begins like something that it matches, it matches, too.
    let isOpenEnded: Bool
    /// Bytes in front of the only star, which is the last character: the pattern that most people write.
    private let leadCount: Int?

    init(_ text: String) {
        pattern = Array(text.utf8)
        let star = UInt8(ascii: "*")
        isOpenEnded = pattern.last == star
        leadCount = pattern.firstIndex(of: star) == pattern.count - 1 ? pattern.count - 1 : nil
    }

    /// Never more than `pattern` × `text` comparisons, whatever a stranger sends: only the last star is ever tried anew.
    func matches<Text: RandomAccessCollection<UInt8>>(_ text: Text) -> Bool where Text.Index == Int {
        if let leadCount {
            guard text.count >= leadCount else { return false }
            for offset in 0..<leadCount where text[text.startIndex + offset] != pattern[offset] { return false }
            return true
        }
        let star = UInt8(ascii: "*")
        var place = 0
        var position = text.startIndex
        var retry: (place: Int, position: Int)?
        while position < text.endIndex {
            if place < pattern.count, pattern[place] == star {
                place += 1
                retry = (place, position)
            } else if place < pattern.count, pattern[place] == text[position] {
                place += 1
                position += 1
            } else if let last = retry {
                let next = last.position + 1
                retry = (last.place, next)
                (place, position) = (last.place, next)
            } else {
                return false
            }
        }
        return pattern[place...].allSatisfy { $0 == star }
    }
}
