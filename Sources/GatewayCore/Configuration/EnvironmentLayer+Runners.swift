// SPDX-License-Identifier: MIT

/// Six variables can name runners; most of them name the *gateway* to Open WebUI, and both often share one environment.
/// So the first in a fixed order that names a runner other than ourselves wins.
extension EnvironmentLayer {
    private static let namingRunners: [Variable] = [
        .runners, .baseURLs, .kubernetes, .baseURL, .useBundled, .apiBaseURL
    ]

    /// Puts the environment's runners in; leaves the default where it names none.
    func nameRunners(in configuration: inout Configuration, _ loops: LoopCheck) {
        for variable in EnvironmentLayer.namingRunners where namesRunners(variable) {
            guard let value = environment.value(of: variable, findings), let urls = urls(variable, value) else {
                return
            }
            let others = urls.filter { url in
                guard let listener = loops.listener(reachedBy: url) else { return true }
                findings.warn(
                    value.name,
                    "\(url) is the gateway itself, listening on \(listener), and is dropped from its runners")
                return false
            }
            guard others.isEmpty else {
                configuration.runners = others.map { RunnerConfiguration(url: $0) }
                return findings.found("runners", in: .environment)
            }
        }
    }

    /// Names the variables that would have named runners, had no flag or file done so.
    func warnOfRunners(isDemo: Bool) {
        let origin = findings.origins["runners"]
        guard isDemo || origin != nil else { return }
        for variable in EnvironmentLayer.namingRunners where namesRunners(variable) {
            let name = environment[variable]?.name ?? variable.rawValue
            if isDemo {
                findings.warn(name, "has no effect: --demo brings its own runners")
            } else if origin == .flag {
                findings.warn(name, "has no effect: --runner overrides it")
            } else {
                findings.warn(name, "has no effect: \"runners\" in \(filePath ?? "the file") overrides it")
            }
        }
    }

    /// Whether the variable is set to something that is meant as a runner. One whose file can't be read is: to go on
    /// to the next would send requests to the wrong machines.
    private func namesRunners(_ variable: Variable) -> Bool {
        guard let entry = environment[variable] else { return false }
        guard case .success(let text) = entry.value else { return true }
        return switch variable {
        case .baseURL: text.first != "/"
        case .useBundled: text.lowercased() != "false"
        case .runners, .baseURLs: text.contains { $0 != ";" && !$0.isWhitespace }
        case .kubernetes, .apiBaseURL: true
        case .ollamaHost, .enable, .adminKey, .stateDirectory, .config, .logLevel, .logFormat, .loops: false
        }
    }

    /// Nil after an error.
    private func urls(_ variable: Variable, _ value: (name: String, text: String)) -> [RunnerURL]? {
        switch variable {
        case .runners, .baseURLs:
            let parts = value.text.split(separator: ";").map(\.trimmedOfBlanks).filter { !$0.isEmpty }
            let urls = parts.compactMap { url($0, value.name) }
            return urls.count == parts.count ? urls : nil
        case .baseURL:
            return url(value.text, value.name).map { [$0] }
        case .apiBaseURL:
            var text = value.text
            while text.hasSuffix("/") { text.removeLast() }
            if text.hasSuffix("/api") { text.removeLast(4) }
            return url(text, value.name).map { [$0] }
        case .kubernetes:
            // Open WebUI counts any value; the word for "off" deserves to be noticed.
            if ["false", "0", "no", "off"].contains(value.text.lowercased()) {
                findings.warn(value.name, "counts as set, whatever its value is; leave it empty to turn it off")
            }
            return [.kubernetes]
        case .useBundled:
            return boolean(value).map { $0 ? [.ollama] : [] }
        case .ollamaHost, .enable, .adminKey, .stateDirectory, .config, .logLevel, .logFormat, .loops:
            return []
        }
    }

    private func url(_ text: String, _ name: String) -> RunnerURL? {
        do {
            return try RunnerURL(parsing: text)
        } catch {
            findings.error(name, error.sentence)
            return nil
        }
    }
}
