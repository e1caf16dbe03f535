// SPDX-License-Identifier: MIT

import Testing

@testable import GatewayCore

/// `requests_per_minute`, against a bucket that counts.
@Suite struct RequestRateTests {
    private func identity(_ name: String, _ limit: Int?) -> Identity {
        var identity = Identity(keyName: name, role: .user, rights: .all)
        identity.requestsPerMinute = limit
        return identity
    }

    private func at(_ seconds: Double) -> Instant { Instant(nanoseconds: 0) + .seconds(seconds) }

    /// Random arrivals, and a bucket with a fraction that refills between them.
    @Test(arguments: [1, 2, 7, 60, 1000])
    func itIsATokenBucketOfThatSize(limit: Int) {
        var dice = SeededGenerator(seed: UInt64(limit))
        var rates = RequestRates()
        var tokens = Double(limit)
        var now = 1.0
        var (granted, refused) = (0, 0)
        for _ in 0..<5000 {
            let step = Double.random(in: 0...(90 / Double(limit)), using: &dice) * (Bool.random(using: &dice) ? 1 : 0.1)
            now += step
            tokens = min(Double(limit), tokens + step * Double(limit) / 60)
            // Too near to say, with fractions of nanoseconds.
            guard abs(tokens - 1) > 1e-6 || tokens == Double(limit) else { continue }
            do throws(GatewayError) {
                try rates.take(identity("ann", limit), now: at(now))
                #expect(tokens >= 1)
                tokens -= 1
                granted += 1
            } catch {
                #expect(tokens < 1)
                #expect(error.status == 429 && !error.sentence.contains("dmr_"))
                let wait = (1 - tokens) * 60 / Double(limit)
                #expect(Double(error.retryAfter ?? 0) >= wait - 1e-6 && Double(error.retryAfter ?? 0) < wait + 1 + 1e-6)
                refused += 1
            }
        }
        #expect(granted > 100 && refused > 100)
    }

    @Test func keysHaveBucketsOfTheirOwnAndOthersHaveNone() throws {
        var rates = RequestRates()
        try rates.take(identity("a", 1), now: at(1))
        try rates.take(identity("b", 1), now: at(1))
        for _ in 0..<1000 {
            try rates.take(identity("c", nil), now: at(1))
            try rates.take(Identity(rights: .read), now: at(1))
        }
        #expect(throws: GatewayError.self) { try rates.take(identity("a", 1), now: at(1)) }
        #expect(rates.count == 2)
        rates.keep(["b"])
        #expect(rates.count == 1)
        #expect(throws: GatewayError.self) { try rates.take(identity("b", 1), now: at(2)) }
        try rates.take(identity("a", 1), now: at(2))
    }

    @Test func extremeLimitsStayLimits() throws {
        var rates = RequestRates()
        for _ in 0..<1000 { try rates.take(identity("ann", .max - 1), now: at(1)) }
        #expect(throws: Never.self) { try rates.take(identity("b", 1), now: Instant(nanoseconds: .max - 1)) }
    }

    /// Whether a request is counted: where a right is needed, and the key has it.
    @Test func onlyWhatAKeyMayDoIsCounted() {
        var key = AccessFixtures.key("ann", "dmr_ann", .user, [.read])
        key.requestsPerMinute = 1
        let rules = RequestIntake.Rules(
            router: Router(pathPrefix: "/docker-model-runner"), access: AccessPolicy(keys: [key]),
            loopGuard: Knock.loopGuard, limits: RequestLimits(), bodyLimit: 1000, isEnabled: true)
        var rates = RequestRates()
        func status(_ method: Method, _ target: String) -> RequestIntake {
            let head = RequestHead.make(
                method, target, [("Host", "localhost")] + AccessFixtures.bearer("dmr_ann"), .http11)
            return RequestIntake(head, from: Caller(on: .other), rules: rules, rates: &rates, now: at(1))
        }
        for _ in 0..<3 {
            #expect(status(.head, "/").status == 200 && status(.get, "/api/version").status == 200)
            #expect(status(.post, "/api/chat").status == 403 && status(.get, "/nowhere").status == 404)
        }
        #expect(status(.get, "/api/tags").status == 200)
        #expect(status(.get, "/api/tags").status == 429)
        #expect(status(.get, "/v1/models").error?.retryAfter == 60)
    }
}
