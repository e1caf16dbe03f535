// SPDX-License-Identifier: MIT

import Testing

@testable import GatewayCore

/// Keys as text, and keys that people make up.
@Suite struct KeyTextTests {
    static func isWellFormed(_ text: String) -> Bool { Array(text.utf8).withUnsafeBytes { KeyText.isWellFormed($0) } }

    /// Python: the number as base62 of 43 digits, `zlib.crc32` of what stands before as six.
    @Test(arguments: [
        ([UInt8](repeating: 0, count: 32), "dmr_000000000000000000000000000000000000000000010dzep"),
        ([UInt8](repeating: 255, count: 32), "dmr_yhjskwdA6OZ1AL1YmHWZWm8LLG7HjnuCA2j5rOw8Xp12rqfZ1"),
        (Array(0..<32), "dmr_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf0TgtuJ")
    ])
    func itIsBase62WithAChecksum(randomness: [UInt8], expected: String) {
        #expect(KeyText.make(randomness: randomness) == expected)
    }

    @Test func everyMistakeOfOneCharacterIsNoticed() {
        var dice = SeededGenerator(seed: 1)
        let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_- ".utf8)
        for _ in 0..<20 {
            let text = KeyText.make(randomness: (0..<32).map { _ in UInt8.random(in: 0...255, using: &dice) })
            #expect(text.utf8.count == 53 && Self.isWellFormed(text))
            let key = Array(text.utf8)
            for place in key.indices {
                var wrong = key
                wrong[place] = alphabet.randomElement(using: &dice).map { $0 == key[place] ? 0x21 : $0 } ?? 0
                #expect(!Self.isWellFormed(String(decoding: wrong, as: UTF8.self)))
                if place > 0, key[place] != key[place - 1] {
                    wrong = key
                    wrong.swapAt(place, place - 1)
                    #expect(!Self.isWellFormed(String(decoding: wrong, as: UTF8.self)))
                }
                #expect(!Self.isWellFormed(String(text.prefix(place))))
            }
            #expect(!Self.isWellFormed(text + "0"))
        }
    }

    @Test func differentBytesAreDifferentKeys() {
        var seen: Set<String> = []
        for place in 0..<32 {
            for bit in 0..<8 {
                var bytes = [UInt8](repeating: 0, count: 32)
                bytes[place] = 1 << bit
                #expect(seen.insert(KeyText.make(randomness: bytes)).inserted)
            }
        }
    }

    @Test func whoseChecksumIsWrongIsToldSo() {
        let made = KeyText.make(randomness: [UInt8](repeating: 7, count: 32))
        let policy = AccessPolicy(keys: AccessFixtures.all)
        for (token, words) in [(made, "revoked"), (String(made.dropLast()), "mistyped"), ("dmr_x", "mistyped")] {
            guard case .failure(let error) = policy.outcome(.read, AccessFixtures.bearer(token)) else {
                Issue.record("allowed")
                continue
            }
            #expect(error.status == 401 && error.sentence.contains(words))
        }
    }

    static let weak = [
        "", "tiny", String(repeating: "a", count: 23), String(repeating: "a", count: 24),
        String(repeating: "x", count: 64),
        "abababababababababababab", "aabbccddaabbccddaabbccdd", "123456789012345678901234", "passwordpasswordpassword",
        "abcdefghijklmnopqrstuvwxyz", "zyxwvutsrqponmlkjihgfedcba",
        "000000000000000000000001",
        "changeme-changeme-change-me", "your-admin-key-goes-here", "REPLACE_ME_WITH_A_RANDOM_KEY",
        "correct-horse-battery-staple",
        "qwertyuiopasdfghjklzxcvbnm", "this-is-my-secret-admin-key", "please-change-this-secret-key-123",
        "dmr_placeholder_placeholder_1"
    ]

    @Test(arguments: weak)
    func whatOthersGuessIsRefused(key: String) {
        let problem = WeakKey.problem(with: Array(key.utf8))
        #expect(problem != nil)
        let start = Start(environment: ["DMR_ADMIN_KEY": key])
        guard !key.isEmpty else { return }
        #expect(start.errors.count == 1)
        #expect(start.errors.first?.hasPrefix("DMR_ADMIN_KEY: ") == true)
        #expect(start.errors.first?.contains("openssl rand -hex 24") == true)
        #expect(start.errors.first?.contains(key) == false)
    }

    @Test func whatIsRandomIsTaken() {
        var dice = SeededGenerator(seed: 7)
        for alphabet in [
            "0123456789abcdef", "0123456789", "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_"
        ] {
            let letters = Array(alphabet.utf8)
            for _ in 0..<2000 {
                let key = (0..<24).map { _ in letters[Int.random(in: 0..<letters.count, using: &dice)] }
                #expect(WeakKey.problem(with: key) == nil, "\(String(decoding: key, as: UTF8.self))")
            }
        }
        for key in [
            "an-admin-key-of-24-letters", "0123456789abcdef01234567", "!$%&/()=?{[]}^<>|;:,~+#*",
            "test-admin-key-1234567890",
            "3f2504e0-4f89-11d3-9a0c-0305e82c3301",
            KeyText.make(randomness: Array(0..<32))
        ] {
            #expect(WeakKey.problem(with: Array(key.utf8)) == nil)
        }
    }
}
