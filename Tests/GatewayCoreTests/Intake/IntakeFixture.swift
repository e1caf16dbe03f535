// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

/// A gateway's rules and one request head, as the tests of this folder vary them.
struct Knock: Sendable, CustomTestStringConvertible {
    var method = Method.post
    var target = "/api/chat"
    /// Behind the Host.
    var fields: [(String, String)] = []
    var version = HTTPVersion.http11
    var listener = ListenerKind.loopback
    /// nil for no Host at all.
    var host: String? = "localhost:11435"

    init(
        _ method: Method = .post, _ target: String = "/api/chat", _ fields: [(String, String)] = [],
        _ version: HTTPVersion = .http11, listener: ListenerKind = .loopback, host: String? = "localhost:11435"
    ) {
        (self.method, self.target, self.fields) = (method, target, fields)
        (self.version, self.listener, self.host) = (version, listener, host)
    }

    var testDescription: String { "\(method.name) \(target.prefix(60)) \(host ?? "-") \(fields.prefix(3))" }

    /// What the gateway decides: with keys configured only where `keys` says so, 1,000 bytes of JSON at most.
    func intake(
        keys: [AccessKey] = [], anonymous: AnonymousRule = .auto, origins: [String] = [], hosts: [String] = [],
        bodyLimit: Int = 1000, isEnabled: Bool = true, limits: RequestLimits = RequestLimits()
    ) -> RequestIntake {
        let access = AccessPolicy(
            anonymous: anonymous, keys: keys, origins: OriginList(adding: origins), hosts: HostList(adding: hosts))
        let rules = RequestIntake.Rules(
            router: Router(pathPrefix: "/docker-model-runner"), access: access, loopGuard: Knock.loopGuard,
            limits: limits, bodyLimit: bodyLimit, isEnabled: isEnabled)
        let head = RequestHead.make(method, target, (host.map { [("Host", $0)] } ?? []) + fields, version)
        var rates = RequestRates()
        return RequestIntake(
            head, from: Caller(on: listener), rules: rules, rates: &rates, now: Instant(nanoseconds: 0))
    }

    static let loopGuard = LoopGuard(randomness: [1, 2, 3, 4, 5, 6, 7, 8])
    static let foreign = ("Origin", "https://evil.example")
    static func length(_ count: Int) -> (String, String) { ("Content-Length", String(count)) }
    static let chunked = ("Transfer-Encoding", "chunked")
    static let expects = ("Expect", "100-continue")
}

extension RequestIntake {
    var route: Route? {
        if case .serve(let route, _) = decision { route } else { nil }
    }

    var error: GatewayError? {
        if case .refuse(let error) = decision { error } else { nil }
    }

    /// 200 for what is served.
    var status: Int {
        switch decision {
        case .serve: 200
        case .answer(let response): response.status
        case .refuse(let error): error.status
        }
    }
}
