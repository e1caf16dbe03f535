// SPDX-License-Identifier: MIT

/// On whose account an exchange waits and runs: the queue is shared between claimants, not between exchanges.
public struct Claimant: Equatable, Sendable {
    /// Who it is, in two words: a user, else a key, else a client's address.
    public struct ID: Hashable, Sendable {
        enum Kind: UInt8 {
            /// Nobody in particular: clients of a Unix socket, who share one account.
            case local
            case address, network, key, user
        }

        let value: UInt64
        let kind: Kind

        private init(_ kind: Kind, _ value: UInt64) {
            self.kind = kind
            self.value = value
        }

        fileprivate init(key: UInt64) { self.init(.key, key) }

        /// A client without a key. IPv6 hands out whole networks, so a /64 is one account, as one IPv4 address is; nil:
        /// it came over a Unix socket.
        public init(address: IPAddress?) {
            guard let address else {
                self.init(.local, 0)
                return
            }
            if address.isVersion4 { self.init(.address, address.low) } else { self.init(.network, address.high) }
        }

        /// A key that is known by its digest, of which 64 bits are as unique as they are unguessable.
        init(_ digest: KeyDigest) {
            self.init(.key, digest.firstWord)
        }

        /// A key that is known by a certificate's subject, which an authority of ours has issued.
        init(certificateSubject: String) {
            self.init(.key, ID.hash(certificateSubject.utf8))
        }

        /// A user as a key asserts it. Two keys may know different users by the same name.
        init(user: some Sequence<UInt8>, of key: ID) {
            self.init(.user, ID.hash(user, seed: key.value))
        }

        /// FNV-1a.
        private static func hash(_ bytes: some Sequence<UInt8>, seed: UInt64 = 0) -> UInt64 {
            bytes.reduce(0xCBF2_9CE4_8422_2325 ^ seed) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        }

        /// Tells callers apart without keeping who they are.
        public var caller: UInt64 { value ^ UInt64(kind.rawValue) << 56 }
    }

    public enum Priority: Sendable {
        case interactive
        /// Slots that no interactive exchange could use, and one in sixteen of the others.
        case background
    }

    /// What the configuration gives to a key or a user.
    public struct Allotment: Equatable, Sendable {
        /// Of the slots that several wait for: 1...1000.
        public var share: Int
        /// Leases at once; `Int.max`: no cap.
        public var maxInflight: Int
        public var priority: Priority

        public init(share: Int = 1, maxInflight: Int = .max, priority: Priority = .interactive) {
            self.share = share
            self.maxInflight = maxInflight
            self.priority = priority
        }
    }

    /// The leases that somebody may have at once.
    struct Cap: Equatable, Sendable {
        let holder: ID
        let limit: Int
    }

    public let id: ID
    public private(set) var priority: Priority
    // Packed, since every request carries it about; `Int32.max`: no cap.
    private var shareOfSlots: Int32
    private var limit: Int32
    private var keyLimit = Int32.max
    private var key: UInt64 = 0

    public init(id: ID, _ allotment: Allotment = Allotment()) {
        self.id = id
        priority = allotment.priority
        shareOfSlots = max(1, Int32(clamping: allotment.share))
        limit = Int32(clamping: allotment.maxInflight)
    }

    /// A user that a key asserts: what it is given is cut with what the key has.
    public init(user: some Sequence<UInt8>, of key: Claimant, _ allotment: Allotment) {
        self.init(id: ID(user: user, of: key.id), allotment)
        keyLimit = key.limit
        self.key = key.id.value
        if key.priority == .background { priority = .background }
    }

    /// Whose account a request goes to: that of its user, else of its key, else of the client's address.
    ///
    /// `X-DMR-Priority: background` lets everybody step back; nobody gets ahead by it, and other values change nothing.
    ///
    /// - Parameter address: the client's; nil for a Unix socket.
    public init(of identity: Identity?, address: IPAddress?, headers: borrowing HeaderFields) {
        self = identity?.claimant ?? Claimant(id: ID(address: address))
        if priority == .interactive, Claimant.stepsBack(headers) { priority = .background }
    }

    /// For what takes no slot.
    public static let nobody = Claimant(id: ID(address: nil))

    public var share: Int { Int(shareOfSlots) }

    var hasCap: Bool { limit != .max || keyLimit != .max }

    /// Its own cap; nil: none.
    var cap: Cap? { limit == .max ? nil : Cap(holder: id, limit: Int(limit)) }

    /// That of the key that asserts the user: it holds for all its users together.
    var keyCap: Cap? { keyLimit == .max ? nil : Cap(holder: ID(key: key), limit: Int(keyLimit)) }

    private static func stepsBack(_ headers: HeaderFields) -> Bool {
        guard headers.contains(.xDMR) else { return false }
        for field in headers.fields where field.name == .xDMR {
            let isPriority = headers.withName(field) { ASCII.equalsIgnoringCase($0, "x-dmr-priority") }
            let isBackground = headers.withValue(field) { ASCII.equalsIgnoringCase(ASCII.trimmed($0), "background") }
            if isPriority, isBackground { return true }
        }
        return false
    }
}
