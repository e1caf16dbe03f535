// SPDX-License-Identifier: MIT

import Testing

@testable import GatewayCore

/// Patterns, against a matcher that tries everything, and what they say of models.
@Suite struct GlobTests {
    /// Every way to split, the slow one.
    static func matches(_ pattern: ArraySlice<UInt8>, _ text: ArraySlice<UInt8>) -> Bool {
        guard let first = pattern.first else { return text.isEmpty }
        if first == UInt8(ascii: "*") {
            return (text.startIndex...text.endIndex).contains { matches(pattern.dropFirst(), text[$0...]) }
        }
        return text.first == first && matches(pattern.dropFirst(), text.dropFirst())
    }

    /// All patterns and texts of up to five characters of a small alphabet.
    @Test func itIsTheMatcherThatTriesEverything() {
        func words(_ alphabet: String, upTo length: Int) -> [[UInt8]] {
            (0..<length).reduce(into: [[]]) { words, _ in
                words += words.flatMap { word in alphabet.utf8.map { word + [$0] } }
            }
        }
        let texts = Set(words("ab", upTo: 5))
        for pattern in Set(words("ab*", upTo: 4)) {
            let glob = Glob(String(decoding: pattern, as: UTF8.self))
            for text in texts {
                let expected = Self.matches(pattern[...], text[...])
                #expect(glob.matches(text) == expected, "\(pattern) \(text)")
            }
        }
    }

    @Test func aHostilePairTakesNoTime() {
        let glob = Glob(String(repeating: "*a", count: 120) + "b")
        #expect(!glob.matches([UInt8](repeating: UInt8(ascii: "a"), count: 1024)))
    }

    static let names: [(patterns: [String], allowed: [String], forbidden: [String])] = [
        ([], ["anything:1", "p.x:latest"], []),
        (["llama3"], ["llama3:latest"], ["llama3:8b", "llama3.1:latest", "x/llama3:latest", "p.llama3:latest"]),
        (["LLaMA3:Latest"], ["llama3:latest"], ["llama3:8b"]), (["library/llama3"], ["llama3:latest"], []),
        (["llama3*"], ["llama3:latest", "llama3:8b", "llama3.1:70b"], ["codellama3:latest", "llama2:latest"]),
        (["llama3:*"], ["llama3:latest", "llama3:8b"], ["llama3.1:8b"]),
        (["*-MINI"], ["phi-mini:latest", "p.phi-mini:latest"], ["phi-mini:3b", "phi:latest"]),
        (["*:8b", "qwen"], ["llama3:8b", "qwen:latest"], ["llama3:latest", "qwen:7b"]),
        (["gpu.*"], ["gpu.llama3:latest", "gpu.qwen:7b"], ["llama3:latest", "gpu:latest"]),
        (["*"], ["a:b", "c/d:e"], []),
        (["hf.co/*"], ["hf.co/a/b:q4"], ["a/b:q4"]), (["latest"], ["latest:latest"], [":latest", "x:latest"])
    ]

    @Test(arguments: names)
    func patternsAreOverTheNamesThatListsShow(patterns: [String], allowed: [String], forbidden: [String]) {
        let rights = ModelRights(patterns)
        #expect(rights.isUnlimited == patterns.isEmpty)
        for key in allowed { #expect(rights.allows(key: key), "\(key)") }
        for key in forbidden { #expect(!rights.allows(key: key), "\(key)") }
    }

    @Test func whatIsCutNeedsBoth() {
        let llamas = ModelRights(["llama*"])
        let small = ModelRights(["*:1b"])
        let both = llamas.cut(with: small)
        #expect(both.allows(key: "llama3:1b") && !both.allows(key: "llama3:8b") && !both.allows(key: "qwen:1b"))
        #expect(ModelRights.all.cut(with: small) == small && small.cut(with: .all) == small)
        #expect(small.cut(with: small) == small && ModelRights.all.cut(with: .all).isUnlimited)
    }
}
