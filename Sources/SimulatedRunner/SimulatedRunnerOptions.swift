// SPDX-License-Identifier: MIT

public import GatewayCore

/// How a simulated runner behaves. All of it may change while it runs; what has begun goes on as it began.
public struct SimulatedRunnerOptions: Sendable {
    public var models: [SimulatedModel]
    /// Of each stream; 0: as fast as the client takes them.
    public var tokensPerSecond: Double
    /// Where there is no waiting between tokens: lines that leave in one write and one chunk. One, as Ollama does it,
    /// costs the runner a system call a token, more than a proxy needs for it: then the runner is what a bench measures.
    public var tokensPerWrite = 1
    /// From having a slot and a loaded model to the first token, the prompt's own time not counted.
    public var timeToFirstToken: Interval
    /// In addition, for each token of the prompt (its bytes ÷ 4).
    public var prefillPerToken: Interval
    /// Answers made at once per model (`OLLAMA_NUM_PARALLEL`); further requests wait silently, as in Ollama.
    public var parallel: Int
    /// Requests that may wait (`OLLAMA_MAX_QUEUE`); further ones get 503.
    public var maximumQueue: Int
    /// The first use of a model that isn't loaded takes this much longer.
    public var loadTime: Interval
    /// Seconds that a model stays loaded after its last use; negative: forever. A request's `keep_alive` wins.
    public var keepAlive: Double
    /// Tokens of an answer, unless the request's `num_predict` or `max_tokens` says another number.
    public var answerTokens: Int
    /// A client that goes away during prefill leaves its slot busy until the prefill is over, as measured with Ollama.
    public var prefillGoesOn: Bool
    /// What `/api/version` says.
    public var version: String
    public var seed: UInt64
    /// Answers 403 to a foreign `Host` or `Origin`, as an Ollama bound to loopback does.
    public var checksHost: Bool
    public var faults: SimulatedFaults
    /// What it does with models, not with prompts.
    public var library = SimulatedLibrary()
    /// For tests: keep the last requests as they came, and when each token was sent.
    public var keepsRecords: Bool
    /// For tests: a line of a stream leaves only when `releaseToken` allows it.
    public var gatesTokens: Bool
    /// For tests: an inference response begins only when `releaseHead` allows it.
    public var gatesHead: Bool

    public init(
        models: [SimulatedModel] = [SimulatedModel("demo")], tokensPerSecond: Double = 50,
        timeToFirstToken: Interval = .milliseconds(200), prefillPerToken: Interval = .zero, parallel: Int = 1,
        maximumQueue: Int = 512, loadTime: Interval = .zero, keepAlive: Double = 300, answerTokens: Int = 64,
        prefillGoesOn: Bool = true, version: String = "0.11.0", seed: UInt64 = 1, checksHost: Bool = true,
        faults: SimulatedFaults = .init(), keepsRecords: Bool = false, gatesTokens: Bool = false,
        gatesHead: Bool = false
    ) {
        self.models = models
        self.tokensPerSecond = tokensPerSecond
        self.timeToFirstToken = timeToFirstToken
        self.prefillPerToken = prefillPerToken
        self.parallel = parallel
        self.maximumQueue = maximumQueue
        self.loadTime = loadTime
        self.keepAlive = keepAlive
        self.answerTokens = answerTokens
        self.prefillGoesOn = prefillGoesOn
        self.version = version
        self.seed = seed
        self.checksHost = checksHost
        self.faults = faults
        self.keepsRecords = keepsRecords
        self.gatesTokens = gatesTokens
        self.gatesHead = gatesHead
    }

    /// No waiting anywhere: what tests of everything but time want.
    public static func instant(models: [SimulatedModel] = [SimulatedModel("demo")]) -> SimulatedRunnerOptions {
        SimulatedRunnerOptions(models: models, tokensPerSecond: 0, timeToFirstToken: .zero, answerTokens: 8)
    }
}
