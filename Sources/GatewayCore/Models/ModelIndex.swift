// SPDX-License-Identifier: MIT

/// Finds a visible name among all runners' models. It is kept up runner by runner as lists change, so that a request
/// costs one look-up and one runner's new list costs that list's length, however many others there are.
struct ModelIndex: Sendable {
    /// All that is known under one visible name.
    private struct Slot: Sendable {
        /// Ascending by index.
        var holdings: [Holding] = []
        var loaded = RunnerSet()
        /// Ready to hand out; nil while there are no holdings.
        var resolved: ResolvedModel?
    }

    /// A spelling leaves with the last runner that uses it.
    private struct Spelling: Sendable {
        var slot: Int
        var uses: Int
    }

    private var slots: [Slot] = []
    private var freeSlots: [Int] = []
    private var slotOfKey: [String: Int] = [:]
    private var slotOfSpelling: [String: Spelling] = [:]

    /// By the exact name that lists show, which may lack `:latest`.
    func model(spelled visibleName: String) -> ResolvedModel? {
        slotOfSpelling[visibleName].flatMap { slots[$0.slot].resolved }
    }

    /// By the comparison key of the visible name.
    func model(key: String) -> ResolvedModel? {
        slotOfKey[key].flatMap { slots[$0].resolved }
    }

    /// Whether the runner has it in memory, as far as is known.
    func isLoaded(key: String, on runner: Int) -> Bool {
        guard let slot = slotOfKey[key] else { return false }
        return slots[slot].loaded.contains(runner)
    }

    /// Every model, in no particular order.
    var models: some Sequence<ResolvedModel> { slots.lazy.compactMap(\.resolved) }

    mutating func insert(_ holding: Holding, key: String, isLoaded: Bool) {
        let slot = slotOfKey[key] ?? makeSlot(key)
        let place = slots[slot].holdings.firstIndex { $0.index > holding.index } ?? slots[slot].holdings.count
        slots[slot].holdings.insert(holding, at: place)
        if isLoaded { slots[slot].loaded.insert(holding.runner) }
        for name in spellings(of: holding) {
            // Two keys under one spelling would take a runner whose prefix is part of a host name: the first one stays.
            var spelling = slotOfSpelling[name] ?? Spelling(slot: slot, uses: 0)
            guard spelling.slot == slot else { continue }
            spelling.uses += 1
            slotOfSpelling[name] = spelling
        }
        settle(slot, key)
    }

    mutating func remove(runner: Int, key: String) {
        guard let slot = slotOfKey[key],
            let place = slots[slot].holdings.firstIndex(where: { $0.runner == runner })
        else { return }
        let holding = slots[slot].holdings.remove(at: place)
        slots[slot].loaded.remove(runner)
        for name in spellings(of: holding) {
            guard var spelling = slotOfSpelling[name], spelling.slot == slot else { continue }
            spelling.uses -= 1
            slotOfSpelling[name] = spelling.uses > 0 ? spelling : nil
        }
        settle(slot, key)
        if slots[slot].holdings.isEmpty {
            slotOfKey[key] = nil
            freeSlots.append(slot)
        }
    }

    mutating func setLoaded(_ isLoaded: Bool, runner: Int, key: String) {
        guard let slot = slotOfKey[key], slots[slot].loaded.contains(runner) != isLoaded,
            slots[slot].holdings.contains(where: { $0.runner == runner })
        else { return }
        if isLoaded { slots[slot].loaded.insert(runner) } else { slots[slot].loaded.remove(runner) }
        if let resolved = slots[slot].resolved { slots[slot].resolved = resolved.with(loaded: slots[slot].loaded) }
    }

    /// As listed, and, since that is what most clients send, without the tag that may be left out: each is found with one
    /// look-up, where any other spelling has to be taken apart first.
    private func spellings(of holding: Holding) -> [String] {
        let name = holding.visibleName
        let tag = ":latest".utf8
        guard name.utf8.count > tag.count, name.utf8.suffix(tag.count).elementsEqual(tag) else { return [name] }
        return [name, String(Substring(name.utf8.dropLast(tag.count)))]
    }

    private mutating func makeSlot(_ key: String) -> Int {
        let slot = freeSlots.popLast() ?? slots.count
        if slot == slots.count { slots.append(Slot()) }
        slotOfKey[key] = slot
        return slot
    }

    /// `a.b` may be `b` behind the prefix `a`, or a model that is called so. These are different models under one
    /// name; the longest prefix has it, and the others can't be reached by it.
    private mutating func settle(_ slot: Int, _ key: String) {
        let holdings = slots[slot].holdings
        let longest = holdings.lazy.map(\.prefix.utf8.count).max() ?? 0
        let reachable =
            holdings.allSatisfy { $0.prefix.utf8.count == longest }
            ? holdings : holdings.filter { $0.prefix.utf8.count == longest }
        slots[slot].resolved = ResolvedModel(key: key, holdings: reachable, loaded: slots[slot].loaded)
    }
}
