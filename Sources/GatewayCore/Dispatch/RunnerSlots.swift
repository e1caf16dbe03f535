// SPDX-License-Identifier: MIT

/// One runner as the dispatcher sees it: its slots, its health, its place in the rotation.
public struct RunnerSlots: Sendable {
    public struct Settings: Equatable, Sendable {
        public var isEnabled: Bool
        /// Leases at once; nil: no cap.
        public var cap: Int?
        /// Share of new work; 0: none.
        public var weight: Int

        public init(isEnabled: Bool = true, cap: Int? = nil, weight: Int = 1) {
            self.isEnabled = isEnabled
            self.cap = cap
            self.weight = weight
        }
    }

    public internal(set) var settings: Settings
    public internal(set) var inflight: Int
    /// Not configured any more: it gets no work, and is here for the leases it still has.
    var isRetired = false
    public internal(set) var health = RunnerHealth()
    /// Serial of the last choice that fell on it; the lowest is next in rotation.
    var lastChosen: UInt64 = 0
    /// Virtual time of the weighted rotation: grows by 1 ÷ weight with every choice.
    var pass: UInt64 = 0
    /// Slots in a row that went to others though a background exchange could have used them.
    private var passedBackground = 0
    private var shadows: [Instant] = []
    /// When the last of the shadows is gone.
    private(set) var shadowsEnd = Instant(nanoseconds: .min)

    /// A prefill that nobody waits for any more counts for at most this long.
    private static let shadowLength = Interval.seconds(10)
    private static let maximumShadows = 64

    /// One slot in so many is for background exchanges, though others could use it.
    private static let backgroundInterval = 16

    /// `inflight`: leases that it has from before it was retired, if it comes back.
    init(_ settings: Settings, inflight: Int = 0) {
        self.settings = settings
        self.inflight = inflight
    }

    /// A slot is free and the runner did not ask to be left alone.
    func isFree(at now: Instant) -> Bool {
        guard !health.isBusy(at: now) else { return false }
        if let cap = settings.cap, inflight >= cap { return false }
        if let allowance = health.allowance, inflight >= allowance { return false }
        return true
    }

    /// Background exchanges have stepped back here for as long as they have to. Counted at each runner: were it counted
    /// over all, the many slots of one model would let them have every slot of another that is seldom free.
    var owesBackground: Bool { passedBackground >= RunnerSlots.backgroundInterval - 1 }

    /// A slot that a background exchange could have used went to one, or to another.
    mutating func countBackground(isServed: Bool) {
        passedBackground = isServed ? 0 : min(passedBackground + 1, RunnerSlots.backgroundInterval)
    }

    /// Prefills that go on without a client.
    func shadows(at now: Instant) -> Int {
        shadows.count { now < $0 }
    }

    mutating func addShadow(now: Instant) {
        shadows.removeAll { $0 <= now }
        guard shadows.count < RunnerSlots.maximumShadows else { return }
        shadowsEnd = now + RunnerSlots.shadowLength
        shadows.append(shadowsEnd)
    }

    mutating func clearShadows() {
        guard !shadows.isEmpty else { return }
        shadows.removeAll(keepingCapacity: true)
        shadowsEnd = Instant(nanoseconds: .min)
    }
}
