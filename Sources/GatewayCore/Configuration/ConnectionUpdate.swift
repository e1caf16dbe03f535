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
            let fields = try ConnectionUpdate.fields(of: index, text, url, in: configs)
            connections.append(Connection(url: url, fields: fields))
        }
        self.connections = connections
    }

    /// By index, else, as older versions wrote it, by URL; a key alone also by its origin (ow section 2). What is for no
    /// URL of the list is dropped, as Open WebUI drops it. Null says as little as an absent field.
    private static func fields(
        of index: Int, _ text: String, _ url: RunnerURL, in configs: [JSON.Member]
    ) throws(GatewayError) -> [JSON.Member] {
        func isSame(_ key: String) -> Bool { key == text || (try? RunnerURL(parsing: key)) == url }
        let own = configs.last { $0.key == String(index) } ?? configs.last { isSame($0.key) }
        if let own {
            guard let members = own.value.members else {
                throw .wrongPart("\(ConnectionSettings.configs).\(index)", "an object", own.value)
            }
            return members.filter { $0.key != "url" && $0.value != .null }
        }
        let ofOrigin = configs.last { member in
            guard let other = try? RunnerURL(parsing: member.key) else { return false }
            return other.origin == url.origin && other.basePath.isEmpty
        }
        return (ofOrigin?.value.members ?? []).filter { $0.key == "key" && $0.value != .null }
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
        let isInFile = current.origins["runners"] == .file
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
