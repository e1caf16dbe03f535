// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

/// Keys are in no error, no warning and no description.
@Suite struct SecretTests {
    static let secret = "hunter2-that-nobody-guesses"

    @Test(arguments: [
        #"{"runners":[{"key":"\#(secret)"}]}"#, #"{"runners":[{"url":"\#(secret)@a","key":"\#(secret)"}]}"#,
        #"{"runners":[{"url":"http://a:1","key":"\#(secret) "}]}"#, #"{"runners":[{"url":"http://u:\#(secret)@a:1"}]}"#,
        #"{"runners":[{"url":"http://a:1","key":"\#(secret)","key":"\#(secret)"}]}"#,
        #"{"runners":[{"url":"http://a:1","key":["\#(secret)"]}]}"#,
        #"{"runners":[{"url":"http://a:1","key":"\#(secret)","headers":{"Authorization":"\#(secret)"}}]}"#,
        #"{"access":{"keys":[{"name":"a","sha256":"\#(secret)"}]}}"#, #"{"access":{"jwt_secret":["\#(secret)"]}}"#,
        #"{"tls":{"key":"\#(secret)"}}"#, #"{"access":{"keys":["\#(secret)"]}}"#,
        #"{"runners":[{"url":"http://a:1","key":"\#(secret)}]}"#,
        #"{"listen":["http://u:\#(secret)@a:1"]}"#, #"{"listen":["a:1/key/\#(secret)"]}"#
    ])
    func noFileErrorHoldsAKey(file: String) {
        let errors = Start(file: file).errors
        #expect(!errors.isEmpty)
        #expect(!errors.joined().contains(Self.secret))
    }

    @Test(arguments: [
        ["DMR_ADMIN_KEY": "\(secret)\u{7}"], ["DMR_ADMIN_KEY": "\(secret) x"],
        ["DMR_RUNNERS": "http://u:\(secret)@a:1"],
        ["OLLAMA_HOST": "http://u:\(secret)@a:1"], ["OLLAMA_HOST": "a b/key/\(secret)"],
        ["DOCKER_MODEL_RUNNER_BASE_URL": "http://a:1/key/dmr_\(secret)"], ["DMR_RUNNERS": "http://a:1?key=\(secret)"],
        ["DOCKER_MODEL_RUNNER_BASE_URL": "/key/\(secret)"], ["DMR_LOG_LEVEL": secret], ["DMR_LOOPS": secret],
        ["ENABLE_DOCKER_MODEL_RUNNER_API": secret], ["USE_DOCKER_MODEL_RUNNER_DOCKER": secret]
    ])
    func noEnvironmentErrorHoldsAKey(environment: [String: String]) {
        let errors = Start(environment: environment).errors
        #expect(errors.count == 1)
        #expect(!errors.joined().contains(Self.secret))
    }

    @Test func noWarningHoldsAKey() throws {
        let start = Start(
            file:
                #"{"runners":[{"url":"http://a:1","api_key":"\#(Self.secret)","dmr_\#(Self.secret)":1}]}"#,
            environment: [
                "OLLAMA_HOST": "h:1/key/\(Self.secret)", "DMR_RUNNERS": Self.secret, "DMR_ADMIN_KEY": Self.secret
            ])
        let warnings = try start.warnings()
        #expect(warnings.count == 4)
        #expect(!warnings.joined().contains(Self.secret))
    }

    @Test func noDescriptionHoldsAKey() throws {
        let resolved = try Start(
            file: #"{"runners":[{"url":"http://a:1","key":"\#(Self.secret)"}]}"#,
            environment: ["DMR_ADMIN_KEY": Self.secret]
        ).resolve()
        var dumped = ""
        dump(resolved, to: &dumped)
        let bytes = "\(Array(Self.secret.utf8))".dropFirst().dropLast()
        for text in ["\(resolved)", String(reflecting: resolved), dumped] {
            #expect(text.contains("(secret)"))
            #expect(!text.contains(Self.secret))
            #expect(!text.contains(bytes))
        }
    }

    @Test func mirrorShowsNoBytes() {
        #expect(Mirror(reflecting: Secret([1, 2])).children.isEmpty)
    }

    @Test func secretIsComparedByItsBytes() {
        #expect(Secret([1, 2]) == Secret([1, 2]))
        #expect(Secret([1, 2]) != Secret([1, 3]))
    }
}
