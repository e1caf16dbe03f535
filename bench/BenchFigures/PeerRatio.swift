// SPDX-License-Identifier: MIT

/// How one figure of ours stands to that of the best peer, over several interleaved rounds.
///
/// The ratio is taken within each round, where both met the same mood of the machine, and then the median of these: the
/// ratio of two medians would set our quiet rounds against a peer's loud ones.
public struct PeerRatio: Equatable, Sendable {
    /// The peer whose median is best.
    public var peer: String
    /// Ours divided by its; where more is better (requests per second) its divided by ours: below 1 is always better.
    public var ratio: Spread

    public enum Direction: Sendable {
        case lessIsBetter, moreIsBetter
    }

    /// Nil where no round has both. Rounds are matched by place; those in which either is missing (nil), not positive
    /// or not a number don't count.
    public init?(ours: [Double?], peers: [(name: String, values: [Double?])], _ direction: Direction) {
        var best: (name: String, values: [Double?], median: Double)?
        for peer in peers {
            guard let spread = Spread(of: peer.values.compactMap { $0 }) else { continue }
            let isBetter = best.map { (spread.median < $0.median) == (direction == .lessIsBetter) }
            if isBetter ?? true { best = (peer.name, peer.values, spread.median) }
        }
        guard let best else { return nil }
        var ratios: [Double] = []
        for case (let ours?, let theirs?) in zip(ours, best.values) where ours > 0 && theirs > 0 {
            ratios.append(direction == .lessIsBetter ? ours / theirs : theirs / ours)
        }
        guard let ratio = Spread(of: ratios) else { return nil }
        peer = best.name
        self.ratio = ratio
    }
}
