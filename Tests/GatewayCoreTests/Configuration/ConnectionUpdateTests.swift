// SPDX-License-Identifier: MIT

import Testing

@testable import GatewayCore

/// What Open WebUI's page saves, merged with what the file holds.
@Suite struct ConnectionUpdateTests {
    /// As the page sends it; `configs` is the object's text.
    private static func body(_ urls: [String], _ configs: String = "{}", enable: String? = nil) -> String {
        let flag = enable.map { #""ENABLE_DOCKER_MODEL_RUNNER_API":\#($0),"# } ?? ""
        let list = urls.map { "\"\($0)\"" }.joined(separator: ",")
        return #"{\#(flag)"DOCKER_MODEL_RUNNER_BASE_URLS":[\#(list)],"DOCKER_MODEL_RUNNER_API_CONFIGS":\#(configs)}"#
    }

    /// Told apart, and not the secret.
    private static func mask(_ secret: [UInt8]) -> String {
        SecretMask.prefix + String(decoding: secret.reversed(), as: UTF8.self)
    }

    private enum Outcome: Equatable {
        /// The file's text without white space.
        case written(String)
        case unchanged
        case refused(Int, String)
    }

    private func update(_ start: Start, _ body: String) throws -> Outcome {
        let body = try JSON(parsing: Array(body.utf8))
        do throws(GatewayError) {
            let request = try ConnectionUpdate(body)
            let update = try ConfigurationUpdate(
                of: ("/etc/dmr.json", start.file.map { Array($0.utf8) }),
                resolve: { bytes throws(ConfigurationErrors) in
                    var start = start
                    start.file = bytes.map { String(decoding: $0, as: UTF8.self) }
                    return try start.resolve()
                },
                change: { document, current throws(GatewayError) in
                    try request.apply(to: &document, current: current, mask: Self.mask)
                })
            guard let bytes = update.bytes else { return .unchanged }
            return .written((try? JSON(parsing: bytes)).map { String(decoding: $0.bytes, as: UTF8.self) } ?? "")
        } catch {
            return .refused(error.status, error.sentence)
        }
    }

    private static let two =
        #"{"policy":"round-robin","runners":[{"weight":2,"url":"http://a:1/","key":"ka","mine":{"x":1}},"#
        + #"{"url":"http://b:2","prefix_id":"b","headers":{"X-T":"tb"}}]}"#

    private func runners(_ text: String) -> String { #"{"policy":"round-robin","runners":[\#(text)]}"# }
    private static let a = #"{"weight":2,"url":"http://a:1/","key":"ka","mine":{"x":1}}"#
    private static let b = #"{"url":"http://b:2","prefix_id":"b","headers":{"X-T":"tb"}}"#

    // MARK: What stays, what goes

    @Test(arguments: [
        // What is already so.
        body(["http://a:1", "http://b:2"]), body([" http://A:1/ ", "http://b:2/"], #"{"0":{},"1":{"prefix_id":"b"}}"#),
        body(["http://a:1", "http://b:2"], "{}", enable: "null"),
        body(["http://a:1", "http://b:2"], "{}", enable: "true"),
        body(
            ["http://a:1", "http://b:2"],
            #"{"0":{"enable":true,"key":"dmr-masked:ak","prefix_id":"","tags":[],"model_ids":[],"#
                + #""connection_type":"docker","weight":2,"max_inflight":"auto","mine":{"x":1}},"#
                + #""1":{"headers":{"X-T":"dmr-masked:bt"},"key":""}}"#),
        // Null is as good as absent.
        body(["http://a:1", "http://b:2"], #"{"0":{"key":null,"prefix_id":null,"weight":null,"mine":null}}"#),
        // Settings for nobody are dropped.
        body(["http://a:1", "http://b:2"], #"{"2":{"key":"x"},"-1":{"key":"y"},"http://c:3":{"key":"z"},"x":1}"#),
        // Empty lines of the form.
        body(["", "http://a:1", " ", "http://b:2"], #"{"1":{"weight":2}}"#)
    ])
    func whatIsAlreadySoIsNotWritten(body: String) throws {
        #expect(try update(Start(file: Self.two), body) == .unchanged)
    }

    @Test func aFieldIsChangedAndAllElseStaysAsItWas() throws {
        let body = Self.body(["http://a:1", "http://b:2"], #"{"0":{"prefix_id":"p","tags":[{"name":"fast"}]}}"#)
        let a = #"{"weight":2,"url":"http://a:1/","key":"ka","mine":{"x":1},"prefix_id":"p","tags":[{"name":"fast"}]}"#
        #expect(try update(Start(file: Self.two), body) == .written(runners("\(a),\(Self.b)")))
    }

    @Test func aURLThatIsLeftOutIsGoneAndTheOrderIsTheList() throws {
        #expect(
            try update(Start(file: Self.two), Self.body(["http://b:2"])) == .written(runners(Self.b)))
        #expect(
            try update(Start(file: Self.two), Self.body(["http://b:2", "http://a:1"]))
                == .written(runners("\(Self.b),\(Self.a)")))
        #expect(try update(Start(file: Self.two), Self.body([])) == .written(runners("")))
    }

    @Test func aNewURLGetsItsSettings() throws {
        let body = Self.body(
            ["http://a:1", "http://c:3/base/", "http://b:2"],
            #"{"1":{"enable":true,"key":"kc","prefix_id":"","auth_type":"bearer","connection_type":"local"}}"#)
        let c = #"{"url":"http://c:3/base","key":"kc","auth_type":"bearer","connection_type":"local"}"#
        #expect(try update(Start(file: Self.two), body) == .written(runners("\(Self.a),\(c),\(Self.b)")))
    }

    @Test func settingsFollowTheirURLWhereTheListShifts() throws {
        let body = Self.body(["http://c:3", "http://a:1", "http://b:2"], #"{"1":{"weight":3},"2":{"enable":false}}"#)
        let a = Self.a.replacing(#""weight":2"#, with: #""weight":3"#)
        let b = Self.b.dropLast() + #","enable":false}"#
        #expect(try update(Start(file: Self.two), body) == .written(runners(#"{"url":"http://c:3"},\#(a),\#(b)"#)))
    }

    @Test func ofTwoEntriesForOneURLEachKeepsItsOwn() throws {
        let file = #"{"runners":[{"url":"http://a:1","prefix_id":"x"},{"url":"http://a:1","prefix_id":"y"}]}"#
        let body = Self.body(["http://a:1", "http://a:1"], #"{"1":{"weight":5}}"#)
        #expect(
            try update(Start(file: file), body)
                == .written(
                    #"{"runners":[{"url":"http://a:1","prefix_id":"x"},"#
                        + #"{"url":"http://a:1","prefix_id":"y","weight":5}]}"#))
    }

    // MARK: The older form

    @Test func settingsByURLCountWhereNoneAreThereByIndex() throws {
        let body = Self.body(
            ["http://a:1", "http://b:2"],
            #"{"http://b:2":{"prefix_id":"q"},"http://a:1/":{"weight":7},"0":{"weight":9}}"#)
        let a = Self.a.replacing(#""weight":2"#, with: #""weight":9"#)
        let b = Self.b.replacing(#""b","#, with: #""q","#)
        #expect(try update(Start(file: Self.two), body) == .written(runners("\(a),\(b)")))
    }

    @Test func ofSettingsByOriginOnlyTheKeyCounts() throws {
        let file = #"{"runners":[{"url":"http://a:1/base"}]}"#
        let body = Self.body(["http://a:1/base"], #"{"http://a:1":{"key":"k","prefix_id":"p"}}"#)
        #expect(
            try update(Start(file: file), body) == .written(#"{"runners":[{"url":"http://a:1/base","key":"k"}]}"#))
    }

    // MARK: The switch

    @Test func theFlagIsWrittenWhereItChanges() throws {
        let body = Self.body(["http://a:1", "http://b:2"], enable: "false")
        #expect(
            try update(Start(file: Self.two), body)
                == .written(Self.two.dropLast() + #","enable":false}"#))
        let off = Start(file: Self.two, environment: ["ENABLE_DOCKER_MODEL_RUNNER_API": "false"])
        #expect(try update(off, body) == .unchanged, "the environment says so already")
        #expect(
            try update(off, Self.body(["http://a:1", "http://b:2"], enable: "true"))
                == .written(Self.two.dropLast() + #","enable":true}"#), "and what is saved beats it")
    }

    // MARK: Other sources

    @Test func runnersOfTheEnvironmentAreWrittenOnlyIfTheyChange() throws {
        let start = Start(environment: ["DMR_RUNNERS": "http://a:1;http://b:2"])
        #expect(try update(start, Self.body(["http://a:1", "http://b:2"], #"{"0":{"enable":true}}"#)) == .unchanged)
        #expect(
            try update(start, Self.body(["http://a:1", "http://b:2"], #"{"0":{"weight":3}}"#))
                == .written(#"{"runners":[{"url":"http://a:1","weight":3},{"url":"http://b:2"}]}"#))
        #expect(
            try update(Start(), Self.body(["http://127.0.0.1:11434", "http://c:3"]))
                == .written(#"{"runners":[{"url":"http://127.0.0.1:11434"},{"url":"http://c:3"}]}"#))
    }

    @Test(arguments: [Self.two, nil])
    func runnersOfAFlagStay(file: String?) throws {
        let start = Start(file: file, runners: ["http://f:1"])
        let outcome = try update(start, Self.body(["http://a:1", "http://b:2"]))
        guard case .refused(409, let sentence) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(sentence.contains("--runner"))
        #expect(try update(start, Self.body(["http://f:1"])) == .unchanged)
        guard case .written = try update(start, Self.body(["http://f:1"], enable: "false")) else {
            Issue.record("the switch is nobody's flag")
            return
        }
    }

    /// What `--demo` puts in the place of the file's.
    @Test func runnersOfADemoStay() throws {
        let start = Start(file: #"{"runners":[]}"#, isDemo: true)
        func resolved(_ bytes: [UInt8]?) throws(ConfigurationErrors) -> ResolvedConfiguration {
            var resolved = try start.resolve()
            guard let url = try? RunnerURL(parsing: "http://127.0.0.1:5") else { return resolved }
            resolved.configuration.runners = [RunnerConfiguration(url: url)]
            return resolved
        }
        for (urls, status) in [(["http://127.0.0.1:5"], nil), (["http://b:1"], 409), ([], 409)] as [([String], Int?)] {
            let request = try ConnectionUpdate(try JSON(parsing: Array(Self.body(urls).utf8)))
            var refusal: GatewayError?
            do throws(GatewayError) {
                let update = try ConfigurationUpdate(
                    of: ("/etc/dmr.json", Array(#"{"runners":[]}"#.utf8)), resolve: resolved,
                    change: { document, current throws(GatewayError) in
                        try request.apply(to: &document, current: current, mask: Self.mask)
                    })
                #expect(update.bytes == nil)
            } catch {
                refusal = error
            }
            #expect(refusal?.status == status)
        }
    }

    // MARK: Masks

    @Test(arguments: [
        // Another host, another port, another scheme, no such secret, another runner's, another header's.
        body(["http://c:1"], #"{"0":{"key":"dmr-masked:ak"}}"#),
        body(["http://a:2"], #"{"0":{"key":"dmr-masked:ak"}}"#),
        body(["https://a:1"], #"{"0":{"key":"dmr-masked:ak"}}"#), body(["http://a:1"], #"{"0":{"key":"dmr-masked:"}}"#),
        body(["http://a:1", "http://b:2"], #"{"1":{"key":"dmr-masked:ak"}}"#),
        body(["http://b:2"], #"{"0":{"headers":{"X-U":"dmr-masked:bt"}}}"#),
        body(["http://b:2"], #"{"0":{"key":"dmr-masked:bt"}}"#),
        // A URL was removed, and the settings weren't moved.
        body(["http://b:2"], #"{"0":{"key":"dmr-masked:ak"},"1":{"headers":{"X-T":"dmr-masked:bt"}}}"#)
    ])
    func aMaskStandsForNothingElsewhere(body: String) throws {
        let outcome = try update(Start(file: Self.two), body)
        guard case .refused(400, let sentence) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(sentence.contains("stands for no secret"))
        #expect(!sentence.contains("ka"))
    }

    @Test func aMaskStandsForItsSecretOnTheSameOrigin() throws {
        let body = Self.body(
            ["http://a:1", "http://b:2", "http://a:1/other"],
            #"{"2":{"key":"dmr-masked:ak"},"1":{"headers":{"x-t":"dmr-masked:bt","Y":"new"}}}"#)
        let b = Self.b.replacing(#"{"X-T":"tb"}"#, with: #"{"x-t":"tb","Y":"new"}"#)
        #expect(
            try update(Start(file: Self.two), body)
                == .written(runners("\(Self.a),\(b),{\"url\":\"http://a:1/other\",\"key\":\"ka\"}")))
    }

    @Test func anEmptyKeyTakesTheKeyAway() throws {
        let body = Self.body(["http://a:1", "http://b:2"], #"{"0":{"key":""},"1":{"headers":{}}}"#)
        let a = Self.a.replacing(#""ka""#, with: #""""#)
        let b = Self.b.replacing(#"{"X-T":"tb"}"#, with: "{}")
        #expect(try update(Start(file: Self.two), body) == .written(runners("\(a),\(b)")))
    }

    // MARK: What is no update

    @Test(arguments: [
        ("{}", 422, "DOCKER_MODEL_RUNNER_BASE_URLS is missing"),
        ("[]", 422, "DOCKER_MODEL_RUNNER_BASE_URLS is missing"),
        (#"{"DOCKER_MODEL_RUNNER_BASE_URLS":[]}"#, 422, "DOCKER_MODEL_RUNNER_API_CONFIGS is missing"),
        (#"{"DOCKER_MODEL_RUNNER_BASE_URLS":{},"DOCKER_MODEL_RUNNER_API_CONFIGS":{}}"#, 422, "not an object"),
        (#"{"DOCKER_MODEL_RUNNER_BASE_URLS":[1],"DOCKER_MODEL_RUNNER_API_CONFIGS":{}}"#, 422, "[0] must be a URL"),
        (#"{"DOCKER_MODEL_RUNNER_BASE_URLS":[],"DOCKER_MODEL_RUNNER_API_CONFIGS":[]}"#, 422, "not a list"),
        (body(["http://a:1"], #"{"0":7}"#), 422, "CONFIGS.0 must be an object"),
        (body([], enable: #""yes""#), 422, "must be true, false or null, not a string"),
        (body(["http://a:1", "ftp://b"]), 400, "DOCKER_MODEL_RUNNER_BASE_URLS[1]: "),
        (body(["http://u:secret@b"]), 400, "put its key into \"key\""),
        (body(["http://a:1"], #"{"0":{"weight":-1}}"#), 400, "runners[0].weight: must be from 0 to 1000"),
        (body(["http://a:1"], #"{"0":{"enable":"yes"}}"#), 400, "runners[0].enable: must be true or false"),
        (body(["http://a:1"], #"{"0":{"key":"a b"}}"#), 400, "runners[0].key: holds characters"),
        (
            body(["http://a:1"], #"{"0":{"headers":{"Host":"x"}}}"#), 400,
            "runners[0].headers.Host: is the gateway's own"
        ),
        (body(["http://127.0.0.1:11435"]), 400, "is the gateway itself"),
        (body((0...1000).map { "http://a:\($0 + 1)" }), 400, "more than 1000 URLs")
    ])
    func whatIsNoUpdateChangesNothing(body: String, status: Int, words: String) throws {
        let outcome = try update(Start(file: Self.two), body)
        guard case .refused(status, let sentence) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(sentence.contains(words), "\(sentence)")
        #expect(!sentence.contains("secret@"))
    }

    // MARK: What is shown

    @Test func theSettingsAreShownWithMasksAndWithWhatNobodyHereKnows() throws {
        let file = #"""
            {"enable":false,"runners":[
              {"url":"http://a:1/","key":"ka","auth_type":"bearer","mine":{"x":1},"api_token":"t","deep":{"y":[{"password":"p"}]},
               "tags":[{"name":"fast"},"x"],"model_ids":["m:1"],"headers":{"X-T":"th"},"max_inflight":0,"enable":false},
              {"url":"dns:http://b"}]}
            """#
        let shown = ConnectionSettings.json(try Start(file: file).configuration(), mask: Self.mask)
        let own = #","max_inflight":"auto","weight":1,"pull":true,"tls_verify":true,"tls_ca":""}"#
        #expect(
            String(decoding: shown.bytes, as: UTF8.self)
                == #"{"ENABLE_DOCKER_MODEL_RUNNER_API":false,"DOCKER_MODEL_RUNNER_BASE_URLS":["http://a:1","dns:http://b"],"#
                + #""DOCKER_MODEL_RUNNER_API_CONFIGS":{"0":{"enable":false,"key":"dmr-masked:ak","prefix_id":"","#
                + #""tags":[{"name":"fast"},"x"],"model_ids":["m:1"],"connection_type":"docker","#
                + #""headers":{"X-T":"dmr-masked:ht"},"max_inflight":0,"weight":1,"pull":true,"tls_verify":true,"#
                + #""tls_ca":"","auth_type":"bearer","mine":{"x":1}},"1":{"enable":true,"key":"","prefix_id":"","#
                + #""tags":[],"model_ids":[],"connection_type":"docker","headers":{}"# + own + "}}")
    }

    /// What is read and sent back whole changes nothing, whatever the file holds.
    @Test(arguments: [
        Self.two, "{}", #"{"runners":[]}"#,
        #"{"runners":[{"url":"unix:/a.sock","max_inflight":3,"key":"k"},{"url":"https://a","tls_verify":false}]}"#
    ])
    func whatIsShownComesBackAsNoChange(file: String) throws {
        let start = Start(file: file)
        let shown = ConnectionSettings.json(try start.configuration(), mask: Self.mask)
        #expect(try update(start, String(decoding: shown.bytes, as: UTF8.self)) == .unchanged)
    }
}
