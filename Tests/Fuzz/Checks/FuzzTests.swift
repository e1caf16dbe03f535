// SPDX-License-Identifier: MIT

import FuzzTargets
import Testing

/// What `scripts/fuzz` has found, and what it begins with, played without libFuzzer; and as many random changes of that
/// as there is time for in a test.
@Suite struct FuzzTests {
    @Test(arguments: FuzzTarget.all)
    func knownInputsBreakNoProperty(target: FuzzTarget) {
        for kind in [Inputs.Kind.corpus, .found] {
            for input in Inputs.read(kind, of: target.name) {
                if let violation = target.violation(input.bytes) {
                    Issue.record("Tests/Fuzz/\(kind.rawValue)/\(target), line \(input.line): \(violation)")
                }
            }
        }
    }

    @Test(arguments: FuzzTarget.all)
    func changedInputsBreakNoProperty(target: FuzzTarget) {
        let seeds = target.seeds()
        #expect(seeds.count > 5)
        var mutation = Mutation(seed: 1)
        for _ in 0..<500 {
            let input = mutation.change(seeds)
            if let violation = target.violation(input) {
                Issue.record("\(violation), for the line \(Inputs.line(input)) of Tests/Fuzz/Found/\(target)")
            }
        }
    }

    @Test func inputsSurviveTheirFile() {
        let all = (0...255).map { UInt8($0) }
        for bytes in [all, [], [0x23, 0x20], Array("\\n".utf8)] {
            #expect(Inputs.bytes(ofLine: Inputs.line(bytes)) == bytes)
        }
    }
}

/// Small damage, the same for the same seed.
private struct Mutation {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    private mutating func roll(_ bound: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int(state >> 33) % bound
    }

    mutating func change(_ seeds: [[UInt8]]) -> [UInt8] {
        var bytes = seeds[roll(seeds.count)]
        for _ in 0...roll(3) {
            let place = roll(bytes.count + 1)
            switch roll(5) {
            case 0: bytes.insert(UInt8(roll(256)), at: place)
            case 1 where place < bytes.count: bytes.remove(at: place)
            case 2 where place < bytes.count: bytes[place] ^= 1 << UInt8(roll(8))
            case 3 where place < bytes.count: bytes[place] = bytes[roll(bytes.count)]
            default:
                let other = seeds[roll(seeds.count)]
                let start = roll(other.count + 1)
                bytes.insert(contentsOf: other[start..<min(other.count, start + roll(24))], at: place)
            }
        }
        return bytes
    }
}
