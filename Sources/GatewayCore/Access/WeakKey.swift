// SPDX-License-Identifier: MIT

/// Keys that somebody made up instead of having them made, and that others guess.
enum WeakKey {
    static let shortest = 24
    /// Any random text of 24 hexadecimal digits has more: one in 300 million has not.
    private static let fewestCharacters = 6
    /// Of a key, what is left when words of placeholders are taken away.
    private static let leastBesideWords = 8

    /// Why a key is refused, as the end of a sentence that begins with its place; nil for one that will do.
    static func problem(with key: [UInt8]) -> String? {
        if key.count < shortest { return "is shorter than \(shortest) characters and could be guessed" }
        let kinds = Set(key).count
        if kinds < fewestCharacters {
            return "is made of \(kinds == 1 ? "one character" : "\(kinds) different characters") and could be guessed"
        }
        if isRepetition(key) { return "repeats a few characters and could be guessed" }
        if isRun(key) { return "is a run of neighbouring characters and could be guessed" }
        if isPlaceholder(key) { return "is a placeholder that others know, too" }
        return nil
    }

    /// The same part again and again, of at most half the length.
    private static func isRepetition(_ key: [UInt8]) -> Bool {
        (1...key.count / 2).contains { period in
            (period..<key.count).allSatisfy { key[$0] == key[$0 - period] }
        }
    }

    /// As `abcdefgh…`: each character is a neighbour of the one before, or the same.
    private static func isRun(_ key: [UInt8]) -> Bool {
        zip(key, key.dropFirst()).allSatisfy { abs(Int($1) - Int($0)) <= 1 }
    }

    private static func isPlaceholder(_ key: [UInt8]) -> Bool {
        var rest = key.filter { !"-_.".utf8.contains($0) }.map(ASCII.lowered)
        for word in words {
            while let place = position(of: word, in: rest) { rest.removeSubrange(place..<place + word.count) }
        }
        return rest.count < leastBesideWords
    }

    private static func position(of word: [UInt8], in text: [UInt8]) -> Int? {
        guard text.count >= word.count else { return nil }
        return (0...text.count - word.count).first { text[$0...].starts(with: word) }
    }

    /// The longest first, so that a part of one doesn't hide it.
    private static let words = [
        "correcthorsebatterystaple", "qwertyuiopasdfghjklzxcvbnm", "placeholder", "administrator", "qwertyuiop",
        "asdfghjkl", "something", "changethis", "dmrgateway", "replaceme", "changeme", "password", "insecure",
        "example", "gateway", "default", "replace", "zxcvbnm", "letmein", "please", "secret", "change", "insert",
        "random",
        "string", "sample", "dummy", "admin", "token", "value", "super", "here", "your", "this", "test", "with", "goes",
        "long", "dmr", "api", "key"
    ].map { Array($0.utf8) }
}
