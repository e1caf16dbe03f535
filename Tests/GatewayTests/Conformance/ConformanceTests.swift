// SPDX-License-Identifier: MIT

import GatewayCore
import Glibc
import Testing
import Transport

/// Plays the table: every row over real sockets, against simulated and scripted runners.
@Suite(.serialized) struct ConformanceTests {
    @Test(arguments: GatewayCore.Operation.allCases)
    func everyRowHolds(operation: GatewayCore.Operation) throws {
        try play(RowBook.rows(of: operation))
    }

    @Test func pathsThatLeadNowhereSaySo() throws {
        try play(RowBook.nowhere)
    }

    private func play(_ rows: [Row]) throws {
        var sites: [Situation: ConformanceSite] = [:]
        defer { for site in sites.values { site.stop() } }
        for row in rows {
            for surface in row.surfaces {
                var get: RawClient.Response?
                for method in row.methods {
                    let site =
                        try row.isFresh
                        ? ConformanceSite(row.situation) : sites[row.situation] ?? ConformanceSite(row.situation)
                    if !row.isFresh { sites[row.situation] = site }
                    let (problems, answer) = try site.play(row, method, on: surface, after: get)
                    if method == .get { get = answer }
                    if row.isFresh { site.stop() }
                    if !problems.isEmpty {
                        Issue.record("\(row.name(method, surface)): \(problems.joined(separator: "; "))")
                    }
                }
            }
        }
    }

    @Test(arguments: GatewayCore.Operation.allCases)
    func everyRouteHasItsRows(operation: GatewayCore.Operation) {
        let written = RowBook.rows(of: operation).filter { !$0.isManner }
        for surface in Surface.allCases {
            let methods = operation.entry.methods(on: surface)
            for method in RowBook.methods where methods.takes(method) {
                #expect(
                    written.contains { $0.surfaces.contains(surface) && $0.methods.contains(method) },
                    "\(method.name) \(surface.path)\(operation.entry.pattern) has no row")
            }
            guard !methods.isEmpty, operation.entry.scope != .admin, operation.isAboutRunners else { continue }
            for situation in Situation.demanded {
                #expect(
                    written.contains { $0.surfaces.contains(surface) && $0.situation == situation },
                    "\(surface.path)\(operation.entry.pattern) has no row for \(situation.name)")
            }
            if surface == .prefix, operation.entry.isPinnable {
                let pin = operation.entry.pattern.contains(":") ? "/1" : operation.entry.pattern
                #expect(
                    written.contains { $0.title.hasPrefix("pinned") && $0.path.contains(pin) },
                    "\(operation.entry.pattern) has no pinned row")
            }
        }
    }

    /// `DMR_RECORD=1` writes it anew; otherwise a run leaves the tree as it is.
    @Test func thePageSaysWhatTheRowsSay() throws {
        let path = ConformancePage.path
        if getenv("DMR_RECORD") != nil {
            let file = try #require(fopen(path, "w"))
            defer { fclose(file) }
            try #require(fputs(ConformancePage.text, file) >= 0)
        }
        let file = try #require(fopen(path, "r"), "docs/conformance.md is missing: DMR_RECORD=1 writes it")
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65536)
        while case let count = fread(&piece, 1, piece.count, file), count > 0 { bytes += piece[..<count] }
        let isSame = String(decoding: bytes, as: UTF8.self) == ConformancePage.text
        #expect(isSame, "docs/conformance.md is not what the rows say: scripts/test with DMR_RECORD=1 writes it anew")
    }
}

extension GatewayCore.Operation {
    /// What runners are there makes a difference to it; not to metrics and the page.
    var isAboutRunners: Bool { self != .metrics && self != .ui }
}

extension Situation {
    /// Those that every route has to have rows for.
    static let demanded: [Situation] = [.one, .twins, .mixed, .dead, .disabled, .older]
}
