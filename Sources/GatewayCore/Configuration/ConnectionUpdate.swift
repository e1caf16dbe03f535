// SPDX-License-Identifier: MIT

/// What Open WebUI's admin page sends to save its connections (ow section 2). The list of URLs is the new list of
/// runners; of each runner's settings those that are there are taken, and those that aren't stay as they were, by URL.
public struct ConnectionUpdate: Sendable {
    private struct Connection {
        var url: RunnerURL
        var fields: [JSON.Member]
    }

    /// nil: as it is.
    private let isEnabled: Bool?
    private let connections: [Connection]

    /// All of them are compared with each other, and asked for lists: more is a mistake.
    private static let mostConnections = 1000

    /// - Throws: 422 where a part is missing or of another type, as Open WebUI answers; 400 for what is no URL.
    public init(_ body: JSON) throws(GatewayError) {
        switch body[ConnectionSettings.enable] {
        case nil, .null?: isEnabled = nil
        case .bool(let flag)?: isEnabled = flag
        case let other?: throw .wrongPart(ConnectionSettings.enable, "true, false or null", other)
        }
        let urls = body[ConnectionSettings.urls]
        guard let elements = urls?.array else { throw .wrongPart(ConnectionSettings.urls, "a list of URLs", urls) }
        let settings = body[ConnectionSettings.configs]
        guard let configs = settings?.members else {
            throw .wrongPart(ConnectionSettings.configs, "an object with settings for each URL", settings)
        }
        guard elements.count <= ConnectionUpdate.mostConnections else {
            throw GatewayError(
                400, "\(ConnectionSettings.urls) has more than \(ConnectionUpdate.mostConnections) URLs.")
        }
        let sent = SentSettings(configs)
        var connections: [Connection] = []
        for (index, element) in elements.enumerated() {
            let place = "\(ConnectionSettings.urls)[\(index)]"
            guard let text = element.string?.trimmedOfBlanks else { throw .wrongPart(place, "a URL", element) }
            // Open WebUI keeps an empty line of its form as a connection that can't work.
            guard !text.isEmpty else { continue }
            let url: RunnerURL
            do throws(AddressError) {
                url = try RunnerURL(parsing: text)
            } catch {
                throw GatewayError(400, "\(place): \(error.sentence)")
            }
            connections.append(Connection(url: url, fields: try sent.fields(of: index, url)))
        }
        self.connections = connections
    }

    /// Makes the changes in the file, and no others: what is already so, whoever said it, isn't written.
    ///
    /// - Parameter mask: as `ConnectionSettings.json` was made with.
    /// - Throws: 400 for a mask that stands for no secret of that origin, 409 where a flag names the runners.
    public func apply(
        to document: inout ConfigurationDocument, current: ResolvedConfiguration, mask: @escaping ([UInt8]) -> String
    ) throws(GatewayError) {
        if let isEnabled, isEnabled != current.configuration.isEnabled { document.set("enable", to: .bool(isEnabled)) }
        let runners = current.configuration.runners
        let secrets = StoredSecrets(runners: runners, mask: mask)
        // A demo's runners stand in for whatever the file names.
        let isInFile = current.origins["runners"] == .file && !current.configuration.isDemo
        let written = isInFile ? document["runners"]?.array ?? [] : runners.map { JSON(runnerAt: $0.url) }
        var places: [RunnerURL: [Int]] = [:]
        for (index, runner) in runners.enumerated().reversed() { places[runner.url, default: []].append(index) }
        var entries: [JSON] = []
        for connection in connections {
            let place = places[connection.url]?.popLast()
            var entry = place.map { written[$0] } ?? JSON(runnerAt: connection.url)
            let runner = place.map { runners[$0] } ?? RunnerConfiguration(url: connection.url)
            let known = runner.fields { .string(String(decoding: $0.bytes, as: UTF8.self)) }
            for field in connection.fields {
                let value = try secrets.unmasked(field, of: connection.url)
                let before = known.first { $0.key == field.key }?.value ?? entry[field.key]
                if before != value { entry.set([field.key], to: value) }
            }
            entries.append(entry)
        }
        guard entries != written else { return }
        try current.refuseIfPinned("runners")
        document.set("runners", to: .array(entries))
    }
}

/// The settings as they were sent, found by what they are sent for.
private struct SentSettings {
    private var byKey: [String: JSON] = [:]
    private var byURL: [RunnerURL: JSON] = [:]
    private var byOrigin: [RunnerURL.Origin: JSON] = [:]

    init(_ members: [JSON.Member]) {
        for member in members {
            byKey[member.key] = member.value
            guard let url = try? RunnerURL(parsing: member.key) else { continue }
            byURL[url] = member.value
            if url.basePath.isEmpty { byOrigin[url.origin] = member.value }
        }
    }

    /// By index, else, as older versions wrote it, by URL; a key alone also by its origin (ow section 2). What is for no
    /// URL of the list is dropped, as Open WebUI drops it. Null says as little as an absent field.
    func fields(of index: Int, _ url: RunnerURL) throws(GatewayError) -> [JSON.Member] {
        if let own = byKey[String(index)] ?? byURL[url] {
            guard let members = own.members else {
                throw .wrongPart("\(ConnectionSettings.configs).\(index)", "an object", own)
            }
            return members.filter { $0.key != "url" && $0.value != .null }
        }
        return (byOrigin[url.origin]?.members ?? []).filter { $0.key == "key" && $0.value != .null }
    }
}

extension JSON {
    fileprivate init(runnerAt url: RunnerURL) {
        self = .object([.init("url", .string(url.description))])
    }
}

extension GatewayError {
    /// A part of a body that is missing or of another type; Open WebUI's status for it (ow section 6).
    static func wrongPart(_ place: String, _ expected: String, _ value: JSON?) -> GatewayError {
        guard let value else { return GatewayError(422, "\(place) is missing; it is \(expected).") }
        return GatewayError(422, "\(place) must be \(expected), not \(value.kind).")
    }
}
