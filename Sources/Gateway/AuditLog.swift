// SPDX-License-Identifier: MIT

import GatewayCore
import Transport

/// The audit log: lines of the process's log that no level leaves out. Those of what was turned away are limited, since
/// everybody can bring them about; those of what was done aren't, since only those can who may.
final class AuditLog {
    private let loop: Loop
    private let log: Log
    private var limiter: AuditLimiter
    private lazy var timer = DeadlineTimer(loop: loop) { [weak self] in self?.writeSummaries() }

    init(loop: Loop, log: Log, _ limiter: AuditLimiter = AuditLimiter()) {
        self.loop = loop
        self.log = log
        self.limiter = limiter
    }

    func write(_ record: AuditRecord) {
        log.audit(record.outcome.word) { line, output in record.write(on: line, to: &output) }
    }

    /// - Parameter record: made only if it is written.
    func write(turnedAway refusal: AccessRefusal?, keyName: String?, _ record: () -> AuditRecord) {
        writeSummaries()
        if limiter.admits(refusal, keyName: keyName, now: loop.now) { return write(record()) }
        timer.setDeadline(limiter.summariesDue ?? .distantFuture)
    }

    /// The gateway stops: what was left out so far is told now.
    func end() {
        writeSummaries(force: true)
    }

    private func writeSummaries(force: Bool = false) {
        for summary in limiter.takeSummaries(now: loop.now, force: force) {
            log.audit(AuditLimiter.Summary.word) { line, output in summary.write(on: line, to: &output) }
        }
    }
}
