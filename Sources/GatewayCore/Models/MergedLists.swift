// SPDX-License-Identifier: MIT

/// The lists a client can ask for; all are answered from the catalog.
public enum CatalogList: CaseIterable, Sendable {
    /// `GET /api/tags` and `/api/ps` as one Ollama would answer them.
    case tags, ps
    /// `GET /v1/models`, in the order of `tags`.
    case openAIModels
    /// The same under the prefix, with Open WebUI's additions.
    case prefixTags, prefixPs
}

/// Merged lists, kept until a runner's list changes. The order is kept apart from the text: a caller with limited
/// rights gets the same order with entries left out.
struct MergedLists: Sendable {
    private(set) var order: [CatalogList: [MergedEntry]] = [:]
    private(set) var answers: [CatalogList: [UInt8]] = [:]
    /// How often one was put together.
    private(set) var merges = 0

    /// `prefixTags` tells when a loaded model expires, so it ages with both.
    mutating func tagsChanged() { discard([.tags, .openAIModels, .prefixTags]) }
    mutating func psChanged() { discard([.ps, .prefixPs, .prefixTags]) }

    mutating func keep(_ entries: [MergedEntry], for list: CatalogList) {
        order[list] = entries
        merges += 1
    }

    mutating func keep(_ answer: [UInt8], for list: CatalogList) { answers[list] = answer }

    private mutating func discard(_ changed: [CatalogList]) {
        for list in changed {
            order[list] = nil
            answers[list] = nil
        }
    }
}

/// One entry of a merged list: whose entry is shown, and under which name.
struct MergedEntry: Sendable {
    /// Comparison key of the visible name.
    let key: String
    let visibleName: String
    /// The runner whose entry is shown, its index, and the place in its list.
    let runner: Int
    let index: Int
    let position: Int
    /// All runners that have it.
    var runners: RunnerSet
    /// What the root's order goes by: `modified_at` or `expires_at`.
    let time: WallTime?
}

extension [MergedEntry] {
    /// Latest first; equal times, and entries without one at the end, as first seen.
    func latestFirst() -> [MergedEntry] {
        sorted { left, right in
            left.time == right.time ? left.isSeenBefore(right) : left.time > right.time
        }
    }

    /// In order of the runners, then of their lists.
    func firstSeenFirst() -> [MergedEntry] { sorted { $0.isSeenBefore($1) } }

    /// Entries hold texts and sets, which cost more to move than to compare, so only their numbers are sorted: a list
    /// of fifty thousand models takes 75 ms instead of 120.
    private func sorted(_ isBefore: (SortKey, SortKey) -> Bool) -> [MergedEntry] {
        let keys = indices.map { place in
            SortKey(
                time: self[place].time ?? .unknown, index: self[place].index, position: self[place].position,
                place: place)
        }
        return keys.sorted(by: isBefore).map { self[$0.place] }
    }
}

/// What an entry is sorted by, and its place before that.
private struct SortKey {
    let time: WallTime
    let index: Int
    let position: Int
    let place: Int

    func isSeenBefore(_ other: SortKey) -> Bool { (index, position) < (other.index, other.position) }
}

extension WallTime {
    fileprivate static let unknown = WallTime(seconds: .min)
}
