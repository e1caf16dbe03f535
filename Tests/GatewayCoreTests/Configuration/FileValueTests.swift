// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

/// What a right file is understood as.
@Suite struct FileValueTests {
    @Test func runnerIsReadWhole() throws {
        let file = """
            {"runners":[{"url":"http://gpu1:11434/base/","enable":false,"key":"k3y","prefix_id":"gpu0",
              "tags":["fast",{"name":"big","x":1}],"model_ids":["a:latest"],"connection_type":"external",
              "max_inflight":4,"weight":0}]}
            """
        let runner = try #require(try Start(file: file).configuration().runners.first)
        #expect(runner.url.description == "http://gpu1:11434/base")
        #expect(!runner.isEnabled)
        #expect(runner.key?.bytes == Array("k3y".utf8))
        #expect(runner.prefixID == "gpu0")
        #expect(runner.tags == [.string("fast"), .object([.init("name", .string("big")), .init("x", .number("1"))])])
        #expect(runner.modelIDs == ["a:latest"])
        #expect(runner.connectionType == "external")
        #expect(runner.maxInflight == 4)
        #expect(runner.weight == 0)
    }

    @Test(arguments: [("0", nil), ("\"auto\"", nil), ("1", 1), ("2.0", 2), ("1e3", 1000)] as [(String, Int?)])
    func capsAreCounts(text: String, cap: Int?) throws {
        let start = Start(file: #"{"runners":[{"url":"http://a:1","max_inflight":\#(text)}]}"#)
        #expect(try start.configuration().runners.first?.maxInflight == cap)
    }

    @Test(arguments: [("1000", 1000), ("0", 0), ("1e1", 10)])
    func weightsAreWhole(text: String, weight: Int) throws {
        let start = Start(file: #"{"runners":[{"url":"http://a:1","weight":\#(text)}]}"#)
        #expect(try start.configuration().runners.first?.weight == weight)
    }

    @Test(
        arguments: [
            ("0", nil), ("0.0", nil), ("0.001", .milliseconds(1)), ("1.5", .milliseconds(1500)),
            ("1e300", Interval(nanoseconds: .max))
        ] as [(String, TimeLimit)])
    func zeroSecondsIsNoLimit(text: String, limit: TimeLimit) throws {
        #expect(try Start(file: #"{"timeouts":{"first_byte":\#(text)}}"#).configuration().timeouts.firstByte == limit)
    }

    /// Every key has its own value, so that two that were mixed up would show.
    @Test func sectionsReachTheirFields() throws {
        let configuration = try Start(
            file: """
                {"timeouts":{"client_header":1,"client_body":2,"client_write":3,"client_idle":4,"connect":5,
                         "first_byte":6,"stream_idle":7,"whole_answer":8,"queue":9,"drain":10,"probe":11},
                 "limits":{"connections":1,"header_bytes":2,"headers":3,"json_body_bytes":4,"body_memory":5,
                       "queue":6,"buffer_bytes":7},
                 "health":{"probe_interval":1,"tags_interval":2,"ps_interval":3,"eject_after":4,
                       "eject_base":5,"eject_max":6},
                 "log":{"level":"trace","format":"json","file":"/log"},
                 "policy":"round-robin", "enable":false, "path_prefix":"/a/b/"}
                """
        ).configuration()
        let timeouts = configuration.timeouts
        #expect(
            [
                timeouts.clientHeader, timeouts.clientBody, timeouts.clientWrite, timeouts.clientIdle, timeouts.connect,
                timeouts.firstByte, timeouts.streamIdle, timeouts.wholeAnswer, timeouts.queue, timeouts.drain,
                timeouts.probe
            ] == (1...11).map { Interval.seconds(Double($0)) })
        let limits = configuration.limits
        #expect(
            [
                limits.connections, limits.headerBytes, limits.headers, limits.jsonBodyBytes, limits.bodyMemory,
                limits.queue,
                limits.bufferBytes
            ] == Array(1...7))
        let health = configuration.health
        #expect(
            [health.probeInterval, health.tagsInterval, health.psInterval, health.ejectBase, health.ejectMax]
                == [1, 2, 3, 5, 6].map { Interval.seconds($0) })
        #expect(health.ejectAfter == 4)
        #expect(configuration.log.level == .trace)
        #expect(configuration.log.format == .json)
        #expect(configuration.log.file == "/log")
        #expect(configuration.policy == .roundRobin)
        #expect(!configuration.isEnabled)
        #expect(configuration.pathPrefix == "/a/b")
    }

    @Test func zeroIsNoLimitForCountsAndEjection() throws {
        let configuration = try Start(file: #"{"limits":{"queue":0},"health":{"eject_after":0,"eject_max":0}}"#)
            .configuration()
        #expect(configuration.limits.queue == .max)
        #expect(configuration.health.ejectAfter == .max)
        #expect(configuration.health.ejectMax == Interval(nanoseconds: .max))
    }

    @Test func accessIsReadWhole() throws {
        let hash = String(repeating: "0aF1", count: 16)
        let access = try Start(
            file: """
                {"access":{"anonymous":"read","hosts":["GW.Example.com","::1","10.0.0.1"],
                 "origins":["*","app://*","https://*.a.example:1"],
                  "keys":[{"name":"a","sha256":"\(hash)"},
                          {"name":"b","sha256":"\(String(hash.reversed()))","role":"admin",
                       "scopes":["read","read","metrics"],"created":"2026-01-01"}]}}
                """
        ).configuration().access
        #expect(access.anonymous == .read)
        #expect(access.hosts == ["gw.example.com", "::1", "10.0.0.1"])
        #expect(access.origins.count == 3)
        #expect(access.keys.map(\.name) == ["a", "b"])
        #expect(access.keys[0].sha256.count == 32)
        #expect(access.keys[0].sha256.prefix(2) == [0x0A, 0xF1])
        #expect(access.keys[0].role == .user)
        #expect(access.keys[0].effectiveScopes == [.inference, .read])
        #expect(access.keys[1].scopes == [.read, .metrics])
        #expect(access.keys[1].effectiveScopes == Set(Configuration.Access.Scope.allCases))
        #expect(access.keys[1].created == "2026-01-01")
    }

    @Test func portZeroMayBeAskedForTwice() throws {
        #expect(try Start(file: #"{"listen":["127.0.0.1:0","127.0.0.1:0"]}"#).configuration().listen.count == 2)
        #expect(try Start(listen: ["127.0.0.1:0", "127.0.0.1:0"]).configuration().listen.count == 2)
    }

    @Test func noRunnersIsAllowedAndSaid() throws {
        let start = Start(file: #"{"runners":[]}"#, environment: ["K8S_FLAG": "1"])
        #expect(try start.runners().isEmpty)
        #expect(try start.warnings().contains("runners: is empty, so no model is known; add a runner"))
    }

    @Test(arguments: ["timeouts", "limits", "health", "access", "tls", "log"])
    func emptySectionChangesNothing(section: String) throws {
        #expect(try Start(file: "{\"\(section)\":{}}").configuration() == Start().configuration())
    }
}
