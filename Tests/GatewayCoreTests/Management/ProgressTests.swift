// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

/// Several runners' progress as one stream: what the CLI and Open WebUI would see (oa section 9).
@Suite struct ProgressTests {
    /// A machine whose runners all stream already.
    struct Streams {
        var machine: FanOut
        var last = FanOut.Action.none

        init(_ count: Int = 2, skips: Bool = true, changes: [RunnerList] = []) {
            machine = FanOut(
                runners: (0..<count).map { CalledRunner(number: $0, index: $0, name: "runner \($0)") },
                traits: .init(skipsUnreachable: skips, streams: true, changes: changes))
            for runner in 0..<count { join(runner) }
        }

        mutating func join(_ runner: Int) {
            machine.connected(runner)
            last = machine.headReceived(runner, status: 200, isStream: true)
        }

        /// The lines that the client gets for one of a runner's.
        mutating func say(_ runner: Int, _ line: String) -> [String] {
            machine.lineReceived(runner, Array((line + "\n").utf8))
            return lines
        }

        mutating func layer(_ runner: Int, _ digest: String, _ completed: Int, of total: Int = 100) -> [String] {
            say(
                runner,
                #"{"status":"pulling \#(digest)","digest":"\#(digest)","total":\#(total),"completed":\#(completed)}"#)
        }

        mutating func end(_ runner: Int) -> [String] {
            last = machine.streamEnded(runner)
            return lines
        }

        private var lines: [String] {
            mutating get {
                String(decoding: machine.takeOutput(), as: UTF8.self).split(separator: "\n").map(String.init)
            }
        }
    }

    static func told(_ digest: String, _ completed: Int, of total: Int = 100) -> String {
        let end = completed > 0 ? ",\"completed\":\(completed)" : ""
        return #"{"status":"pulling \#(digest)","digest":"\#(digest)","total":\#(total)\#(end)}"#
    }

    static let success = #"{"status":"success"}"#

    @Test func theFirstStreamBeginsTheClients() {
        var machine = FanOut(
            runners: (0..<2).map { CalledRunner(number: $0, index: $0, name: "") }, traits: .init(streams: true))
        machine.connected(0)
        machine.connected(1)
        #expect(machine.headReceived(1, status: 400, isStream: false) == .none)
        #expect(machine.headReceived(0, status: 200, isStream: true) == .beginStream(by: 0))
        #expect(machine.headReceived(0, status: 200, isStream: true) == .none)
        #expect(machine.isStreaming(0) && !machine.isStreaming(1))
    }

    @Test func whoWantsNoStreamGetsNone() {
        var machine = FanOut(runners: [CalledRunner(number: 0, index: 0, name: "")], traits: .init())
        machine.connected(0)
        #expect(machine.headReceived(0, status: 200, isStream: true) == .none)
        #expect(!machine.isStreaming)
    }

    @Test func aLayerIsAsFarAsTheSlowest() {
        var streams = Streams()
        #expect(streams.layer(0, "a", 40) == [Self.told("a", 0)])
        #expect(streams.layer(0, "a", 60) == [])
        #expect(streams.layer(1, "a", 10) == [Self.told("a", 10)])
        #expect(streams.layer(1, "a", 70) == [Self.told("a", 60)])
        #expect(streams.layer(1, "a", 100) == [])
        #expect(streams.layer(0, "a", 100) == [Self.told("a", 100)])
    }

    @Test func completedNeverFallsAndTheFirstTotalStays() {
        var streams = Streams()
        _ = streams.layer(0, "a", 50)
        #expect(streams.layer(1, "a", 50, of: 999) == [Self.told("a", 50)])
        // A runner that begins its download again.
        #expect(streams.layer(0, "a", 0) == [])
        #expect(streams.layer(0, "a", 70) == [])
        #expect(streams.layer(1, "a", 500, of: 999) == [Self.told("a", 70)])
        #expect(streams.layer(0, "a", 400) == [Self.told("a", 100)])
    }

    @Test func completedIsLeftOutWhileItIsNothing() {
        var streams = Streams(2)
        #expect(streams.say(0, #"{"status":"pulling a","digest":"a","total":100}"#) == [Self.told("a", 0)])
        #expect(streams.say(1, #"{"status":"pulling a","digest":"a","total":100,"completed":0}"#) == [])
    }

