// SPDX-License-Identifier: MIT

/// One line of the audit log: who was refused what, or changed what, where, and how it ended. It has fields for names
/// only, so that no key, prompt or answer can get into it.
public struct AuditRecord: Equatable, Sendable {
    /// The line's first word.
    public enum Outcome: Equatable, Sendable {
        case refused(AccessRefusal)
        case done
        /// For some reason other than access, or on some of the runners.
        case failed
        /// The client went away first.
        case abandoned
    }

    /// Who.
    public struct Party: Equatable, Sendable {
        /// The peer's address and port, or, behind a trusted proxy, the address that the proxy tells of; nil where it
        /// tells none.
        public var client: String?
        /// The peer, if it is a trusted proxy.
        public var proxy: String?
        /// The key's name, never the key.
        public var keyName: String?
        /// Whom the key says that it acts for: the user's id, or else the e-mail address.
        public var user: String?

        public init(client: String?, proxy: String? = nil, keyName: String? = nil, user: String? = nil) {
            self.client = client
            self.proxy = proxy
            self.keyName = keyName
            self.user = user
        }
    }

    /// What one runner's part came to.
    public struct Part: Equatable, Sendable {
        /// The runner's index.
        public var runner: Int
        /// A status, or a word for what came instead of one.
        public var outcome: String
        public var isGood: Bool

        public init(runner: Int, _ outcome: String, isGood: Bool) {
            self.runner = runner
            self.outcome = outcome
            self.isGood = isGood
        }
    }

    public var outcome: Outcome
    /// Empty where there was no request.
    public var requestID: [UInt8]
    public var party: Party
    public var method: Method?
    /// The route's pattern, or `-`: no text of the client's.
    public var route: String
    public var action: AuditAction?
    public var model: String?
    /// What a `create` begins from.
    public var from: String?
    /// What a `copy` makes.
    public var destination: String?
    /// Of the blob that is uploaded.
    public var digest: String?
    /// Host and port of the runner that a `verify` asks.
    public var target: String?
    public var changes = AuditChanges()
    public var parts: [Part] = []
    /// As the client got it; 499: it was gone. Nil where there was no request.
    public var status: Int?

    public init(
        _ outcome: Outcome, requestID: [UInt8] = [], party: Party, method: Method? = nil, route: String = "-",
        action: AuditAction? = nil, model: String? = nil, status: Int? = nil
    ) {
        self.outcome = outcome
        self.requestID = requestID
        self.party = party
        self.method = method
        self.route = route
        self.action = action
        self.model = model
        self.status = status
    }

    /// Bytes of a text. Longer ones are no name that anybody looks for.
    static let longestText = 200
    /// Entries of a list; the rest is counted.
    static let longestList = 16
}

extension AuditRecord.Outcome {
    /// Of what was served: by the status of the answer.
    public init(status: Int) {
        self = status < 400 ? .done : .failed
    }

    public var word: String {
        switch self {
        case .refused: "refused"
        case .done: "done"
        case .failed: "failed"
        case .abandoned: "abandoned"
        }
    }
}

extension AuditRecord {
    /// The same once it is known what became of a change of the configuration.
    public func ended(_ changes: Result<AuditChanges, GatewayError>, _ status: Int) -> AuditRecord {
        var record = self
        record.status = status
        switch changes {
        case .success(let changes):
            record.outcome = .done
            record.changes = changes
        case .failure: record.outcome = .failed
        }
        return record
    }

    /// Everything behind the line's first word.
    public func write(on line: LogLine, to output: inout [UInt8]) {
        if !requestID.isEmpty { line.add("id", word: requestID, to: &output) }
        add("client", party.client ?? "-", line, &output)
        add("proxy", party.proxy, line, &output)
        add("key", party.keyName, line, &output)
        add("user", party.user, line, &output)
        add("method", method?.name, line, &output)
        add("route", route, line, &output)
        add("action", action?.rawValue, line, &output)
        add("model", model, line, &output)
        add("from", from, line, &output)
        add("to", destination, line, &output)
        add("digest", digest, line, &output)
        add("target", target, line, &output)
        add("added", changes.added, line, &output)
        add("changed", changes.changed, line, &output)
        add("removed", changes.removed, line, &output)
        add("runners", partList, line, &output)
        if let status { line.add("status", status, to: &output) }
        if case .refused(let refusal) = outcome { line.add("reason", refusal.rawValue, to: &output) }
    }

    /// Where not all can be named, those that went wrong are.
    private var partList: [String] {
        let named =
            parts.count <= AuditRecord.longestList ? parts : parts.filter { !$0.isGood } + parts.filter(\.isGood)
        return named.map { "\($0.runner):\($0.outcome)" }
    }

    private func add(_ name: StaticString, _ text: String?, _ line: LogLine, _ output: inout [UInt8]) {
        guard let text else { return }
        line.add(name, LogText.cut(text, to: AuditRecord.longestText), to: &output)
    }

    private func add(_ name: StaticString, _ list: [String], _ line: LogLine, _ output: inout [UInt8]) {
        guard !list.isEmpty else { return }
        var shown = list.prefix(AuditRecord.longestList).map { LogText.cut($0, to: AuditRecord.longestText) }
        if list.count > shown.count { shown.append("+\(list.count - shown.count)") }
        line.add(name, shown, to: &output)
    }
}
