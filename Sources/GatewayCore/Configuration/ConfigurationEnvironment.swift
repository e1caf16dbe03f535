// SPDX-License-Identifier: MIT

/// The environment variables the gateway knows, each perhaps given by a `…_FILE` that names a file whose first line
/// is the value (as container platforms hand out secrets).
public struct ConfigurationEnvironment: Sendable {
    public enum Variable: String, CaseIterable, Sendable {
        case ollamaHost = "OLLAMA_HOST"
        case enable = "ENABLE_DOCKER_MODEL_RUNNER_API"
        case runners = "DMR_RUNNERS"
        case baseURLs = "DOCKER_MODEL_RUNNER_BASE_URLS"
        case kubernetes = "K8S_FLAG"
        case baseURL = "DOCKER_MODEL_RUNNER_BASE_URL"
        case useBundled = "USE_DOCKER_MODEL_RUNNER_DOCKER"
        case apiBaseURL = "DOCKER_MODEL_RUNNER_API_BASE_URL"
        case adminKey = "DMR_ADMIN_KEY"
        case stateDirectory = "DMR_STATE_DIR"
        case config = "DMR_CONFIG"
        case logLevel = "DMR_LOG_LEVEL"
        case logFormat = "DMR_LOG_FORMAT"
        case loops = "DMR_LOOPS"
    }

    /// Why a file could not be read, in a few words, e.g. the system's own.
    public struct ReadFailure: Error, Sendable {
        public var reason: String

        public init(reason: String) {
            self.reason = reason
        }
    }

    /// What a variable says, under the name that is really set (`X` or `X_FILE`).
    struct Entry: Sendable {
        var name: String
        var value: Result<String, ReadFailure>
    }

    private var entries: [Variable: Entry] = [:]
    private var plain: [String: String] = [:]

    /// An empty environment.
    public init() {}

    /// Every name this type looks at, for callers that ask the system for one variable at a time.
    public static var names: [String] {
        Variable.allCases.flatMap { [$0.rawValue, $0.rawValue + "_FILE"] } + ["HOME", "XDG_STATE_HOME"]
    }

    /// - Parameter readFile: given the path in a `…_FILE` variable, the file's bytes; called at most once for each.
    public init(_ variables: [String: String], readFile: (String) -> Result<[UInt8], ReadFailure>) {
        for variable in Variable.allCases {
            let fileName = variable.rawValue + "_FILE"
            let value = ConfigurationEnvironment.cleaned(variables[variable.rawValue] ?? "")
            let path = ConfigurationEnvironment.cleaned(variables[fileName] ?? "")
            switch (value.isEmpty, path.isEmpty) {
            case (true, true): break
            case (false, true): entries[variable] = Entry(name: variable.rawValue, value: .success(value))
            case (false, false):
                let reason = "\(variable.rawValue) is set as well; keep one of them"
                entries[variable] = Entry(name: fileName, value: .failure(ReadFailure(reason: reason)))
            case (true, false):
                let line = readFile(path).flatMap(ConfigurationEnvironment.firstLine)
                if case .success("") = line { break }
                entries[variable] = Entry(
                    name: fileName,
                    value: line.mapError { ReadFailure(reason: "\(Echo.quoted(path)) can't be used: \($0.reason)") })
            }
        }
        for name in ["HOME", "XDG_STATE_HOME"] { plain[name] = variables[name] }
    }

    /// Nil if the variable is neither set nor given by a file; an empty one counts as not set, since container
    /// platforms pass on variables that nobody gave a value.
    subscript(_ variable: Variable) -> Entry? { entries[variable] }

    /// The value, or nil after the reason it can't be had was reported.
    func value(of variable: Variable, _ findings: Findings) -> (name: String, text: String)? {
        guard let entry = entries[variable] else { return nil }
        switch entry.value {
        case .success(let text): return (entry.name, text)
        case .failure(let failure):
            findings.error(entry.name, failure.reason)
            return nil
        }
    }

    /// The folder for state where neither a flag nor `DMR_STATE_DIR` names one. XDG_STATE_HOME counts only if it is
    /// absolute (XDG Base Directory Specification). Nil without a home.
    var defaultStateDirectory: String? {
        if let state = plain["XDG_STATE_HOME"], state.hasPrefix("/") { return "\(state)/dmr-gateway" }
        guard let home = plain["HOME"], !home.isEmpty else { return nil }
        return "\(home == "/" ? "" : home)/.local/state/dmr-gateway"
    }

    /// Without blanks, then without quotes, as Ollama reads its variables: env files often keep the quotes.
    private static func cleaned(_ text: String) -> String {
        func isQuote(_ character: Character) -> Bool { character == "\"" || character == "'" }
        var text = text.trimmedOfBlanks[...]
        while let first = text.first, isQuote(first) { text.removeFirst() }
        while let last = text.last, isQuote(last) { text.removeLast() }
        return text.trimmedOfBlanks
    }

    private static func firstLine(_ bytes: [UInt8]) -> Result<String, ReadFailure> {
        guard let text = String(validating: bytes.prefix { $0 != 0x0A }, as: UTF8.self) else {
            return .failure(ReadFailure(reason: "its first line is not UTF-8"))
        }
        return .success(cleaned(text))
    }
}
