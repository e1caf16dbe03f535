// SPDX-License-Identifier: MIT

/// How many requests keys have made lately, against their `requests_per_minute`: a token bucket of that size for each,
/// which refills evenly. It is kept as one instant, the time at which the bucket would be full again.
public struct RequestRates: Sendable {
    private static let minute: Int64 = 60_000_000_000
    /// By the key's name; only keys that have a limit.
    private var fullAt: [String: Instant] = [:]

    public init() {}

    /// Takes a token.
    ///
    /// - Throws: 429 with the time until there is one.
    public mutating func take(_ identity: Identity, now: Instant) throws(GatewayError) {
        guard let limit = identity.requestsPerMinute, let name = identity.keyName else { return }
        let cost = RequestRates.minute / Int64(max(1, limit))
        let full = max(fullAt[name] ?? now, now)
        let wait = full.nanoseconds - now.nanoseconds + cost - RequestRates.minute
        guard wait <= 0 else { throw .tooManyRequests(key: name, limit: limit, nanoseconds: wait) }
        fullAt[name] = full + Interval(nanoseconds: cost)
    }

    /// A changed configuration: of keys that are gone nothing is kept.
    public mutating func keep(_ names: some Collection<String>) {
        let names = Set(names)
        fullAt = fullAt.filter { names.contains($0.key) }
    }

    /// Keys that something is kept of.
    var count: Int { fullAt.count }
}

extension GatewayError {
    static func tooManyRequests(key name: String, limit: Int, nanoseconds: Int64) -> GatewayError {
        GatewayError(
            429, "The key '\(name)' may make \(limit) requests a minute, and has; wait, or ask for a higher limit.",
            retryAfter: Int((nanoseconds + 999_999_999) / 1_000_000_000), refusal: .rate, keyName: name)
    }
}
