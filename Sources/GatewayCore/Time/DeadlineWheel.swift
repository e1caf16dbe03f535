// SPDX-License-Identifier: MIT

/// All deadlines of a loop in one hashed wheel, so that a thousand connections cost one timer.
///
/// Moving a deadline further away, which happens with every chunk of every stream, is one store: the entry stays in its
/// slot and is looked at again when the slot's time comes. Only a deadline that comes nearer is filed anew.
public struct DeadlineWheel {
    /// Names an entry from `add` to `remove`.
    public typealias Identifier = Int32

    private struct Entry {
        var deadline = Instant.distantFuture
        /// The tick whose slot counts for this entry; other slots may hold stale references. `.max`: in none.
        var filedTick = Int64.max
        var generation: UInt32 = 0
    }

    private struct Reference {
        var identifier: Identifier
        var generation: UInt32
    }

    /// Deadlines are late by less than one tick, never early.
    public static let tickNanoseconds: Int64 = 8_000_000
    /// 4,096 slots of 8 ms reach 32 s ahead; what lies further is filed at the far end and looked at again there.
    private static let slotCount: Int64 = 4096

    private var entries: [Entry] = []
    private var free: [Identifier] = []
    private var slots: [[Reference]]
    /// The next tick to be looked at; everything before it is empty.
    private var currentTick: Int64
    private var filedCount = 0

    public init(now: Instant) {
        slots = Array(repeating: [], count: Int(Self.slotCount))
        currentTick = now.nanoseconds / Self.tickNanoseconds
    }

    /// A new entry without a deadline.
    public mutating func add() -> Identifier {
        if let identifier = free.popLast() { return identifier }
        entries.append(Entry())
        return Identifier(entries.count - 1)
    }

    public mutating func remove(_ identifier: Identifier) {
        let index = Int(identifier)
        entries[index] = Entry(generation: entries[index].generation &+ 1)
        free.append(identifier)
    }

    /// Replaces the entry's deadline; `.distantFuture` is none. Says whether the entry was filed anew, so that the
    /// caller has to look at `nextWakeUp` again.
    public mutating func set(_ identifier: Identifier, to deadline: Instant) -> Bool {
        let index = Int(identifier)
        entries[index].deadline = deadline
        guard deadline != .distantFuture else { return false }
        let tick = max(Self.tick(of: deadline), currentTick)
        guard tick < entries[index].filedTick else { return false }
        file(identifier, tick: tick)
        return true
    }

    /// The next entry whose deadline has passed, its deadline then being none; nil when there is none left.
    public mutating func takeExpired(at now: Instant) -> Identifier? {
        let lastTick = now.nanoseconds / Self.tickNanoseconds
        while currentTick <= lastTick {
            let slot = Int(currentTick % Self.slotCount)
            while let reference = slots[slot].popLast() {
                filedCount -= 1
                let index = Int(reference.identifier)
                guard entries[index].generation == reference.generation, entries[index].filedTick == currentTick else {
                    continue
                }
                entries[index].filedTick = .max
                if entries[index].deadline <= now {
                    entries[index].deadline = .distantFuture
                    return reference.identifier
                }
                if entries[index].deadline != .distantFuture {
                    // Later than this tick, or later within it: then the next one will do.
                    file(reference.identifier, tick: max(Self.tick(of: entries[index].deadline), currentTick + 1))
                }
            }
            if filedCount == 0 {
                currentTick = max(lastTick, currentTick)
                return nil
            }
            guard currentTick < lastTick else { return nil }
            currentTick += 1
        }
        return nil
    }

    /// When the earliest filled slot has to be looked at; nil while no deadline is set.
    public var nextWakeUp: Instant? {
        guard filedCount > 0 else { return nil }
        for tick in currentTick..<(currentTick + Self.slotCount) where !slots[Int(tick % Self.slotCount)].isEmpty {
            return Instant(nanoseconds: tick * Self.tickNanoseconds)
        }
        return nil
    }

    private mutating func file(_ identifier: Identifier, tick: Int64) {
        let tick = min(tick, currentTick + Self.slotCount - 1)
        entries[Int(identifier)].filedTick = tick
        slots[Int(tick % Self.slotCount)].append(
            Reference(identifier: identifier, generation: entries[Int(identifier)].generation))
        filedCount += 1
    }

    /// Rounded up: an entry is looked at when its deadline has passed.
    private static func tick(of deadline: Instant) -> Int64 {
        deadline.nanoseconds / tickNanoseconds + (deadline.nanoseconds % tickNanoseconds == 0 ? 0 : 1)
    }
}
