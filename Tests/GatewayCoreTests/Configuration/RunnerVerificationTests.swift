// SPDX-License-Identifier: MIT

import Testing

@testable import GatewayCore

/// Whom `/verify` asks, with which secrets, and what it tells.
@Suite struct RunnerVerificationTests {
    private static let configured =
        #"{"runners":[{"url":"http://a:1/base","key":"ka","headers":{"X-T":"t"}},"#
        + #"{"url":"https://b","key":"kb","tls_verify":false},"#
        + #"{"url":"http://d:1","headers":{"Authorization":"Basic x","X-T":"t"}}]}"#

    private func verification(_ body: String) throws -> Result<RunnerVerification, GatewayError> {
        let body = try JSON(parsing: Array(body.utf8))
        let runners = try Start(file: Self.configured).configuration().runners
        do throws(GatewayError) {
            return .success(
                try RunnerVerification(body, runners: runners) {
                    SecretMask.prefix + String(decoding: $0.reversed(), as: UTF8.self)
                })
        } catch {
            return .failure(error)
        }
    }

    @Test(arguments: [
        // (body, key that is sent, header that is sent)
        (#"{"url":"http://a:1/base","key":"dmr-masked:ak"}"#, "ka", true),
        (#"{"url":"http://a:1","key":"dmr-masked:ak"}"#, "ka", true), (#"{"url":"http://a:1"}"#, "ka", true),
        (#"{"url":"http://A:1/","key":null}"#, "ka", true), (#"{"url":"http://a:1","key":""}"#, nil, true),
        (#"{"url":"http://a:1","key":"new","config":{"key":"x"}}"#, "new", true),
        (#"{"url":"http://a:2"}"#, nil, false), (#"{"url":"https://a:1"}"#, nil, false),
        (#"{"url":"http://c:1","key":"k"}"#, "k", false), (#"{"url":"https://b:443/x"}"#, "kb", false)
    ])
    func aStoredSecretIsForItsOriginOnly(body: String, key: String?, hasHeader: Bool) throws {
        let runner = try verification(body).get().runner
        #expect(runner.key.map { String(decoding: $0.bytes, as: UTF8.self) } == key)
        #expect(runner.headers.map(\.name) == (hasHeader ? ["X-T"] : []))
    }

    @Test func aKeyTakesThePlaceOfAStoredAuthorization() throws {
        #expect(try verification(#"{"url":"http://d:1"}"#).get().runner.headers.count == 2)
        #expect(try verification(#"{"url":"http://d:1","key":"k"}"#).get().runner.headers.map(\.name) == ["X-T"])
    }

    @Test func aRunnersCertificateRulesAreItsOwn() throws {
        #expect(try verification(#"{"url":"https://b"}"#).get().runner.verifiesTLS == false)
        #expect(try verification(#"{"url":"https://c"}"#).get().runner.verifiesTLS)
    }

    @Test(arguments: [
        ("{}", 422, "url is missing"), (#"{"url":1}"#, 422, "url must be a URL"), (#"{"url":""}"#, 400, "url: "),
        (#"{"url":"ftp://a"}"#, 400, "url: "), (#"{"url":"file:///etc/passwd"}"#, 400, "url: "),
        (#"{"url":"gopher://a:1"}"#, 400, "url: "), (#"{"url":"unix:/run/x.sock"}"#, 400, "only http:// and https://"),
        (#"{"url":"dns:http://a"}"#, 400, "only http:// and https://"), (#"{"url":"http://u:p@a"}"#, 400, "url: "),
        (#"{"url":"http://a:1","key":7}"#, 422, "key must be"),
        (#"{"url":"http://a:1","key":"x\r\nHost: y"}"#, 400, "key: holds characters"),
        (#"{"url":"http://c:1","key":"dmr-masked:ak"}"#, 400, "stands for no secret"),
        (#"{"url":"https://a:1","key":"dmr-masked:ak"}"#, 400, "stands for no secret")
    ])
    func whatIsNotAskedIsSaid(body: String, status: Int, words: String) throws {
        guard case .failure(let error) = try verification(body) else {
            Issue.record("it would be asked")
            return
        }
        #expect(error.status == status)
        #expect(error.sentence.contains(words), "\(error.sentence)")
    }

    @Test(arguments: [
        ("169.254.169.254", false), ("169.254.0.1", false), ("::ffff:169.254.169.254", false), ("fe80::1", false),
        ("febf:ffff::1", false), ("fd00:ec2::254", false), ("fd20:ce::254", false), ("100.100.100.200", false),
        ("168.63.129.16", false), ("192.0.0.192", false), ("224.0.0.1", false), ("ff02::1", false),
        ("255.255.255.255", false), ("64:ff9b::a9fe:a9fe", false), ("2002:a9fe:a9fe::1", false),
        ("127.0.0.1", true), ("::1", true), ("10.0.0.1", true), ("192.168.1.1", true), ("fd00::1", true),
        ("169.253.255.255", true), ("169.255.0.0", true), ("fec0::1", true), ("100.64.0.1", true), ("8.8.8.8", true),
        ("2001:db8::1", true), ("64:ff9b::808:808", true), ("2002:a00:1::1", true), ("0.0.0.0", true)
    ])
    func addressesThatAreAsked(address: String, isAsked: Bool) throws {
        let address = try #require(IPAddress(address))
        var error: GatewayError?
        do throws(GatewayError) {
            try RunnerVerification.check(address)
        } catch let refusal {
            error = refusal
        }
        #expect((error == nil) == isAsked)
        if let error { #expect(error.status == 400) }
    }

    @Test(arguments: [
        (200, #"{"version":"0.11.0"}"#, #"{"version":"0.11.0"}"#),
        (
            200, #"{"version":"0.1-rc2+x","secret":1}"#,
            #"{"version":"0.1-rc2+x"}"#
        ), (200, #"{"version":""}"#, nil), (200, #"{"version":7}"#, nil),
        (200, #"{"version":"<script>"}"#, nil), (200, #"{"version":"a b"}"#, nil), (200, "{}", nil), (200, "", nil),
        (200, "<html>", nil), (200, #"{"version":"\#(String(repeating: "1", count: 65))"}"#, nil),
        (301, #"{"version":"0.11.0"}"#, nil), (404, #"{"error":"the internals"}"#, nil), (401, "", nil), (508, "", nil)
    ])
    func nothingButAVersionComesBack(status: Int, body: String, answer: String?) throws {
        let verification = try verification(#"{"url":"http://a:1"}"#).get()
        do throws(GatewayError) {
            let json = try verification.answer(status: status, body: Array(body.utf8))
            #expect(String(decoding: json.bytes, as: UTF8.self) == answer)
        } catch {
            #expect(answer == nil)
            #expect(error.status == 502)
            #expect(error.sentence.hasPrefix("a:1 "))
            #expect(!error.sentence.contains("internals"))
        }
    }
}
