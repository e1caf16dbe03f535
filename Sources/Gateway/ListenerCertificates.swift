// SPDX-License-Identifier: MIT

import GatewayCore
import Glibc
import Transport

/// What all TLS listeners show. Read anew when one of its files changes or somebody asks for it; what can't be read
/// leaves the old one in use, so that half of a new pair does no harm.
final class ListenerCertificates: Timed {
    private(set) var context: TLSServerContext
    private let tickets: TicketKeys
    private let log: Log
    private var settings: Configuration.TLS
    private var stamps: [Stamp]

    /// Files are looked at this often: a handful of `stat`s, which also sees what a folder's watch does not (a link in
    /// the middle of the path, another machine's write to a shared disk).
    private static let interval = Interval.seconds(5)

    /// What tells that a file is another one.
    private struct Stamp: Equatable {
        var device: UInt64 = 0
        var node: UInt64 = 0
        var size = 0
        var seconds = 0
        var nanoseconds = 0

        init(_ path: String) {
            var status = stat()
            guard stat(path, &status) == 0 else { return }
            device = UInt64(status.st_dev)
            node = UInt64(status.st_ino)
            size = Int(status.st_size)
            seconds = Int(status.st_mtim.tv_sec)
            nanoseconds = Int(status.st_mtim.tv_nsec)
        }
    }

    /// - Throws: `TLSFileError` for a file that can't be used.
    init(loop: Loop, settings: Configuration.TLS, log: Log) throws(TLSFileError) {
        self.settings = settings
        self.log = log
        tickets = TicketKeys(loop: loop)
        stamps = ListenerCertificates.stamps(settings)
        context = try TLSFiles.context(settings, tickets: tickets)
        super.init(loop: loop)
        setDeadline(loop.now + ListenerCertificates.interval)
    }

    private static func stamps(_ settings: Configuration.TLS) -> [Stamp] {
        let names = [settings.certificate, settings.key, settings.clientCA]
        return (names + settings.sni.flatMap { [$0.certificate, $0.key] }).map { Stamp($0) }
    }

    override func deadlineReached(at now: Instant) {
        setDeadline(now + ListenerCertificates.interval)
        let stamps = ListenerCertificates.stamps(settings)
        if stamps != self.stamps { read(settings, stamps) }
    }

    /// A changed configuration. One without a certificate changes nothing: the addresses need a restart, too.
    func use(_ new: Configuration.TLS) {
        guard new != settings, !new.certificate.isEmpty else { return }
        read(new, ListenerCertificates.stamps(new))
    }

    /// Asked for by SIGHUP.
    func reload() {
        read(settings, ListenerCertificates.stamps(settings))
    }

    private func read(_ settings: Configuration.TLS, _ stamps: [Stamp]) {
        let isAnother = settings != self.settings || stamps != self.stamps
        self.settings = settings
        self.stamps = stamps
        do throws(TLSFileError) {
            context = try TLSFiles.context(settings, tickets: tickets)
            if isAnother { log.info("tls: new certificates are in use") }
        } catch {
            log.error("tls: \(error.file) \(error.reason); the certificates that are in use stay so")
        }
    }

    func stop() {
        setDeadline(.distantFuture)
        tickets.setDeadline(.distantFuture)
    }
}
