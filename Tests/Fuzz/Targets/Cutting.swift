// SPDX-License-Identifier: MIT

/// Readers that take their input in pieces must not notice where it was cut.
enum Cutting {
    /// Ways to cut these bytes, the same ones each time: at every byte, and at a few places that a hash of them chooses.
    /// Each is ascending.
    static func ways(_ bytes: [UInt8]) -> [[Int]] {
        guard bytes.count > 1 else { return [] }
        var hash = bytes.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        func places(_ count: Int) -> [Int] {
            let places = (0..<count).map { _ in
                hash = hash &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return 1 + Int(hash >> 33) % (bytes.count - 1)
            }
            return Set(places).sorted()
        }
        return [Array(1..<bytes.count), places(1), places(3)]
    }

    /// Nil where cutting changes nothing.
    static func violation<Outcome: Equatable>(
        _ bytes: [UInt8], _ whole: Outcome, _ read: ([[UInt8]]) -> Outcome
    ) -> String? {
        for cuts in ways(bytes) {
            let cut = read(pieces(bytes, cuts))
            guard cut != whole else { continue }
            let places = cuts.count == bytes.count - 1 ? "at every byte" : "at \(cuts)"
            return "cut \(places) it is read as \(cut), whole as \(whole)"
        }
        return nil
    }

    /// Each piece has memory of its own, so that a sanitizer sees a read beyond it.
    static func pieces(_ bytes: [UInt8], _ cuts: [Int]) -> [[UInt8]] {
        zip([0] + cuts, cuts + [bytes.count]).map { Array(bytes[$0..<$1]) }
    }
}
