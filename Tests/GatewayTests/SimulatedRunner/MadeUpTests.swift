// SPDX-License-Identifier: MIT

import Testing

@testable import SimulatedRunner

/// Text, digests, dates: what a simulated runner makes up.
@Suite struct MadeUpTests {
    @Test func textFollowsFromTheSeedAndSaysWhatItIs() {
        let text = PseudoText(seed: 1).text(tokens: 200)
        #expect(text == PseudoText(seed: 1).text(tokens: 200))
        #expect(text != PseudoText(seed: 2).text(tokens: 200))
        #expect(text.hasPrefix("This answer is simulated: no model was run to make it. "))
        #expect(text.split(separator: " ").count == 200)
    }

    @Test(arguments: [UInt64(0), 1, .max])
    func tokensNeedNoEscaping(seed: UInt64) {
        let text = PseudoText(seed: seed)
        for index in 0..<500 {
            let token = text.token(at: index)
            #expect(!token.isEmpty)
            #expect(token.allSatisfy { (0x20..<0x7F).contains($0) && $0 != 0x22 && $0 != 0x5C })
        }
    }

    @Test(arguments: [
        (0, "1970-01-01T00:00:00Z", "Thu, 01 Jan 1970 00:00:00 GMT"),
        (951_782_400, "2000-02-29T00:00:00Z", "Tue, 29 Feb 2000 00:00:00 GMT"),
        (784_111_777, "1994-11-06T08:49:37Z", "Sun, 06 Nov 1994 08:49:37 GMT"),
        (4_107_542_399, "2100-02-28T23:59:59Z", "Sun, 28 Feb 2100 23:59:59 GMT"),
        (4_107_542_400, "2100-03-01T00:00:00Z", "Mon, 01 Mar 2100 00:00:00 GMT"),
        (-1, "1969-12-31T23:59:59Z", "Wed, 31 Dec 1969 23:59:59 GMT")
    ])
    func datesAreGregorian(seconds: Int, stamp: String, date: String) {
        #expect(WallClock.timestamp(seconds) == stamp)
        #expect(WallClock.httpDate(seconds) == date)
    }

    @Test func stampsHaveAFractionAndDoNotGoBack() {
        var clock = WallClock()
        var last = ""
        for _ in 0..<100 {
            let stamp = clock.withStamp { String(decoding: $0, as: UTF8.self) }
            #expect(stamp.utf8.count == 30 && stamp.hasSuffix("Z"))
            #expect(stamp >= last)
            last = stamp
        }
        #expect(last.hasPrefix(WallClock.timestamp(clock.seconds()).dropLast(3)))
    }

    @Test(arguments: [
        ("5m", 300.0), ("1h30m", 5400), ("-1.5s", -1.5), ("300ms", 0.3), ("0", 0), ("+2s", 2), ("1us", 1e-6),
        ("10µs", 1e-5)
    ])
    func goDurations(text: String, seconds: Double) {
        #expect(InferenceRequest.duration(text).map { abs($0 - seconds) < 1e-9 } == true)
    }

    @Test(arguments: ["", "-", "5", "-1", "m", "5x", "1h 2m", "1.2.3s", "s5"])
    func notGoDurations(text: String) {
        #expect(InferenceRequest.duration(text) == nil)
    }

    @Test(arguments: [
        ("demo", "demo:latest"), ("A/b", "a/b:latest"), ("hf.co/User/repo:Q4", "hf.co/user/repo:q4"),
        ("localhost:5000/x", "localhost:5000/x:latest"), ("library/x:1", "x:1")
    ])
    func namesAreComparedByTheirKey(name: String, key: String) {
        #expect(SimulatedModel.key(of: name) == key)
    }
}
