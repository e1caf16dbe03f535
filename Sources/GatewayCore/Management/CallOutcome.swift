// SPDX-License-Identifier: MIT

/// What one runner's part in a request that went to several of them came to.
public enum CallOutcome: Equatable, Sendable {
    /// It answered, and that was all. `error`: its own words, where it gave some.
    case answered(status: Int, error: String?)
    /// Its answer began well and ended badly, with these words, or in the middle of them.
    case broke(String)
    /// It could not be reached, or its connection failed.
    case failed(RunnerFailure)
    /// It could not be reached when the request came, and the others did the work without it.
    case skipped(RunnerFailure)
    /// The gateway had no file descriptor left for a connection to it, which is no fault of the runner's.
    case notAsked

    /// By an answer's status and body. Ollama's handlers put their words into `error`.
    public init(status: Int, body: [UInt8]) {
        let error = status < 400 ? nil : CallOutcome.words(of: body)
        self = .answered(status: status, error: error)
    }

    public var isSuccess: Bool {
        switch self {
        case .answered(let status, _): status < 400
        case .broke, .failed, .skipped, .notAsked: false
        }
    }

    /// As the answer to a client's request; of several outcomes the highest one is the worst.
    var status: Int {
        switch self {
        case .answered(let status, _): status
        case .broke: 500
        case .failed(let failure), .skipped(let failure): failure.isDeadline ? 504 : 502
        case .notAsked: 503
        }
    }

    /// Completes "runner 1 (gpu2:11434) …".
    var sentence: String {
        switch self {
        case .answered(let status, _) where status < 400: "did it."
        case .answered(let status, let error?): "answered \(status): \(error)"
        case .answered(let status, nil): "answered \(status)."
        case .broke(let words): "did not finish: \(words)"
        case .failed(let failure): failure.sentence
        case .skipped(let failure): "was skipped, since it \(failure.sentence)"
        case .notAsked: "was not asked: \(CallOutcome.wantOfDescriptors)"
        }
    }

    /// The words for a machine: nil for a success.
    var error: String? {
        switch self {
        case .answered(let status, _) where status < 400: nil
        case .answered(let status, let error): error ?? "status \(status)"
        case .broke(let words): words
        case .failed(let failure), .skipped(let failure): failure.sentence
        case .notAsked: CallOutcome.wantOfDescriptors
        }
    }

    private static let wantOfDescriptors = "the gateway has no file descriptor left for it (ulimit -n)."

    /// Words go into answers and logs of ours: bounded, and without control characters.
    static func bounded(_ text: String) -> String {
        String(
            decoding: text.utf8.prefix(longestWords).map { $0 < 0x20 || $0 == 0x7F ? 0x20 : $0 }, as: UTF8.self)
    }

    private static let longestWords = 1000

    private static func words(of body: [UInt8]) -> String? {
        guard body.count <= 65536, let json = try? JSON(parsing: body), let error = json["error"]?.string else {
            return nil
        }
        return bounded(error)
    }
}
