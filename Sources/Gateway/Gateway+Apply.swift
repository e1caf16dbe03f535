// SPDX-License-Identifier: MIT

public import GatewayCore
import Glibc
import Transport

/// A changed configuration while the gateway runs: from the file, from a signal, from the API.
extension Gateway {
    /// The one way in which a running gateway's configuration changes. Takes effect with the next request; what runs
    /// goes on as it began. An equal configuration does nothing.
    public func apply(_ new: Configuration) {
        guard new != wanted, !isDraining else { return }
        let (taken, needRestart) = configuration.takingOver(new)
        let neededBefore = configuration.takingOver(wanted).needRestart
        for key in needRestart where !neededBefore.contains(key) || wanted.takingOver(new).needRestart.contains(key) {
            log.warning("\(key) has changed and needs a restart; until then the old value holds")
        }
        wanted = new
        guard taken != configuration else { return }
        let changes = ConfigurationChanges(from: configuration, to: taken, mask: Mask.text)
        for line in changes.lines { log.info("configuration: \(line)") }
        configuration = taken
        log.apply(taken.log)
        rules = RequestIntake.Rules(taken, machine: machine, loopGuard: rules.loopGuard)
        rates.keep(rules.access.limitedKeys)
        exchangeTimeouts = Exchange.Timeouts(taken.timeouts)
        bodyMemory.limit = taken.limits.bodyMemory
        for client in clients.values { (client.exchange as? ProxiedExchange)?.rulesChanged() }
        applyRunners(taken)
    }

    /// The runners of this configuration, with the members that names have now.
    func applyRunners(_ new: Configuration) {
        watchNames()
        let change = numbering.reconfigure(identities(of: new), isReferredTo: isReferredTo)
        catalog.replaceRunners(new.runners.map(CatalogRunner.init), places: numbering.places)
        dispatcher.reconfigure(
            new.runners.map(RunnerSlots.Settings.init), places: numbering.places,
            settings: Dispatcher.Settings(new))
        var membersSeen: [Int: Int] = [:]
        for place in numbering.places {
            let entry = new.runners[place.index]
            let member = addresses(of: entry.url).dropFirst(membersSeen[place.index, default: 0]).first
            membersSeen[place.index, default: 0] += 1
            if place.number == runners.count {
                runners.append(makeRunner(place, new, member: member))
            } else if runners[place.number].pool.url != entry.url || runners[place.number].pool.member != member {
                runners[place.number] = makeRunner(place, new, member: member)
            }
        }
        // Every number has its runner now: whoever waited for the lists of one that is retired or disabled goes on at
        // once, and its client may have the next request here already.
        for number in change.retired { runners[number].retire() }
        for place in numbering.places {
            runners[place.number].update(
                place, new.runners[place.index], via: rules.loopGuard.pseudonym, gateway: self)
        }
        for runner in runners {
            runner.pool.setBufferBytes(new.limits.bufferBytes)
            runner.watch?.change(ProbeSchedule.Intervals(new.health))
        }
        listsChanged()
        settle()
        wakeThoseAwaitingLists()
    }

    /// The authorities that `tls_ca` names are read again.
    func renewSecurity() {
        trust.forget()
        for runner in runners where !runner.isRetired && runner.configuration.url.isHTTPS {
            runner.pool.secure(by: trust.security(of: runner.configuration))
        }
    }

    /// Something still knows this number, so it can be nobody else's.
    private func isReferredTo(_ number: Int) -> Bool {
        dispatcher.inflight(of: number) > 0 || runners[number].pool.openConnections > 0
            || clients.values.contains { $0.refers(to: number) }
    }
}

extension RequestIntake.Rules {
    convenience init(_ configuration: Configuration, machine: Machine, loopGuard: LoopGuard) {
        self.init(
            configuration,
            access: AccessPolicy(
                configuration, machineName: machine.name, machineAddresses: machine.addresses,
                means: .ofThisProcess),
            loopGuard: loopGuard)
    }
}

extension AccessMeans {
    /// OpenSSL's hashes and the system's clock.
    static let ofThisProcess = AccessMeans(
        sha256: { KeyDigest(sha256: Cryptography.sha256($0)) },
        hmac: { secret, message in Cryptography.hmacSHA256(secret, message).flatMap { KeyDigest($0) } },
        unixTime: { Int64(time(nil)) })
}

/// What stands for a secret where a person reads: it tells two apart, and leads back to neither.
public enum Mask {
    public static func text(_ secret: [UInt8]) -> String {
        let digest = secret.withUnsafeBytes { Cryptography.sha256($0) }
        let digits = digest.prefix(4).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
        return SecretMask.prefix + digits.joined()
    }
}
