// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

/// What a wrong file is told, word for word where the words are the interface: the path in front.
@Suite struct FileErrorTests {
    @Test(arguments: [
        ("", "/etc/dmr.json: is not valid JSON at line 1, column 1: "),
        ("{\n  \"listen\": [,]\n}", "/etc/dmr.json: is not valid JSON at line 2, column 14: "),
        ("{} x", "/etc/dmr.json: is not valid JSON at line 1, column 4: "),
        ("\u{FEFF}{}", "/etc/dmr.json: is not valid JSON at line 1, column 1: "),
        (#"{"a":NaN}"#, "/etc/dmr.json: is not valid JSON at line 1, column 6: "),
        ("[]", "the file: must be an object, not a list"),
        (String(repeating: "[", count: 100_000), "/etc/dmr.json: is nested deeper than any setting"),
        (#"{"x":""# + String(repeating: "[", count: 100) + #"\"["}"#, "x: is no setting")
    ])
    func documentThatIsNoneIsOneError(file: String, beginning: String) {
        let errors = Start(file: file).errors
        #expect(errors.count == 1)
        #expect(errors.first?.hasPrefix(beginning) == true, "\(errors)")
    }

    @Test(arguments: [
        // Types.
        (#""listen":"127.0.0.1:1""#, "listen: must be a list, not a string"),
        (#""listen":null"#, "listen: must be a list, not null"),
        (#""listen":[1]"#, "listen[0]: must be a string, not a number"),
        (#""enable":"true""#, "enable: must be true or false, not a string"),
        (#""enable":1"#, "enable: must be true or false, not a number"),
        (#""path_prefix":["/x"]"#, "path_prefix: must be a string, not a list"),
        (#""runners":{}"#, "runners: must be a list, not an object"),
        (#""runners":["http://a:1"]"#, "runners[0]: must be an object, not a string"),
        (#""policy":1"#, "policy: must be a string, not a number"),
        (#""timeouts":[]"#, "timeouts: must be an object, not a list"),
        (#""timeouts":{"queue":"60"}"#, "timeouts.queue: must be a number of seconds, not a string"),
        (#""limits":{"queue":true}"#, "limits.queue: must be a whole number, not a boolean"),
        (#""access":{"hosts":"a"}"#, "access.hosts: must be a list, not a string"),
        (#""access":{"hosts":[1]}"#, "access.hosts[0]: must be a string, not a number"),
        (#""tls":"""#, "tls: must be an object, not a string"),
        (#""log":{"file":null}"#, "log.file: must be a string, not null"),
        // Values.
        (#""listen":[]"#, #"listen: is empty; name an address, e.g. "127.0.0.1:11435", or remove it"#),
        (#""listen":[":1",":1"]"#, "listen[1]: is there twice; keep one"),
        (#""listen":["a"]"#, #"listen[0]: "a" has no port; write HOST:PORT, e.g. 127.0.0.1:11435"#),
        (#""listen":[":70000"]"#, #"listen[0]: ":70000" has no port from 0 to 65535 at its end"#),
        (#""policy":"random""#, #"policy: must be "least-inflight" or "round-robin""#),
        (#""log":{"level":"warn"}"#, #"log.level: must be "trace", "debug", "info", "warning" or "error""#),
        (#""timeouts":{"connect":-1}"#, "timeouts.connect: is negative; it is a number of seconds"),
        (#""timeouts":{"connect":1e999}"#, "timeouts.connect: is too large"),
        (#""timeouts":{"connect":0.0009}"#, "timeouts.connect: must be 0 (no limit) or at least 0.001 seconds"),
        (#""limits":{"connections":-1}"#, "limits.connections: must be 0 or more"),
        (#""limits":{"headers":1.5}"#, "limits.headers: must be a whole number"),
        (#""limits":{"headers":1e30}"#, "limits.headers: is too large"),
        (#""health":{"probe_interval":0}"#, "health.probe_interval: must be at least 0.01 seconds"),
        (#""health":{"eject_base":0}"#, "health.eject_base: must be at least 0.01 seconds"),
        (#""health":{"eject_after":-1}"#, "health.eject_after: must be 0 or more"),
        (
            #""health":{"eject_base":10,"eject_max":5}"#,
            "health.eject_max: eject_max (5.0) must not be less than eject_base (10.0)"
        ),
        (#""health":{"eject_base":61}"#, "health.eject_base: eject_max (60.0) must not be less than eject_base (61.0)"),
        (
            #""access":{"anonymous":"admin"}"#,
            #"access.anonymous: must be "auto", "none", "read", "inference" or "all""#
        ),
        (#""access":{"hosts":["a:1"]}"#, "access.hosts[0]: must be a host's name or address, without scheme and port"),
        (#""access":{"hosts":[""]}"#, "access.hosts[0]: must be a host's name or address, without scheme and port"),
        // Keys.
        (
            #""que":1"#,
            "que: is no setting; known here: \(settings)"
        ),
        (#""log":{"lvl":1,"lvl":2}"#, "log.lvl: is there more than once; keep one"),
        (#""enable":true,"enable":true"#, "enable: is there more than once; keep one"),
        (#""log":{},"log":{}"#, "log: is there more than once; keep one"),
        (#""tls":{"cert":""}"#, "tls.cert: is no setting; known here: certificate, key, sni, client_ca"),
        (
            #""dmr_0123456789":1"#,
            "(a key): is no setting; known here: \(settings)"
        )
    ])
    func wrongValueIsNamedByItsPath(member: String, error: String) {
        #expect(Start(file: "{\(member)}").errors.first == error)
    }

    @Test(arguments: [
        ("{}", "url: is missing; write http://HOST:PORT, e.g. http://gpu1:11434"),
        (#"{"url":1}"#, "url: must be a string, not a number"),
        (#"{"url":"gpu1"}"#, #"url: "gpu1" is no runner's URL; write http://HOST:PORT, e.g. http://gpu1:11434"#),
        (#"{"url":"http://a:1","url":"http://a:1"}"#, "url: is there more than once; keep one"),
        (#"{"url":"http://a:1","enable":0}"#, "enable: must be true or false, not a number"),
        (#"{"url":"http://a:1","key":null}"#, "key: must be a string, not null"),
        (
            #"{"url":"http://a:1","key":"a\r\nX: y"}"#,
            "key: holds characters that no header can carry; only visible ASCII can"
        ),
        (#"{"url":"http://a:1","prefix_id":"a/b"}"#, "prefix_id: must not hold spaces, slashes or control characters"),
        (#"{"url":"http://a:1","tags":["a",1]}"#, #"tags[1]: must be a string or an object with a "name""#),
        (#"{"url":"http://a:1","tags":[{"x":"a"}]}"#, #"tags[0]: must be a string or an object with a "name""#),
        (#"{"url":"http://a:1","model_ids":["a",""]}"#, "model_ids[1]: is empty; name a model"),
        (#"{"url":"http://a:1","model_ids":[{}]}"#, "model_ids[0]: must be a string, not an object"),
        (#"{"url":"http://a:1","weight":1001}"#, "weight: must be from 0 to 1000"),
        (#"{"url":"http://a:1","weight":-1}"#, "weight: must be from 0 to 1000"),
        (#"{"url":"http://a:1","weight":0.5}"#, "weight: must be a whole number"),
        (#"{"url":"http://a:1","max_inflight":-1}"#, "max_inflight: must be 0 or more"),
        (#"{"url":"http://a:1","max_inflight":"4"}"#, #"max_inflight: must be a number (0 is no cap) or "auto""#),
        (#"{"url":"http://a:1","max_inflight":null}"#, #"max_inflight: must be a number (0 is no cap) or "auto""#)
    ])
    func wrongRunnerIsNamedByItsIndex(entry: String, error: String) {
        #expect(Start(file: #"{"runners":[{"url":"http://z:1"},\#(entry)]}"#).errors == ["runners[1].\(error)"])
    }

    @Test(arguments: [
        (#"{"sha256":"\#(hash)"}"#, "name: is missing; give the key a name"),
        (#"{"name":"","sha256":"\#(hash)"}"#, "name: must be 1 to 64 bytes without control characters"),
        (#"{"name":1,"sha256":"\#(hash)"}"#, "name: must be a string, not a number"),
        (#"{"name":"a"}"#, "sha256: is missing; it is the key's hash in hex"),
        (#"{"name":"a","sha256":"abc"}"#, "sha256: must be 64 hexadecimal digits: the SHA-256 of the key, not the key"),
        (
            #"{"name":"a","sha256":"\#(hash)0"}"#,
            "sha256: must be 64 hexadecimal digits: the SHA-256 of the key, not the key"
        ),
        (
            #"{"name":"z","sha256":"\#(hash)"}"#,
            "name: is another key's name, too; names tell keys apart in lists and metrics"
        ),
        (#"{"name":"a","sha256":"\#(otherHash)"}"#, "sha256: is another key's hash, too; keep one of the two entries"),
        (#"{"name":"a","sha256":"\#(hash)","role":"root"}"#, #"role: must be "admin" or "user""#),
        (
            #"{"name":"a","sha256":"\#(hash)","scopes":["write"]}"#,
            #"scopes[0]: must be "read", "inference", "manage", "metrics" or "admin""#
        ),
        (#"{"name":"a","sha256":"\#(hash)","created":1}"#, "created: must be a string, not a number"),
        (
            #"{"name":"a","sha256":"\#(hash)","scope":[]}"#,
            "scope: is no setting; known here: \(keySettings)"
        )
    ])
    func wrongKeyIsNamedByItsIndex(entry: String, error: String) {
        let file = #"{"access":{"keys":[{"name":"z","sha256":"\#(Self.otherHash)"},\#(entry)]}}"#
        #expect(Start(file: file).errors == ["access.keys[1].\(error)"])
    }

    static let settings =
        "tls, listen, enable, path_prefix, loops, affinity, runners, policy, timeouts, limits, health, access, log"
    static let keySettings =
        "name, client_cert, sha256, role, scopes, created, models, asserts_user, max_inflight, requests_per_minute, priority, share"
    static let hash = String(repeating: "0a", count: 32)
    static let otherHash = String(repeating: "0B", count: 32)

    @Test(arguments: ["", "a.example", "://a", "https://", "https://*.a.*", "https://a b", "https://a\u{1}"])
    func originsAreAsOllamas(origin: String) {
        let escaped = String(decoding: JSON.string(origin).bytes, as: UTF8.self)
        let errors = Start(file: #"{"access":{"origins":["*",\#(escaped)]}}"#).errors
        #expect(errors.count == 1)
        #expect(errors.first?.hasPrefix("access.origins[1]: must be ") == true)
    }

    @Test func allErrorsComeAtOnce() {
        let start = Start(
            file: #"{"listen":[],"policy":"x","runners":[{},{"url":"x"}],"limits":{"queue":-1},"loops":2}"#,
            environment: ["DMR_ADMIN_KEY": "short"], listen: ["x"], runners: ["y"])
        let places = start.errors.map { $0.prefix { $0 != ":" } }
        #expect(
            places == [
                "listen", "runners[0].url", "runners[1].url", "policy", "limits.queue", "--listen", "--runner",
                "DMR_ADMIN_KEY", "loops"
            ])
    }

    @Test func unknownKeyOfARunnerIsOnlyAWarning() throws {
        let start = Start(file: #"{"runners":[{"url":"http://a:1","wieght":2}]}"#)
        #expect(try start.runners() == ["http://a:1"])
        #expect(try start.warnings().count == 1)
        #expect(try start.warnings().first?.hasPrefix("runners[0].wieght: is unknown and has no effect") == true)
    }

    @Test func onlyFlagsThatDoNotParseAreWrongUsage() {
        func areUsageOnly(_ start: Start) -> Bool? {
            #expect(throws: ConfigurationErrors.self) { try start.resolve() }?.areUsageOnly
        }
        #expect(areUsageOnly(Start(listen: ["x"], runners: ["y"])) == true)
        #expect(areUsageOnly(Start(listen: [":1", ":1"])) == true)
        #expect(areUsageOnly(Start(listen: ["https://a:1"])) == false)
        #expect(areUsageOnly(Start(listen: ["x"], runners: ["https://a"])) == true)
        #expect(areUsageOnly(Start(runners: ["http://127.0.0.1:11435"])) == false)
    }
}
