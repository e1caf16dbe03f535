// SPDX-License-Identifier: MIT

import GatewayCore
import Transport

/// `dns:` entries: each address of the name is a runner of its own, under the entry's index, for as long as the name
/// leads there.
extension Gateway {
    /// What tells each runner of each entry from all others.
    func identities(of configuration: Configuration) -> [[String]] {
        configuration.runners.map { entry in
            let addresses = addresses(of: entry.url)
            let url = entry.url.description
            return addresses.isEmpty ? [url] : addresses.map { "\(url) \($0)" }
        }
    }

    /// Empty until the first answer, and where the name stands for one runner.
    func addresses(of url: RunnerURL) -> [String] { names[url]?.members.addresses ?? [] }

    /// Looks up the names of enabled entries from now on, and no others.
    func watchNames() {
        let wanted = Set(configuration.runners.filter { $0.isEnabled && $0.url.place == .members }.map(\.url))
        for (url, watch) in names where !wanted.contains(url) {
            watch.stop()
            names[url] = nil
        }
        for url in wanted where names[url] == nil {
            let watch = NameWatch(gateway: self, url: url)
            names[url] = watch
            watch.start()
        }
    }

    func stopWatchingNames() {
        for watch in names.values { watch.stop() }
        names = [:]
    }

    func membersChanged(_ watch: NameWatch) {
        log.info("\(watch.url): now leads to \(watch.members.addresses.joined(separator: ", "))")
        // What the entry last listed holds for its newcomers until they are asked: a model of theirs that can't be
        // reached is unavailable, not unknown.
        let lists = catalog.savedLists()
        applyRunners(configuration)
        catalog.restore(lists)
    }

    /// With an answer from before nothing changes; without one the entry has nobody who could be asked for a list.
    func lookUpFailed(_ watch: NameWatch, _ error: UVError, isFirst: Bool) {
        if isFirst {
            let rest = watch.members.addresses.isEmpty ? "" : "; its last answer is kept"
            log.warning("\(watch.url): its name can't be resolved: \(error)\(rest)")
        }
        for runner in runners where runner.isUnresolved && !runner.isRetired && runner.configuration.url == watch.url {
            probeFailed(runner.number, reason: "its name can't be resolved: \(error)")
        }
    }
}

/// Looks up one name when it is time to.
final class NameWatch: Timed {
    let url: RunnerURL
    private(set) var members: NameMembers
    /// nil once it is stopped.
    private var gateway: Gateway?
    private var hasFailed = false

    init(gateway: Gateway, url: RunnerURL) {
        self.gateway = gateway
        self.url = url
        members = NameMembers(now: gateway.loop.now)
        super.init(loop: gateway.loop)
    }

    func start() {
        setDeadline(members.nextLookUp)
    }

    func stop() {
        setDeadline(.distantFuture)
        gateway = nil
    }

    func isDoubtful() {
        members.isDoubtful(at: loop.now)
        setDeadline(members.nextLookUp)
    }

    override func deadlineReached(at now: Instant) {
        members.began(at: now)
        gateway?.resolver.lookUp(url.host, port: url.port) { [weak self] in self?.ended($0) }
    }

    private func ended(_ result: Result<[SocketAddress], UVError>) {
        guard let gateway else { return }
        switch result {
        case .success(let addresses):
            hasFailed = false
            if members.answered(addresses.map(\.host), at: loop.now) { gateway.membersChanged(self) }
        case .failure(let error):
            let isFirst = !hasFailed
            hasFailed = true
            members.failed(at: loop.now)
            gateway.lookUpFailed(self, error, isFirst: isFirst)
        }
        if self.gateway != nil { setDeadline(members.nextLookUp) }
    }
}
