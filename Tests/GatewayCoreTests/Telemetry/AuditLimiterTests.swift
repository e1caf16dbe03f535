// SPDX-License-Identifier: MIT

import Testing

@testable import GatewayCore

/// How many refusals are written, and what is said of the others.
@Suite struct AuditLimiterTests {
    private static func at(_ seconds: Double) -> Instant { Instant(nanoseconds: Int64(seconds * 1_000_000_000)) }

    /// Offers so many refusals at once; how many were let through.
    private static func offer(
        _ count: Int, _ refusal: AccessRefusal? = .noKey, of keyName: String? = nil, at seconds: Double,
        to limiter: inout AuditLimiter
    ) -> Int {
        (0..<count).count { _ in limiter.admits(refusal, keyName: keyName, now: at(seconds)) }
    }

    @Test func theFirstFiftyOfTenSecondsAreWritten() {
        var limiter = AuditLimiter()
        #expect(Self.offer(50, at: 1, to: &limiter) == 50)
        #expect(limiter.summariesDue == nil)
        #expect(Self.offer(1, at: 10.9, to: &limiter) == 0)
        #expect(limiter.summariesDue == Self.at(11))
        #expect(limiter.takeSummaries(now: Self.at(10.9)).isEmpty)
        let summary = AuditLimiter.Summary(keyName: nil, count: 1, reasons: [.init(refusal: .noKey, count: 1)])
        #expect(limiter.takeSummaries(now: Self.at(11)) == [summary])
        #expect(limiter.takeSummaries(now: Self.at(11)).isEmpty && limiter.summariesDue == nil)
        #expect(Self.offer(60, at: 11, to: &limiter) == 50)
    }

    @Test func nothingIsSaidWhereNothingWasLeftOut() {
        var limiter = AuditLimiter()
        #expect(Self.offer(50, at: 0, to: &limiter) == 50)
        #expect(limiter.takeSummaries(now: Self.at(10)).isEmpty)
        #expect(limiter.accountCount == 0)
        #expect(Self.offer(50, at: 10, to: &limiter) == 50)
    }

    @Test func oneKeysFloodHidesNobodyElse() {
        var limiter = AuditLimiter()
        #expect(Self.offer(5000, .rate, of: "ci", at: 0, to: &limiter) == 50)
        #expect(Self.offer(1000, at: 1, to: &limiter) == 50)
        #expect(Self.offer(50, .scope, of: "laptop", at: 2, to: &limiter) == 50)
        #expect(Self.offer(3, .model, of: "ci", at: 3, to: &limiter) == 0)
        #expect(Self.offer(2, nil, of: "ci", at: 3, to: &limiter) == 0)
        let summaries = limiter.takeSummaries(now: Self.at(10))
        #expect(summaries.map(\.keyName) == [nil, "ci"])
        #expect(summaries.map(\.count) == [950, 4955])
        #expect(
            summaries.last?.reasons == [
                .init(refusal: .rate, count: 4950), .init(refusal: .model, count: 3), .init(refusal: nil, count: 2)
            ])
    }

    @Test func anEndTellsAtOnce() {
        var limiter = AuditLimiter()
        _ = Self.offer(51, at: 0, to: &limiter)
        #expect(limiter.takeSummaries(now: Self.at(0), force: true).map(\.count) == [1])
        #expect(limiter.takeSummaries(now: Self.at(0), force: true).isEmpty)
    }

    /// Whatever comes: everything is written or counted, no account has more than its part of any stretch, and no more
    /// is kept than there are accounts.
    @Test(arguments: 0..<20)
    func whateverComesIsWrittenOrCounted(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        let keys: [String?] = [nil, "a", "b", "c"]
        var limiter = AuditLimiter()
        var (offered, written, counted) = (0, 0, 0)
        var inStretch: [String?: Int] = [:]
        var clock = 0.0
        var began: Double?
        for _ in 0..<5000 {
            clock += Double.random(in: 0...0.02, using: &random)
            if let start = began, clock >= start + 10 {
                counted += limiter.takeSummaries(now: Self.at(clock)).reduce(0) { $0 + $1.count }
                began = nil
                inStretch = [:]
            }
            if began == nil { began = clock }
            guard let key = keys.randomElement(using: &random) else { continue }
            offered += 1
            if limiter.admits(AccessRefusal.allCases.randomElement(using: &random), keyName: key, now: Self.at(clock)) {
                written += 1
                inStretch[key, default: 0] += 1
            }
            #expect(inStretch.values.allSatisfy { $0 <= AuditLimiter.most })
            #expect(limiter.accountCount <= keys.count)
        }
        counted += limiter.takeSummaries(now: Self.at(clock), force: true).reduce(0) { $0 + $1.count }
        #expect(offered == written + counted && counted > 0)
        #expect(limiter.accountCount == 0)
    }

    @Test func aSummaryIsALine() {
        var output: [UInt8] = []
        let line = LogLine(.text, at: Array("T".utf8), level: LogLine.audit, AuditLimiter.Summary.word, in: &output)
        let summary = AuditLimiter.Summary(
            keyName: "a key", count: 12,
            reasons: [.init(refusal: .noKey, count: 9), .init(refusal: nil, count: 3)])
        summary.write(on: line, to: &output)
        #expect(
            String(decoding: output, as: UTF8.self)
                == #"T audit omitted key="a key" count=12 reasons=no-key:9,failed:3"#)
    }
}
