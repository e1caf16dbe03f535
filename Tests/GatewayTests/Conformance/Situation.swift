// SPDX-License-Identifier: MIT

/// Who is there when a request comes. `both:1b` is on every runner of a situation, but for `mixed`; `left:1b` on
/// runner 0 and `right:1b` on runner 1 only.
enum Situation: CaseIterable, Sendable {
    case one, twins, mixed, dead, disabled, older, prefixed, keyed, saved, off, nobody

    /// As rows call it.
    var name: String {
        switch self {
        case .one: "one"
        case .twins: "twins"
        case .mixed: "mixed"
        case .dead: "dead"
        case .disabled: "disabled"
        case .older: "older"
        case .prefixed: "prefixed"
        case .keyed: "keyed"
        case .saved: "saved"
        case .off: "off"
        case .nobody: "nobody"
        }
    }

    var meaning: String {
        switch self {
        case .one: "one runner, which lists `both:1b` and `left:1b`"
        case .twins: "two runners, which list `both:1b` only"
        case .mixed: "two runners with different models: 0 lists `left:1b`, 1 lists `right:1b`"
        case .dead: "runner 1, which listed `both:1b` and `right:1b`, can't be reached any more"
        case .disabled: "runner 1, which lists `both:1b` and `right:1b`, is disabled"
        case .older:
            "runner 0 is an Ollama 0.5.4 that has lists, but not the route, nor `/api/ps`; runner 1 has all of them"
        case .prefixed: "as mixed, and runner 1 has the prefix `gpu`"
        case .keyed: "as one, and a key is needed"
        case .saved: "as keyed, the runner with a `key` of its own, all of it in a file that the gateway may change"
        case .off: "as one, and the API is switched off (`\"enable\": false`)"
        case .nobody: "one runner, which could not be reached since the gateway started"
        }
    }

    /// What each runner lists.
    var models: [[String]] {
        switch self {
        case .one, .keyed, .saved, .off: [["both:1b", "left:1b"]]
        case .twins: [["both:1b"], ["both:1b"]]
        case .mixed, .prefixed: [["left:1b"], ["right:1b"]]
        case .dead, .disabled, .older: [["both:1b", "left:1b"], ["both:1b", "right:1b"]]
        case .nobody: [[]]
        }
    }
}
