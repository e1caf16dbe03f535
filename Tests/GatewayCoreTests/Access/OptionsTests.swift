// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

/// Preflights, and OPTIONS that are none.
@Suite struct OptionsTests {
    func answer(
        _ fields: [(String, String)], _ listener: ListenerKind = .other,
        _ target: OptionsTarget = .path(allow: "POST"), origins: [String] = []
    ) -> Result<OwnResponse, GatewayError> {
        let headers = AccessFixtures.headers(fields)
        return AccessPolicy(keys: [AccessFixtures.user], origins: OriginList(adding: origins)).answerOptions(
            target, on: .root, listener: listener, host: headers.authority, headers: headers)
    }

    @Test(arguments: [OptionsTarget.server, .path(allow: "POST"), .unknownPath])
    func aPreflightIsAnsweredOnAnyPathAsOllamaDoes(target: OptionsTarget) throws {
        let headers =
            "Authorization,Content-Type,User-Agent,Accept,X-Requested-With,OpenAI-Beta,x-stainless-arch,"
            + "x-stainless-async,x-stainless-custom-poll-interval,x-stainless-helper-method,x-stainless-lang,"
            + "x-stainless-os,x-stainless-package-version,x-stainless-poll-helper,x-stainless-retry-count,"
            + "x-stainless-runtime,x-stainless-runtime-version,x-stainless-timeout"
        for listener in ListenerKind.allCases {
            // A preflight carries no key, and whether its Host is ours doesn't matter yet.
            for host in ["localhost", "gw.example.com"] {
                let response = try answer([("Host", host), ("Origin", "http://localhost:3000")], listener, target).get()
                #expect(
                    response
                        == OwnResponse(
                            204,
                            fields: [
                                .init("Access-Control-Allow-Methods", "GET,POST,PUT,PATCH,DELETE,HEAD,OPTIONS"),
                                .init("Access-Control-Allow-Headers", headers),
                                .init("Access-Control-Max-Age", "43200"),
                                .init("Access-Control-Allow-Origin", "http://localhost:3000"), .init("Vary", "Origin"),
                                .init("Vary", "Access-Control-Request-Method"),
                                .init("Vary", "Access-Control-Request-Headers")
                            ]))
            }
        }
    }

    @Test func whereAllOriginsAreAllowedTheAnswerIsTheSameForAll() throws {
        let response = try answer([("Host", "a"), ("Origin", "http://x")], origins: ["*"]).get()
        #expect(response.fields.contains(.init("Access-Control-Allow-Origin", "*")))
        #expect(!response.fields.contains { $0.name == "Vary" })
    }

    @Test func aForeignPreflightIs403WithAnEmptyBody() {
        for target in [OptionsTarget.server, .path(allow: "POST"), .unknownPath] {
            guard case .failure(let error) = answer([("Host", "localhost"), ("Origin", "null")], .loopback, target)
            else {
                Issue.record("allowed")
                continue
            }
            #expect(OwnResponse(error: error, family: .openAI, surface: .root) == OwnResponse(403))
        }
    }

    /// Without an Origin, or with our own.
    @Test(arguments: [
        (ListenerKind.loopback, "localhost", 204), (.loopback, "box", 204), (.loopback, "", 204),
        (.loopback, "127.0.0.1:11435", 405), (.loopback, "[::1]", 405), (.loopback, "evil.example", 403),
        (.loopback, "8.8.8.8", 403), (.other, "localhost", 405), (.other, "127.0.0.1", 405),
        (.other, "evil.example", 405), (.unix, "localhost", 405)
    ])
    func otherOptionsDependOnListenerAndHost(listener: ListenerKind, host: String, status: Int) {
        switch answer([("Host", host)], listener) {
        case .success(let response): #expect(response == OwnResponse(status))
        case .failure(let error):
            #expect(error.status == status && error.allow == (status == 405 ? "POST" : nil))
        }
        if case .failure(let error) = answer([("Host", host)], listener, .unknownPath) {
            #expect(error.status == (status == 405 ? 404 : status))
        } else {
            #expect(status == 204)
        }
    }

    @Test func ourOwnOriginUnderAForeignNameIs403() {
        guard case .failure(let error) = answer([("Host", "evil.example"), ("Origin", "http://evil.example")]) else {
            Issue.record("allowed")
            return
        }
        #expect(error.status == 403)
    }

    @Test func optionsOfTheServerItselfListsWhatItKnows() throws {
        #expect(
            try answer([("Host", "gw.example.com")], .other, .server).get()
                == OwnResponse(204, fields: [.init("Allow", "GET, HEAD, POST, DELETE")]))
    }
}
