// SPDX-License-Identifier: MIT

/// Everything an operator can set, resolved and checked: what the rest of the gateway reads. Its initial value is the
/// documented defaults.
///
/// It holds the whole documented schema. What this version doesn't honour yet is at its default here, since
/// `UnbuiltSettings` refuses everything else.
public struct Configuration: Equatable, Sendable {
    public typealias Policy = SelectionPolicy

    /// Never empty.
    public var listen: [ListenAddress] = [.tcp(host: "127.0.0.1", port: 11435)]
    /// False: API calls get 503; health, version, metrics and configuration still answer.
    public var isEnabled = true
    /// Begins with a slash, doesn't end in one, and is none of the root's own paths.
    public var pathPrefix = "/docker-model-runner"
    /// Event loops, at least 1.
    public var loops = 1
    /// A runner's index is its place here, disabled ones included. Empty with `--demo`, or where the file says so.
    public var runners = [RunnerConfiguration(url: .ollama)]
    public var policy = Policy.leastInflight
    /// How long a conversation goes back to the runner it was on; zero: not at all.
    public var affinity = Interval.zero
    public var timeouts = Timeouts()
    public var limits = Limits()
    public var health = Health()
    public var access = Access()
    public var tls = TLS()
    public var log = Log()
    /// From `DMR_ADMIN_KEY`, in addition to `access.keys`.
    public var adminKey: Secret?
    /// A folder; need not exist yet.
    public var stateDirectory = ""
    /// Two simulated runners inside the process stand in for `runners`.
    public var isDemo = false

    public init() {}
}

extension Configuration {
    /// Deadlines; nil is no limit (0 in the file).
    public struct Timeouts: Equatable, Sendable {
        public var clientHeader: TimeLimit = .seconds(10)
        public var clientBody: TimeLimit = .seconds(60)
        public var clientWrite: TimeLimit = .seconds(120)
        public var clientIdle: TimeLimit = .seconds(120)
        public var connect: TimeLimit = .seconds(2)
        public var firstByte: TimeLimit = .seconds(600)
        public var streamIdle: TimeLimit = .seconds(360)
        public var wholeAnswer: TimeLimit = nil
        public var queue: TimeLimit = .seconds(60)
        public var drain: TimeLimit = .seconds(120)
        public var probe: TimeLimit = .seconds(5)

        public init() {}
    }

    /// Counts and bytes; `Int.max` is no limit (0 in the file), so that they compare without unwrapping.
    public struct Limits: Equatable, Sendable {
        /// Clients' connections.
        public var connections = 10_000
        /// Bytes of a request's line and fields together.
        public var headerBytes = 32_768
        /// Fields of a request.
        public var headers = 100
        public var jsonBodyBytes = 33_554_432
        /// Bytes of all request bodies held.
        public var bodyMemory = 536_870_912
        /// Bytes of one blob.
        public var blobBytes = Int.max
        /// Exchanges waiting for a runner.
        public var queue = 256
        /// Bytes of response held per exchange.
        public var bufferBytes = 65_536

        public init() {}
    }

    /// Probing, ejecting and readmitting runners.
    public struct Health: Equatable, Sendable {
        /// Intervals are at least 10 ms.
        public var probeInterval = Interval.seconds(5)
        public var tagsInterval = Interval.seconds(15)
        public var psInterval = Interval.seconds(5)
        /// Failures in a row; `Int.max` is never (0 in the file).
        public var ejectAfter = 3
        public var ejectBase = Interval.seconds(5)
        /// At least `ejectBase`; the longest interval there is where the file says 0.
        public var ejectMax = Interval.seconds(60)

        public init() {}
    }

    /// Certificates of the listeners. All are paths of PEM files; empty is none.
    public struct TLS: Equatable, Sendable {
        /// Another certificate, for clients that ask for a name in it.
        public struct Name: Equatable, Sendable {
            public var certificate: String
            public var key: String

            public init(certificate: String, key: String) {
                self.certificate = certificate
                self.key = key
            }
        }

        /// A chain, the server's own certificate first. Not empty: `HOST:PORT` listens with TLS.
        public var certificate = ""
        public var key = ""
        public var sni: [Name] = []
        /// Who signs clients' certificates.
        public var clientCA = ""

        public init() {}
    }

    public struct Log: Equatable, Sendable {
        public enum Level: String, CaseIterable, Sendable {
            case trace, debug, info, warning, error
        }

        public enum Format: String, CaseIterable, Sendable {
            case text, json
        }

        public var level = Level.info
        public var format = Format.text
        /// Nil is standard error.
        public var file: String?

        public init() {}
    }
}
