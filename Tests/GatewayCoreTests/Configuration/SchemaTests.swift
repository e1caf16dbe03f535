// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

/// The documented file, whole: every key is known, and the values that it shows are the defaults.
@Suite struct SchemaTests {
    private static let documented = """
        {
          "listen": ["127.0.0.1:11435"], "enable": true, "path_prefix": "/docker-model-runner", "loops": 1,
          "runners": [
            { "url": "http://gpu1:11434", "enable": true, "key": "", "prefix_id": "", "tags": ["fast"], "model_ids": [],
              "connection_type": "docker", "max_inflight": "auto", "weight": 1, "pull": true, "headers": {},
              "tls_verify": true, "tls_ca": "" }
          ],
          "policy": "least-inflight", "affinity": 0,
          "timeouts": { "client_header": 10, "client_body": 60, "client_write": 120, "client_idle": 120, "connect": 2,
                        "first_byte": 600, "stream_idle": 360, "whole_answer": 0, "queue": 60, "drain": 120, "probe": 5 },
          "limits":   { "connections": 10000, "header_bytes": 32768, "headers": 100, "json_body_bytes": 33554432,
                        "body_memory": 536870912, "blob_bytes": 0, "queue": 256, "buffer_bytes": 65536 },
          "health":   { "probe_interval": 5, "tags_interval": 15, "ps_interval": 5, "eject_after": 3, "eject_base": 5,
                        "eject_max": 60 },
          "access":   { "anonymous": "auto", "networks": [], "trusted_proxies": [], "hosts": [], "origins": [],
                        "keys": [], "users": [], "jwt_secret": "" },
          "tls":      { "certificate": "", "key": "", "sni": [], "client_ca": "" },
          "log":      { "level": "info", "format": "text", "file": "" }
        }
        """

    /// Every setting that there is, none at its default, and lists with an entry each.
    static let everything = """
        {
          "listen": ["[::1]:1", "unix:/run/dmr.sock"], "enable": false, "path_prefix": "/p", "loops": 4,
          "runners": [
            { "url": "http://gpu1:11434", "enable": false, "key": "k", "prefix_id": "p", "tags": ["fast"],
              "model_ids": ["m"], "connection_type": "local", "max_inflight": 3, "weight": 2, "pull": false,
              "headers": {"X-Team": "blue"}, "tls_verify": false, "tls_ca": "/ca.pem" }
          ],
          "policy": "round-robin", "affinity": 300,
          "limits": { "blob_bytes": 7 },
          "access": {
            "networks": [{"cidr": "10.0.0.0/8", "allow": "all"}], "trusted_proxies": ["fd00::/8", "192.0.2.1"],
            "keys": [{"name": "webui", "sha256": "\(String(repeating: "0a", count: 32))", "models": ["llama*"],
                      "asserts_user": true, "max_inflight": 2, "requests_per_minute": 60, "priority": "background",
                      "share": 3, "created": "2026-01-01"}],
            "users": [{"match": {"role": "user", "email": "*@EXAMPLE.com", "id": "1*"}, "models": ["qwen*"],
                       "max_inflight": 1, "priority": "background", "share": 2}, {"match": {}}],
            "jwt_secret": "hunter2" },
          "tls": { "certificate": "/c.pem", "key": "/k.pem", "client_ca": "/ca.pem",
                   "sni": [{"certificate": "/c2.pem", "key": "/k2.pem"}] }
        }
        """

    @Test func theDocumentedFileIsTheDefaultsAndOneRunner() throws {
        let resolved = try Start(file: Self.documented).resolve()
        #expect(resolved.warnings.isEmpty)
        var expected = try Start().configuration()
        expected.runners = [RunnerConfiguration(url: try RunnerURL(parsing: "http://gpu1:11434"))]
        expected.runners[0].tags = [.string("fast")]
        #expect(resolved.configuration == expected)
    }

    /// What `check` prints has the same keys, so that neither forgets one.
    @Test func whatIsPrintedHasEveryDocumentedKey() throws {
        let printed = try Start(file: Self.documented).resolve().settings { _ in "*" }.map(\.setting.key)
        var keys: [String] = []
        func walk(_ value: JSON, _ path: String) {
            if let members = value.members, !members.isEmpty {
                for member in members { walk(member.value, path.isEmpty ? member.key : "\(path).\(member.key)") }
            } else if let entries = value.array, entries.first?.members != nil {
                for (index, entry) in entries.enumerated() { walk(entry, "\(path)[\(index)]") }
            } else {
                keys.append(path)
            }
        }
        walk(try JSON(parsing: Array(Self.documented.utf8)), "")
        #expect(keys.count == 59)
        #expect(Set(keys).symmetricDifference(printed) == ["admin_key", "state_dir", "demo"])
        #expect(Set(printed).count == printed.count)
    }

