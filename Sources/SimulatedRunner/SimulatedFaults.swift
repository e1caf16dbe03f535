// SPDX-License-Identifier: MIT

public import GatewayCore

/// What goes wrong with inference requests. Nothing, unless told; those that exclude each other act in the order below.
public struct SimulatedFaults: Sendable, Equatable {
    /// Every n-th inference request answers 500; 0: none.
    public var failEvery = 0
    /// Every n-th inference request answers 503 with Ollama's words; 0: none.
    public var busyEvery = 0
    /// The faults below act on every n-th inference request only.
    public var every = 1
    /// The faults up to `malformedHead` act on lists, show and version, too: the whole runner is ill.
    public var includesLists = false
    /// Takes the request and never answers.
    public var hang = false
    /// Answers with a reset instead of a head.
    public var resetBeforeHead = false
    /// Answers with FIN instead of a head.
    public var closeBeforeHead = false
    /// Answers with bytes that are no HTTP.
    public var malformedHead = false
    /// Answers 404 "model not found" for a model that it lists.
    public var notFound = false
    /// Sends the head byte by byte, with this pause before each.
    public var slowHead: Interval?
    /// Resets the connection when so many tokens were sent.
    public var resetAfterTokens: Int?
    /// Sends FIN, without the last chunk, when so many tokens were sent.
    public var closeAfterTokens: Int?
    /// Ends the stream as Ollama does when its model runner dies: cleanly, with an error line (native) or without
    /// `[DONE]` (`/v1`).
    public var cleanEndAfterTokens: Int?
    /// Falls silent when so many tokens were sent, and keeps the connection open.
    public var stallAfterTokens: Int?
    /// Closes a connection that waits for its next request this long.
    public var closeIdleAfter: Interval?

    public init() {}

    /// The names for the command line, with what they do.
    public static let names: [(name: String, meaning: String)] = [
        ("fail-every=N", "every N-th inference request answers 500"),
        ("busy-every=N", "every N-th inference request answers 503, server busy"),
        ("hang", "requests are taken and never answered"),
        ("reset", "a reset in place of a response"), ("close", "a close in place of a response"),
        ("malformed", "a response that is not HTTP"), ("not-found", "404 for models that are listed"),
        ("slow-head=MS", "response heads byte by byte, MS milliseconds apart"),
        ("reset-after=N", "a reset after N tokens"), ("close-after=N", "a close without the last chunk after N tokens"),
        ("error-after=N", "an error line and a clean end after N tokens"),
        ("stall-after=N", "silence after N tokens"),
        ("close-idle=MS", "idle connections are closed after MS milliseconds"),
        ("every=N", "the others hit every N-th inference request only"),
        ("lists", "hang, reset, close and malformed hit lists and probes, too")
    ]

    /// Sets one fault by its command-line name. False: no such fault, or its number is missing, not wanted or negative.
    public mutating func set(_ argument: String) -> Bool {
        let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard let name = parts.first else { return false }
        guard parts.count == 2 else { return setSwitch(name) }
        guard let number = Int(parts[1]), number >= 0 else { return false }
        switch name {
        case "fail-every": failEvery = number
        case "busy-every": busyEvery = number
        case "every": every = max(1, number)
        case "slow-head": slowHead = .milliseconds(Int64(number))
        case "reset-after": resetAfterTokens = number
        case "close-after": closeAfterTokens = number
        case "error-after": cleanEndAfterTokens = number
        case "stall-after": stallAfterTokens = number
        case "close-idle": closeIdleAfter = .milliseconds(Int64(number))
        default: return false
        }
        return true
    }

    private mutating func setSwitch(_ name: Substring) -> Bool {
        switch name {
        case "hang": hang = true
        case "reset": resetBeforeHead = true
        case "close": closeBeforeHead = true
        case "malformed": malformedHead = true
        case "not-found": notFound = true
        case "lists": includesLists = true
        default: return false
        }
        return true
    }
}
