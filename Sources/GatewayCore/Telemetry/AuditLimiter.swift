// SPDX-License-Identifier: MIT

/// How many records of refusals are written: each caller's first ones of every ten seconds, and then how many more there
/// were. A flood of refusals costs the log a bounded number of lines so, and the loop a count each; and one key's flood
/// hides nobody else's refusals. Callers without a known key share one account, so that there are no more accounts than
/// keys.
///
/// One stretch of time is common to all accounts. It begins with a record, and nothing is kept from one to the next.
public struct AuditLimiter: Sendable {
    /// Records of one account in a stretch, unless somebody says otherwise.
    public static let most = 50

    /// What wasn't written of one account.
    public struct Summary: Equatable, Sendable {
        /// Nil: of callers without a known key.
        public var keyName: String?
        public var count: Int
        /// Behind each reason how often it was; nil: failed before anything was asked of access, or for no reason of it.
        public var reasons: [Reason]

        public struct Reason: Equatable, Sendable {
            public var refusal: AccessRefusal?
            public var count: Int
        }
    }

    private struct Account {
        var written = 0
        var omitted: [AccessRefusal?: Int] = [:]
    }

    private var accounts: [String?: Account] = [:]
    /// Of the stretch that has begun.
    private var endsAt: Instant?
    /// Something was left out since it began.
    private var hasOmitted = false

    private let stretch: Interval
    private let most: Int

    public init(stretch: Interval = .seconds(10), most: Int = AuditLimiter.most) {
        self.stretch = stretch
        self.most = most
    }

    /// When `takeSummaries` has something to tell; nil: nothing was left out.
    public var summariesDue: Instant? { hasOmitted ? endsAt : nil }

    /// Accounts that something is kept of.
    var accountCount: Int { accounts.count }

    /// Whether there is room for one more record. `takeSummaries` has been asked at this time.
    public mutating func admits(_ refusal: AccessRefusal?, keyName: String?, now: Instant) -> Bool {
        if endsAt == nil { endsAt = now + stretch }
        guard accounts[keyName, default: Account()].written < most else {
            accounts[keyName, default: Account()].omitted[refusal, default: 0] += 1
            hasOmitted = true
            return false
        }
        accounts[keyName, default: Account()].written += 1
        return true
    }

    /// What was left out of a stretch that is over; with `force` of one that isn't, too. The account without a key comes
    /// first, then the others by name.
    public mutating func takeSummaries(now: Instant, force: Bool = false) -> [Summary] {
        guard let endsAt, now >= endsAt || force else { return [] }
        defer {
            self.endsAt = nil
            accounts.removeAll()
            hasOmitted = false
        }
        guard hasOmitted else { return [] }
        return accounts.filter { !$0.value.omitted.isEmpty }.map { AuditLimiter.summary(of: $0.key, $0.value.omitted) }
            .sorted { ($0.keyName ?? "") < ($1.keyName ?? "") }
    }

    private static func summary(of keyName: String?, _ omitted: [AccessRefusal?: Int]) -> Summary {
        let order: [AccessRefusal?] = AccessRefusal.allCases + [nil]
        return Summary(
            keyName: keyName, count: omitted.values.reduce(0, +),
            reasons: order.compactMap { refusal in omitted[refusal].map { .init(refusal: refusal, count: $0) } })
    }
}

extension AuditLimiter.Summary {
    /// The line's first word.
    public static let word = "omitted"

    /// Everything behind it.
    public func write(on line: LogLine, to output: inout [UInt8]) {
        if let keyName { line.add("key", LogText.cut(keyName, to: AuditRecord.longestText), to: &output) }
        line.add("count", count, to: &output)
        line.add("reasons", reasons.map { "\($0.refusal?.rawValue ?? "failed"):\($0.count)" }, to: &output)
    }
}