    @Test func everySettingIsReadAndKept() throws {
        let configuration = try Start(file: Self.everything).parsed()
        #expect(configuration.loops == 4)
        #expect(configuration.affinity == .seconds(300))
        #expect(configuration.limits.blobBytes == 7)
        let runner = try #require(configuration.runners.first)
        #expect(!runner.pulls && !runner.verifiesTLS && !runner.learnsCap)
        #expect(runner.headers.map(\.name) == ["X-Team"])
        #expect(runner.headers.first?.value.bytes == Array("blue".utf8))
        #expect(runner.tlsCA == "/ca.pem")
        let access = configuration.access
        #expect(access.networks.map(\.range.description) == ["10.0.0.0/8"])
        #expect(access.networks.first?.allow == .all)
        #expect(access.trustedProxies.map(\.description) == ["fd00::/8", "192.0.2.1/32"])
        #expect(access.jwtSecret?.bytes == Array("hunter2".utf8))
        let key = try #require(access.keys.first)
        #expect(key.models == ["llama*"])
        #expect(key.assertsUser)
        #expect([key.maxInflight, key.requestsPerMinute, key.share] == [2, 60, 3])
        #expect(key.priority == .background)
        let rule = try #require(access.users.first)
        #expect([rule.role, rule.email, rule.id] == ["user", "*@example.com", "1*"])
        #expect(rule.models == ["qwen*"])
        #expect([rule.maxInflight, rule.share] == [1, 2])
        #expect(rule.priority == .background)
        #expect(access.users.last == .init())
        #expect(configuration.tls.certificate == "/c.pem")
        #expect(configuration.tls.key == "/k.pem")
        #expect(configuration.tls.clientCA == "/ca.pem")
        #expect(configuration.tls.sni == [.init(certificate: "/c2.pem", key: "/k2.pem")])
    }

    /// Nothing of it starts a gateway that would ignore it.
    @Test func whatIsNotBuiltIsRefusedOneByOne() {
        let places = Start(file: Self.everything).errors.map { $0.prefix { $0 != ":" } }
        #expect(places == ["loops", "affinity"])
    }

    @Test(arguments: [
        (
            #""access":{"networks":[{"cidr":"10.0.0.0/8"}]}"#,
            "access.networks[0].allow: is missing; say what its addresses may do"
        ),
        (
            #""access":{"networks":[{"allow":"all"}]}"#,
            "access.networks[0].cidr: is missing; write a range such as 10.0.0.0/8"
        ),
        (
            #""access":{"networks":[{"cidr":"10.0.0.1/8","allow":"all"}]}"#,
            "access.networks[0].cidr: must be a range of addresses such as 10.0.0.0/8 or fd00::/8, no bit set behind its "
                + "length"
        ),
        (
            #""access":{"networks":[{"cidr":"10.0.0.0/8","allow":"none"}]}"#,
            #"access.networks[0].allow: must be "read", "inference" or "all""#
        ),
        (
            #""access":{"trusted_proxies":["proxy"]}"#,
            "access.trusted_proxies[0]: must be a range of addresses such as 10.0.0.0/8 or fd00::/8, no bit set behind "
                + "its length"
        ),
        (#""access":{"users":[{}]}"#, "access.users[0].match: is missing; {} is a rule for every user"),
        (#""access":{"users":[{"match":[]}]}"#, "access.users[0].match: must be an object, not a list"),
        (
            #""access":{"users":[{"match":{"name":"a"}}]}"#,
            "access.users[0].match.name: is no setting; known here: role, email, id"
        ),
        (
            #""access":{"users":[{"match":{"role":""}}]}"#,
            "access.users[0].match.role: must be a pattern of 1 to 256 bytes without control characters, e.g. llama3*"
        ),
        (#""access":{"users":[{"match":{},"share":0}]}"#, "access.users[0].share: must be from 1 to 1000"),
        (
            #""access":{"users":[{"match":{},"priority":"high"}]}"#,
            #"access.users[0].priority: must be "interactive" or "background""#
        ),
        (#""access":{"users":[{"match":{},"max_inflight":-1}]}"#, "access.users[0].max_inflight: must be 0 or more"),
        (#""access":{"jwt_secret":1}"#, "access.jwt_secret: must be a string, not a number"),
        (#""tls":{"certificate":"/c.pem"}"#, "tls.certificate: needs tls.key as well"),
        (#""tls":{"key":"/k.pem"}"#, "tls.key: needs tls.certificate as well"),
        (
            #""tls":{"client_ca":"a\u0000b"}"#,
            "tls.client_ca: is no path: it is too long, or holds control characters"
        ),
        (#""tls":{"sni":[{"certificate":"/c"}]}"#, "tls.sni[0].key: is missing; name a PEM file"),
        (
            #""tls":{"sni":[{"host":"a","certificate":"/c","key":"/k"}]}"#,
            "tls.sni[0].host: is no setting; known here: certificate, key"
        )
    ])
    func whatIsNotBuiltIsCheckedAlready(member: String, error: String) {
        #expect(Start(file: "{\(member)}").parseErrors == [error])
    }

    @Test(arguments: [
        "https://", "https://u:p@a", "https://a/x?y", "unix:relative", "dns:dns:http://a:1", "dns:a:1",
        "dns:unix:/a.sock", "https://a:0"
    ])
    func otherRunnerURLsAreChecked(url: String) {
        let errors = Start(runners: [url]).errors
        #expect(errors.count == 1)
        #expect(errors.first?.hasPrefix("--runner: ") == true)
    }
}
