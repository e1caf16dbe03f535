// SPDX-License-Identifier: MIT

import Testing

@testable import GatewayCore

/// Each refusal says for the log which rule it was, and whose key, once one was recognised.
@Suite struct AccessRefusalTests {
    static let cases: [(Knock, AccessRefusal, String?)] = [
        (Knock(.get, "/api/tags"), .noKey, nil),
        (Knock(.get, "/api/tags", [("Authorization", "Bearer sk-x")]), .noKey, nil),
        (Knock(.get, "/api/tags", AccessFixtures.bearer("dmr_wrong")), .mistypedKey, nil),
        (Knock(.get, "/key/dmr_wrong/api/tags"), .mistypedKey, nil),
        (Knock(.get, "/api/tags", AccessFixtures.bearer("dmr_user") + [("x-api-key", "dmr_reader")]), .twoKeys, nil),
        (Knock(.post, "/api/pull", AccessFixtures.bearer("dmr_user")), .scope, "user"),
        (Knock(.post, "/api/chat", [("x-api-key", "dmr_reader")]), .scope, "reader"),
        (Knock(.get, "/key/dmr_reader/metrics"), .scope, "reader"),
        (Knock(.get, "/key/dmr_admin/api/tags"), .keyInPath, "admin"),
        (Knock(.get, "/key/dmr_user/docker-model-runner/config"), .keyInPath, "user"),
        (Knock(.post, "/api/chat", [Knock.foreign] + AccessFixtures.bearer("dmr_user")), .origin, nil),
        (Knock(.options, "/api/chat", [Knock.foreign]), .origin, nil),
        (Knock(.get, "/nowhere", [Knock.foreign]), .origin, nil),
        (Knock(.get, "/api/tags", host: "evil.example"), .host, nil),
        (Knock(.options, "/api/chat", host: "evil.example"), .host, nil)
    ]

    @Test(arguments: cases)
    func itSaysWhichRuleAndWhoseKey(knock: Knock, refusal: AccessRefusal, keyName: String?) {
        let intake = knock.intake(keys: AccessFixtures.all)
        #expect(intake.error?.refusal == refusal)
        #expect(intake.keyName == keyName)
        #expect([400, 401, 403].contains(intake.status))
    }

    @Test func aKeyThatWasMadeSomewhereIsToldFromAMistypedOne() throws {
        let made = KeyText.make(randomness: [UInt8](repeating: 9, count: 32))
        let error = Knock(.get, "/api/tags", AccessFixtures.bearer(made)).intake(keys: AccessFixtures.all).error
        #expect(error?.refusal == .unknownKey && error?.keyName == nil)
    }

    /// Not refused by a rule of access, but with a key all the same.
    @Test(arguments: [
        (Knock(.get, "/nowhere"), 404), (Knock(.put, "/api/tags"), 405),
        (Knock(.get, "/docker-model-runner/stats"), 501),
        (Knock(.post, "/api/chat", [Knock.length(2000)]), 413),
        (Knock(.post, "/v1/audio/transcriptions", [("Content-Type", "multipart/form-data"), Knock.length(2)]), 400)
    ])
    func otherFailuresNameTheKeyToo(knock: Knock, status: Int) {
        var knock = knock
        knock.fields += AccessFixtures.bearer("dmr_admin")
        let intake = knock.intake(keys: AccessFixtures.all)
        #expect(intake.status == status)
        #expect(intake.keyName == "admin" && intake.error?.refusal == nil)
    }

    @Test func whatIsServedNamesItsKeyAndOptionsNone() {
        let key = AccessFixtures.bearer("dmr_user")
        #expect(Knock(.get, "/api/tags", key).intake(keys: AccessFixtures.all).keyName == "user")
        #expect(Knock(.options, "/api/tags", key).intake(keys: AccessFixtures.all).keyName == nil)
        #expect(Knock(.get, "/api/tags").intake().keyName == nil)
    }

    @Test func whoComesTooOftenIsNamed() {
        var identity = Identity(keyName: "ci", rights: .all)
        identity.requestsPerMinute = 1
        var rates = RequestRates()
        var refusal: GatewayError?
        for _ in 0..<2 {
            do throws(GatewayError) { try rates.take(identity, now: Instant(nanoseconds: 0)) } catch { refusal = error }
        }
        #expect(refusal?.status == 429 && refusal?.refusal == .rate && refusal?.keyName == "ci")
    }

    @Test func usersAreRefusedByTheirKeysName() {
        func error(_ fields: [(String, String)], secret: [UInt8]? = nil) -> GatewayError? {
            let decision = UserRuleTests.policy(secret: secret).decide(
                .chat, from: Caller(on: .other),
                headers: AccessFixtures.headers([("Host", "gw")] + AccessFixtures.bearer("dmr_webui") + fields))
            if case .failure(let error) = decision { return error }
            return nil
        }
        let ann = UserRuleTests.user(email: "ann@nowhere")
        let refusals = [
            error([]), error(ann), error(ann + ann), error([("X-OpenWebUI-User-Jwt", "a.b.c")], secret: [1])
        ]
        #expect(refusals.map { $0?.refusal } == [.noUser, .userRule, .userTwice, .userToken])
        #expect(refusals.allSatisfy { $0?.keyName == "webui" })
    }

    // MARK: Models

    /// By the name and the rights alone: whether there is such a model changes nothing.
    @Test(arguments: [
        ("secret", AccessRefusal?.some(.model)), ("nobodies", .model), ("x", nil), ("own:9b", nil), ("", .model)
    ])
    func aForbiddenModelIsOneWhetherItExistsOrNot(name: String, refusal: AccessRefusal?) throws {
        let catalog = try CatalogRightsTests.whole()
        for operation in GatewayCore.Operation.allCases {
            let route = Route(operation)
            let error = catalog.modelNotFound(name, route, for: CatalogRightsTests.rights)
            #expect(error.refusal == refusal)
            #expect(catalog.modelNotFound(name, route, for: .all).refusal == nil)
            // The client is told the same.
            #expect(error.status == catalog.modelNotFound(name, route, for: .all).status)
            #expect(error.sentence == catalog.modelNotFound(name, route, for: .all).sentence)
        }
    }

    @Test func anUnloadBySomeoneWhoMayNot() throws {
        let body = try #require(scan(#"{"model":"x","keep_alive":0}"#).body)
        for (keyName, status, refusal) in [("user", 403, AccessRefusal.scope), (nil, 401, .noKey)] {
            let identity = Identity(keyName: keyName, rights: .inference)
            var refused: GatewayError?
            do throws(GatewayError) {
                _ = try ModelRequest(body, route: Route(.generate), identity: identity)
            } catch { refused = error }
            #expect(refused?.status == status && refused?.refusal == refusal && refused?.keyName == keyName)
        }
    }
}