    @Test func wordsAreToldWhenAllHaveSaidThem() {
        var streams = Streams()
        #expect(streams.say(0, #"{"status":"pulling manifest"}"#) == [#"{"status":"pulling manifest"}"#])
        #expect(streams.say(1, #"{"status":"pulling manifest"}"#) == [])
        _ = streams.layer(0, "a", 100)
        #expect(streams.say(0, #"{"status":"writing manifest"}"#) == [])
        _ = streams.layer(1, "a", 100)
        #expect(streams.say(1, #"{"status":"writing manifest"}"#) == [#"{"status":"writing manifest"}"#])
        #expect(streams.say(1, #"{"status":"writing manifest"}"#) == [])
    }

    @Test func whoIsDoneHoldsUpNothing() {
        var streams = Streams()
        _ = streams.layer(1, "a", 30)
        _ = streams.say(1, #"{"status":"removing unused layers"}"#)
        // Runner 0 had it all and never spoke of the layer.
        _ = streams.say(0, Self.success)
        #expect(streams.end(0) == [#"{"status":"removing unused layers"}"#, Self.told("a", 30)])
        #expect(streams.layer(1, "a", 80) == [Self.told("a", 80)])
    }

    @Test func successIsSaidOnceLastAndOnlyIfAllSucceeded() {
        var streams = Streams()
        #expect(streams.say(0, Self.success) == [])
        #expect(streams.end(0) == [])
        #expect(streams.say(1, Self.success) == [])
        #expect(streams.end(1) == [Self.success])
        #expect(streams.last == .finish)
    }

    @Test func successWaitsForTheLists() {
        var streams = Streams(1, changes: [.tags])
        #expect(streams.say(0, Self.success) == [])
        #expect(streams.end(0) == [])
        #expect(streams.last == .refresh(RunnerSet([0])))
        #expect(streams.machine.refreshed() == .finish)
        #expect(streams.machine.takeOutput() == Array((Self.success + "\n").utf8))
    }

    @Test func aFailureIsNamedAtTheEndAndTheOthersGoOn() throws {
        var streams = Streams(3)
        #expect(streams.say(1, #"{"error":"disk full"}"#) == [])
        #expect(streams.end(1) == [])
        #expect(streams.layer(0, "a", 100).count == 1)
        #expect(streams.layer(2, "a", 100) == [Self.told("a", 100)])
        _ = streams.say(0, Self.success)
        _ = streams.end(0)
        _ = streams.say(2, Self.success)
        let lines = streams.end(2)
        #expect(lines.count == 1)
        let error = try JSON(parsing: Array(lines[0].utf8))["error"]?.string
        #expect(error == "runner 0 did it; runner 1 did not finish: disk full; runner 2 did it.")
    }

    @Test func anEndWithoutSuccessIsNoSuccess() throws {
        var streams = Streams(2)
        _ = streams.say(0, Self.success)
        _ = streams.end(0)
        let line = try #require(streams.end(1).first)
        #expect(line.contains("runner 1 did not finish: its answer ended before it was complete"))
    }

    @Test func whoIsSkippedIsNamedAtOnce() {
        var machine = FanOut(
            runners: (0..<2).map { CalledRunner(number: $0, index: $0, name: "runner \($0)") },
            traits: .init(skipsUnreachable: true, streams: true))
        #expect(machine.failed(1, .connectFailed) == .none)
        // Nothing is said before there is a head.
        #expect(machine.takeOutput().isEmpty)
        machine.connected(0)
        #expect(machine.headReceived(0, status: 200, isStream: true) == .beginStream(by: 0))
        let line = String(decoding: machine.takeOutput(), as: UTF8.self)
        #expect(line.hasPrefix(#"{"status":"runner 1 was skipped"#) && line.hasSuffix("}\n"))
        machine.lineReceived(0, Array(Self.success.utf8))
        #expect(machine.streamEnded(0) == .finish)
        #expect(machine.takeOutput() == Array((Self.success + "\n").utf8))
    }

    @Test func aSingleRunnersLinesPassAsTheyCame() {
        var streams = Streams(1)
        let odd = #"{ "status" : "pulling a",  "digest":"a" , "total":9, "completed":0, "extra":[1] }"#
        #expect(streams.say(0, odd) == [odd])
        #expect(streams.say(0, "not JSON") == ["not JSON"])
        #expect(streams.say(0, #"{"error":"no"}"#) == [#"{"error":"no"}"#])
        // Its own words were there already.
        #expect(streams.end(0) == [])
        #expect(streams.last == .finish)
    }

    @Test func aSingleRunnerThatDiesIsReported() {
        var streams = Streams(1)
        _ = streams.say(0, #"{"status":"pulling manifest"}"#)
        #expect(streams.machine.failed(0, .reset) == .finish)
        let line = String(decoding: streams.machine.takeOutput(), as: UTF8.self)
        #expect(line == "{\"error\":\"runner 0 closed the connection before it answered.\"}\n")
    }

    @Test func whatIsNoProgressIsNotPassedOn() {
        var streams = Streams()
        for line in [
            "", "x", "[]", #"{"status":5}"#, #"{"digest":"a"}"#,
            "{\"status\":\"" + String(repeating: "a", count: 9000) + "\"}"
        ] {
            #expect(streams.say(0, line) == [])
        }
    }

    @Test func whatARunnerSaysIsBounded() {
        var streams = Streams()
        for number in 0..<5000 {
            _ = streams.say(0, #"{"status":"word \#(number)"}"#)
            _ = streams.layer(0, "digest \(number)", 1)
        }
        // The bounds of `ProgressMerge`: beyond them a new layer isn't told.
        #expect(streams.layer(0, "one more", 1) == [])
        #expect(streams.say(0, #"{"status":"one more"}"#) == [])
        #expect(streams.layer(1, "digest 7", 1) == [Self.told("digest 7", 1)])
    }

    @Test func aRandomWalkNeverFallsAndEndsWhole() throws {
        for seed in 1...200 {
            var random = SeededGenerator(seed: UInt64(seed))
            var streams = Streams(3)
            var told: [String: Int] = [:]
            var left: [Int: [(String, Int)]] = [:]
            for runner in 0..<3 {
                left[runner] = ["a", "b"].flatMap { digest in [10, 35, 100].map { (digest, $0) } }
            }
            var lines: [String] = []
            while let runner = left.keys.sorted().randomElement(using: &random) {
                if let (digest, completed) = left[runner]?.first {
                    left[runner]?.removeFirst()
                    lines += streams.layer(runner, digest, completed)
                } else {
                    left[runner] = nil
                    lines += streams.say(runner, Self.success) + streams.end(runner)
                }
            }
            for line in lines.dropLast() {
                let json = try JSON(parsing: Array(line.utf8))
                let digest = try #require(json["digest"]?.string)
                let completed = json["completed"]?.int ?? 0
                #expect(completed > told[digest] ?? -1, "seed \(seed)")
                told[digest] = completed
            }
            #expect(told == ["a": 100, "b": 100], "seed \(seed)")
            #expect(lines.last == Self.success, "seed \(seed)")
        }
    }
}

@Suite struct LineSplitterTests {
    private func cut(_ pieces: [String]) -> ([String], String?) {
        var splitter = LineSplitter()
        var lines: [String] = []
        for piece in pieces {
            Array(piece.utf8).withUnsafeBytes { bytes in
                lines += splitter.lines(in: bytes).map { String(decoding: $0, as: UTF8.self) }
            }
        }
        return (lines, splitter.takeLastLine().map { String(decoding: $0, as: UTF8.self) })
    }

    @Test func linesComeWholeHoweverTheyAreCut() {
        let text = "one\ntwo\n\nthree"
        for first in 0...text.count {
            let (lines, last) = cut([String(text.prefix(first)), String(text.dropFirst(first))])
            #expect(lines == ["one\n", "two\n", "\n"])
            #expect(last == "three\n")
        }
        #expect(cut(text.map { String($0) }).0 == ["one\n", "two\n", "\n"])
        #expect(cut(["a\n"]).1 == nil)
    }

    @Test func aLineWithoutEndIsGivenUp() {
        var splitter = LineSplitter()
        let piece = [UInt8](repeating: 0x61, count: 40_000)
        piece.withUnsafeBytes { #expect(splitter.lines(in: $0).isEmpty) }
        #expect(!splitter.isOverlong)
        piece.withUnsafeBytes { #expect(splitter.lines(in: $0).isEmpty) }
        #expect(splitter.isOverlong)
        #expect(splitter.takeLastLine() == nil)
    }
}
