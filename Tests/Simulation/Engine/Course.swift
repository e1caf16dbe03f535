// SPDX-License-Identifier: MIT

import GatewayCore

/// One client and its exchange: the real machine, and what surrounds it.
final class Course {
    let client: Int
    let ask: Step.Ask
    let arrivedAt: Instant
    var machine: Exchange
    var slot: SlotRequest
    var model: ResolvedModel?
    var timer: Int

    /// The connection to its runner.
    enum Link: Equatable {
        case none, connecting
        case open(isReused: Bool)
    }
    var link = Link.none
    /// Something came over it.
    var hasResponseBytes = false
    var hasLeft = false
    var bodyHeld = 0

    // The splice.
    var summary: ResponseSummary?
    var keepsRunnerAlive = false
    var closing = ClosingEventScanner(kind: .none)
    var clock = AnswerClock()
    var reply = Reply()
    var socket: ClientSocket

    // What the witness keeps.
    enum Outcome: Equatable {
        case whole, cut, gone
        case failed(ExchangeFailure)
        case ownError
    }
    var outcomes = 0
    var outcome: Outcome?
    var isClientHere = true
    var holdsLease = false
    var tried: [Int] = []
    var moves = 0
    /// A part of its body can't be sent again.
    var bodyIsGone = false
    var crashes = 0
    var movesSinceCrash = 0
    var headForwarded = false
    /// Place in the queue: when it was put there, and whether by a move. nil: it doesn't wait.
    var queued: (isMove: Bool, serial: Int)?
    /// On whose account it waits.
    let account: Account
    /// It has its slot since background work was owed one there.
    var wasOwed = false
    var connectBegan: Instant?
    var lastSignOfLife: Instant?
    var requestBegan: Instant?
    var pausedAt: Instant?
    var pausedFor = Interval.zero

    init(
        client: Int, _ ask: Step.Ask, account: Account, claimant: Claimant, streams: Bool, now: Instant, timer: Int
    ) {
        self.account = account
        self.client = client
        self.ask = ask
        arrivedAt = now
        self.timer = timer
        machine = Exchange(traits: .init(needsSlot: !ask.isShow, streams: streams, streamsBody: ask.streamsBody))
        slot = SlotRequest(
            id: ExchangeID(UInt64(client)), claimant: claimant, model: ask.model, holders: RunnerSet(),
            loaded: RunnerSet(), arrivedAt: now)
        slot.isPinned = ask.pin != nil
        socket = ClientSocket(room: ask.room)
    }

    var isStreaming: Bool { !machine.isMovable && !machine.hasEnded }
}

/// What the runner has said in the running attempt.
struct Reply {
    /// On its socket, not yet read.
    var unread: [UInt8] = []
    var sent: [UInt8] = []
    var end: Step.End?
    private var position = 0
    private var kind = ClosingEventScanner.Kind.none

    /// Text that looks like a closing event where it is none, in lines that may be cut anywhere.
    private static let ndjson = Array(#"{"response":"say \"done\":true","done":false}"#.utf8) + [10]
    private static let events = Array("data: {\"delta\":\"\\ndata: [DONE]\"}\n\n".utf8)
    private static let plain = Array("An answer of some other kind. ".utf8)
    private static let lastLine = Array(#"{"response":"","done":true,"eval_count":7}"#.utf8) + [10]
    private static let lastEvent = Array("data: [DONE]\n\n".utf8)

    mutating func begin(_ kind: ClosingEventScanner.Kind) { self.kind = kind }

    private var pattern: [UInt8] {
        switch kind {
        case .none: Reply.plain
        case .ndjson: Reply.ndjson
        case .serverSentEvents: Reply.events
        }
    }

    mutating func say(_ count: Int) {
        let pattern = pattern
        for _ in 0..<count {
            put(pattern[position])
            position = position + 1 == pattern.count ? 0 : position + 1
        }
    }

    mutating func finish(_ end: Step.End) {
        self.end = end
        guard end == .whole || end == .withBytesBehind else { return }
        if position > 0 { say(pattern.count - position) }
        switch kind {
        case .none: break
        case .ndjson: for byte in Reply.lastLine { put(byte) }
        case .serverSentEvents: for byte in Reply.lastEvent { put(byte) }
        }
    }

    private mutating func put(_ byte: UInt8) {
        unread.append(byte)
        sent.append(byte)
    }

    /// What one read brings.
    mutating func read(_ limit: Int) -> [UInt8] {
        guard unread.count > limit else {
            defer { unread.removeAll() }
            return unread
        }
        let piece = Array(unread[..<limit])
        unread.removeFirst(limit)
        return piece
    }

    /// The runner said all of it, closing event included.
    var isWhole: Bool { end == .whole || end == .withBytesBehind }
}

/// A client's socket with room for so many bytes; what it doesn't take is held, as by `ByteStream`.
struct ClientSocket {
    var room: Int
    var held: [UInt8] = []
    private(set) var received: [UInt8] = []

    init(room: Int) {
        self.room = room
    }

    /// Says whether it took all of it.
    mutating func write(_ bytes: [UInt8]) -> Bool {
        let taken = held.isEmpty ? min(room, bytes.count) : 0
        accept(bytes[..<taken])
        guard taken < bytes.count else { return true }
        held += bytes[taken...]
        return false
    }

    /// The client reads. Says whether the last held byte left by it.
    mutating func take(_ bytes: Int) -> Bool {
        room = min(Step.unlimited, room + bytes)
        guard !held.isEmpty else { return false }
        let taken = min(room, held.count)
        accept(held[..<taken])
        held.removeFirst(taken)
        return held.isEmpty
    }

    private mutating func accept(_ bytes: ArraySlice<UInt8>) {
        received += bytes
        if room < Step.unlimited { room -= bytes.count }
    }
}
