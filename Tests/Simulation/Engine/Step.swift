// SPDX-License-Identifier: MIT

import GatewayCore

/// One thing that happens in a schedule. Steps name clients by number, in the order in which they came, so that a step
/// still means the same when others were left out; one that doesn't apply any more does nothing.
enum Step: Equatable {
    // Clients.
    case ask(client: Int, Ask)
    case leave(client: Int)
    /// Its socket has room for this many more bytes.
    case take(client: Int, bytes: Int)
    // What a client's exchange meets at its runner.
    case accept(client: Int)
    case refuse(client: Int)
    /// The last byte of the request has left.
    case sent(client: Int)
    /// A part of the request's body has left of which nothing is kept.
    case part(client: Int)
    /// Some bytes of a response, and no whole head.
    case stir(client: Int)
    case head(client: Int, Head)
    case body(client: Int, bytes: Int)
    case end(client: Int, End)
    /// All of it at once, and well.
    case answer(client: Int)
    // Runners, by number.
    case condition(runner: Int, Condition)
    case relist(runner: Int, models: [String])
    // The rest of the world.
    case pass(milliseconds: Int)
    case reload(Reload)

    /// A changed configuration.
    struct Reload: Equatable {
        var runners: [Setup.Runner]
        var policy: SelectionPolicy
        var queueLimit: Int
        var queueTimeout: TimeLimit
    }

    struct Ask: Equatable {
        var model = "a"
        var promptBytes = 0
        var streams = true
        /// `show`: it takes no slot.
        var isShow = false
        var pin: Int?
        /// The request doesn't leave in one piece.
        var leavesSlowly = false
        /// Its body is passed on while it arrives.
        var streamsBody = false
        /// What the client's socket takes before it has to be read.
        var room = Step.unlimited
        /// Who it is; 500s count by it.
        var identity = 0
        /// `X-DMR-Priority: background`.
        var stepsBack = false
    }

    struct Head: Equatable {
        var status = 200
        var isJSON = true
        var retryAfter: Int?
        var keepsAlive = true
        var kind = ClosingEventScanner.Kind.ndjson
    }

    /// How a runner's answer ends.
    enum End: String, CaseIterable {
        case whole, withoutClosingEvent = "without its closing event", withBytesBehind = "with bytes behind its end"
        case reset, malformed
    }

    /// How a runner meets connections and probes.
    enum Condition: String, CaseIterable {
        case up, down, silent, failing = "answering probes with 500", looping = "leading back to us"
    }

    static let unlimited = 1 << 30
}

extension Step: CustomStringConvertible {
    var description: String {
        switch self {
        case .ask(let client, let ask): "client \(client) asks: \(ask)"
        case .leave(let client): "client \(client) goes away"
        case .take(let client, let bytes): "client \(client) reads \(Step.text(bytes))"
        case .accept(let client): "client \(client): its runner accepts the connection"
        case .refuse(let client): "client \(client): its runner refuses the connection"
        case .sent(let client): "client \(client): the request's last byte has left"
        case .part(let client): "client \(client): a part of its body is given away"
        case .stir(let client): "client \(client): its runner sends part of a head"
        case .head(let client, let head): "client \(client): its runner answers \(head)"
        case .body(let client, let bytes): "client \(client): its runner sends \(bytes) bytes"
        case .end(let client, let end): "client \(client): its runner's answer ends: \(end.rawValue)"
        case .answer(let client): "client \(client) gets its whole answer"
        case .condition(let runner, let condition): "runner \(runner) is \(condition.rawValue)"
        case .relist(let runner, let models): "runner \(runner) has the models \(models) from now on"
        case .pass(let milliseconds): "\(milliseconds) ms pass"
        case .reload(let reload): "the configuration is \(reload)"
        }
    }

    static func text(_ bytes: Int) -> String { bytes == unlimited ? "everything" : "\(bytes) bytes" }
}

extension Step.Ask: CustomStringConvertible {
    var description: String {
        var text = "\(isShow ? "show" : "chat") \(model)"
        if !isShow, !streams { text += ", in one piece" }
        if promptBytes > 0 { text += ", prompt of \(promptBytes) bytes" }
        if let pin { text += ", pinned to runner \(pin)" }
        if leavesSlowly { text += ", leaves slowly" }
        if streamsBody { text += ", its body is passed on as it comes" }
        if room != Step.unlimited { text += ", its socket takes \(room) bytes" }
        if identity != 0 { text += ", identity \(identity)" }
        if stepsBack { text += ", steps back" }
        return text
    }
}

extension Step.Head: CustomStringConvertible {
    var description: String {
        var text = "\(status)"
        if status == 200 { text += " (\(kind))" } else if !isJSON { text += " (no JSON)" }
        if let retryAfter { text += ", Retry-After \(retryAfter)" }
        if !keepsAlive { text += ", close" }
        return text
    }
}

extension Step.Reload: CustomStringConvertible {
    var description: String {
        runners.map { "\($0)" }.joined(separator: "; ")
            + "; \(policy.rawValue), limits.queue \(queueLimit), timeouts.queue \(Setup.text(queueTimeout))"
    }
}
