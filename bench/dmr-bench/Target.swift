// SPDX-License-Identifier: MIT

import BenchFigures
import GatewayCore
import Glibc
import Transport

/// What stands between the load and the runners.
enum Target: String, CaseIterable {
    case gateway, nginx, haproxy
    /// Nothing: what the runners and the generator do by themselves.
    case direct

    var isPeer: Bool {
        switch self {
        case .nginx, .haproxy: true
        case .gateway, .direct: false
        }
    }
}

/// Where programs, templates and scratch files are.
struct Workplace {
    /// The `dmr-gateway` program.
    var gateway: String
    /// `bench/peers`.
    var peers: String
    /// Empty, ours, removed by whoever made it.
    var folder: String
    /// Nil: nothing is pinned.
    var targetCPU: Int?
    var loadCPU: Int?
}

/// A target that runs, or the direct way.
final class RunningTarget {
    let target: Target
    let addresses: [SocketAddress]
    private let child: ChildProcess?
    private let security: LoadSecurity?

    var processes: [Int32] { child.map { [$0.identifier] } ?? [] }

    /// - Parameter secure: what it shows, and how it is spoken to over TLS; nil: plain text.
    /// - Throws: `ChildProcess.Failure` when it can't be started.
    init(
        _ target: Target, runners: [SocketAddress], secure: (certificate: Certificate, client: LoadSecurity)? = nil,
        at place: Workplace
    ) throws(ChildProcess.Failure) {
        self.target = target
        security = secure?.client
        let output = "\(place.folder)/\(target.rawValue).out"
        let arguments: [String]
        var port = 0
        switch target {
        case .direct:
            addresses = runners
            child = nil
            return
        case .gateway:
            port = try FreePort.find()
            let scheme = secure == nil ? "http" : "https"
            var flags = ["--listen", "\(scheme)://127.0.0.1:\(port)", "--state-dir", "\(place.folder)/state"]
            if let certificate = secure?.certificate {
                flags += ["--config", try RunningTarget.settings(certificate, at: place)]
            }
            // Nothing else logs a line a request, so it doesn't, either.
            flags += ["--log-level", "warning"] + runners.flatMap { ["--runner", "http://\($0)"] }
            arguments = [place.gateway, "serve"] + flags
        case .nginx:
            port = try FreePort.find()
            let file = try RunningTarget.configuration(
                "nginx.conf", port: port, runners: runners, certificate: secure?.certificate, at: place)
            arguments = ["nginx", "-p", place.folder, "-e", "\(place.folder)/nginx-error.log", "-c", file]
        case .haproxy:
            port = try FreePort.find()
            arguments = [
                "haproxy", "-db", "-f",
                try RunningTarget.configuration(
                    "haproxy.conf", port: port, runners: runners, certificate: secure?.certificate, at: place)
            ]
        }
        child = try ChildProcess(arguments, output: output, cpu: place.targetCPU)
        addresses = [SocketAddress(literal: "127.0.0.1", port: port)].compactMap { $0 }
    }

    /// Asks until it answers: then it runs, has its lists, and has connected to a runner.
    ///
    /// - Throws: `ChildProcess.Failure` with its last words when it doesn't within 10 s.
    func awaitReadiness() throws(ChildProcess.Failure) {
        for address in addresses { try awaitAnswer(of: address) }
    }

    private func awaitAnswer(of address: SocketAddress) throws(ChildProcess.Failure) {
        var plan = LoadPlan()
        plan.addresses = [address]
        plan.security = security
        plan.requestLimit = 1
        plan.duration = .seconds(1)
        plan.silence = .seconds(1)
        let end = Loop.preciseNow + .seconds(10)
        var failures = ""
        while Loop.preciseNow < end, child?.isRunning ?? true {
            do throws(UVError) {
                let figures = try LoadRun(loop: try Loop(), plan: plan).run()
                if figures.requests > 0 { return }
                failures = figures.failureList.joined(separator: ", ")
            } catch {
                throw ChildProcess.Failure(reason: "\(error)")
            }
            usleep(5000)
        }
        let words = child.flatMap { SystemFolder.text(of: $0.output) } ?? ""
        throw ChildProcess.Failure(reason: "\(target.rawValue) does not answer (\(failures)): \(words.suffix(600))")
    }

    func stop() {
        child?.stop(SIGKILL)
    }

    /// The gateway has no flags for its certificate.
    private static func settings(_ certificate: Certificate, at place: Workplace) throws(ChildProcess.Failure) -> String
    {
        let files = [
            JSON.Member("certificate", .string(certificate.certificate)), JSON.Member("key", .string(certificate.key))
        ]
        let file = "\(place.folder)/gateway.json"
        let text = String(decoding: JSON.object([.init("tls", .object(files))]).bytes, as: UTF8.self)
        guard SystemFolder.write(text, to: file) else {
            throw ChildProcess.Failure(reason: "\(file) can't be written")
        }
        return file
    }

    /// The template, filled in and written to the work folder.
    private static func configuration(
        _ name: String, port: Int, runners: [SocketAddress], certificate: Certificate?, at place: Workplace
    ) throws(ChildProcess.Failure) -> String {
        guard let template = SystemFolder.text(of: "\(place.peers)/\(name)") else {
            throw ChildProcess.Failure(reason: "\(place.peers)/\(name) can't be read")
        }
        var values = ["PORT": "\(port)", "FOLDER": place.folder]
        for (number, runner) in runners.enumerated() { values["RUNNER_\(number + 1)"] = "\(runner)" }
        // What a line begins with that is for one of the two kinds of scenarios.
        values["PLAIN"] = certificate == nil ? "" : "#"
        values["TLS"] = certificate == nil ? "#" : ""
        values["CERTIFICATE"] = certificate?.certificate ?? ""
        values["KEY"] = certificate?.key ?? ""
        values["BOTH"] = certificate?.both ?? ""
        let file = "\(place.folder)/\(name)"
        guard SystemFolder.write(Template.fill(template, values), to: file) else {
            throw ChildProcess.Failure(reason: "\(file) can't be written")
        }
        return file
    }
}

/// The two simulated runners of a scenario.
final class RunningRunners {
    let addresses: [SocketAddress]
    private let children: [ChildProcess]

    /// - Throws: `ChildProcess.Failure` when one can't be started.
    init(flags: [String], at place: Workplace) throws(ChildProcess.Failure) {
        var children: [ChildProcess] = []
        var addresses: [SocketAddress] = []
        for number in 1...2 {
            let port = try FreePort.find()
            let arguments =
                [place.gateway, "runner", "--listen", "127.0.0.1:\(port)", "--parallel", "100000", "--keep-alive=-1"]
                + flags
            children.append(
                try ChildProcess(arguments, output: "\(place.folder)/runner-\(number).out", cpu: place.loadCPU))
            if let address = SocketAddress(literal: "127.0.0.1", port: port) { addresses.append(address) }
        }
        self.children = children
        self.addresses = addresses
    }

    func stop() {
        for child in children { child.stop(SIGKILL) }
    }
}

/// Ports that the system offers. Another program may take one before its owner does; then that one fails to start.
enum FreePort {
    static func find() throws(ChildProcess.Failure) -> Int {
        do throws(UVError) {
            guard let address = SocketAddress(literal: "127.0.0.1", port: 0) else { return 0 }
            let loop = try Loop()
            let listener = try Listener(loop: loop, address: address)
            let port = listener.address?.port ?? 0
            listener.close()
            loop.turn(wait: false)
            return port
        } catch {
            throw ChildProcess.Failure(reason: "no free port: \(error)")
        }
    }
}
