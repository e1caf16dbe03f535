// SPDX-License-Identifier: MIT

import FaultyFiles
import GatewayCore
import Testing
import Transport

@testable import Gateway

/// A gateway that was started with a file, as `serve` is, and can change it: over two simulated runners, or others.
final class ConfiguredGateway {
    static let prefix = "/docker-model-runner"
    private static let key = "an-admin-key-of-24-letters"
    /// Without it nothing is allowed here.
    static let admin = "Authorization: Bearer \(key)\r\n"
    let stored: StoredConfiguration
    let under: GatewayUnderTest
    private var gateway: Gateway { under.gateway }

    /// - Parameters:
    ///   - text: of the file; `URL0`, `URL1` … stand for the runners' URLs.
    ///   - change: of the flags.
    init(
        _ loop: Loop, _ text: String?, _ runners: [any RunnerUnderTest] = [], environment: [String: String] = [:],
        files: any FileLayer = SystemFiles(), resolver: Resolver? = nil,
        _ change: (inout ConfigurationSources.Flags) -> Void = { _ in }
    ) throws {
        func filled(_ text: String) -> String {
            runners.enumerated().reduce(text) { $0.replacing("URL\($1.offset)", with: $1.element.url) }
        }
        stored = try StoredConfiguration(
            text.map(filled), environment: environment.mapValues(filled).merging(["DMR_ADMIN_KEY": Self.key]) { $1 }
        ) { flags in
            flags.listen = ["127.0.0.1:0"]
            flags.logFile = "/dev/null"
            change(&flags)
        }
        let resolved = try stored.resolveFile()
        under = try GatewayUnderTest(loop, runners, resolver: resolver) { $0 = resolved.configuration }
        under.server.keepConfiguration(in: stored.store(files), current: resolved) {
            [stored] () throws(ConfigurationErrors) in
            try stored.resolveFile()
        } resolveContent: { [stored] file throws(ConfigurationErrors) in
            try stored.resolve(file)
        }
    }

    /// What one request of an admin on a connection of its own is answered with.
    func answer(
        _ method: String, _ path: String, _ body: String? = nil, fields: String = "", isAdmin: Bool = true,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> RawClient.Response {
        let client = try under.client()
        let length = body.map { "Content-Length: \($0.utf8.count)\r\n" } ?? ""
        let fields = length + fields + (isAdmin ? Self.admin : "")
        client.send("\(method) \(path) HTTP/1.1\r\nHost: localhost\r\n\(fields)\r\n\(body ?? "")")
        client.readResponses(1, sourceLocation: sourceLocation)
        return try #require(client.responses.first, sourceLocation: sourceLocation)
    }

    func read(sourceLocation: SourceLocation = #_sourceLocation) throws -> RawClient.Response {
        try answer("GET", Self.prefix + "/config", sourceLocation: sourceLocation)
    }

    func update(
        _ body: String, fields: String = "", sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> RawClient.Response {
        try answer("POST", Self.prefix + "/config/update", body, fields: fields, sourceLocation: sourceLocation)
    }

    /// As the page sends it.
    static func body(_ urls: [String], _ configs: String = "{}", enable: String? = nil) -> String {
        let flag = enable.map { #""ENABLE_DOCKER_MODEL_RUNNER_API":\#($0),"# } ?? ""
        let list = urls.map { "\"\($0)\"" }.joined(separator: ",")
        return #"{\#(flag)"DOCKER_MODEL_RUNNER_BASE_URLS":[\#(list)],"DOCKER_MODEL_RUNNER_API_CONFIGS":\#(configs)}"#
    }

    var fileText: String { (try? stored.text()).flatMap { $0 } ?? "" }
    var urls: [String] { gateway.configuration.runners.map(\.url.description) }

    func stop(sourceLocation: SourceLocation = #_sourceLocation) {
        under.stop(sourceLocation: sourceLocation)
    }
}

extension RawClient.Response {
    /// What an error says; the same under both names.
    var sentence: String? { json?["detail"] == json?["error"] ? json?["detail"]?.string : nil }
}
