// SPDX-License-Identifier: MIT

import GatewayCore

/// What only the audit log wants to know of a request.
final class AuditDetails {
    var isUnload = false
    var from: String?
    var destination: String?
    /// Of the blob that is uploaded.
    var digest: String?
    /// Whom a `verify` asks.
    var target: String?

    init() {}

    /// Nil where the model's name says all.
    init?(_ request: ManagementRequest) {
        from = request.from?.text
        destination = request.destination?.text
        digest = request.route.operation == .blobs ? request.route.pathArgument : nil
        if from == nil, destination == nil, digest == nil { return nil }
    }
}

/// A request that was refused, or wanted something changed, leaves one record in the audit log.
extension IncomingRequest {
    /// Nil for what only looks or computes.
    var auditAction: AuditAction? {
        auditDetails?.isUnload == true ? .unload : intake.operation?.auditAction(head.method)
    }

    /// An answer of ours goes out.
    func audit(status: Int) {
        guard refusal != nil || auditAction != nil, !isAudited else { return }
        isAudited = true
        guard case .serve = intake.decision, refusal == nil else {
            let outcome = refusal.map { AuditRecord.Outcome.refused($0) } ?? .failed
            return gateway.audit.write(turnedAway: refusal, keyName: intake.keyName) {
                auditRecord(outcome, status: status)
            }
        }
        gateway.audit.write(auditRecord(.init(status: status), status: status))
    }

    /// The client went away before there was an answer.
    func auditAbandoned() {
        guard case .serve = intake.decision, let record = handOverAudit() else { return }
        gateway.audit.write(record)
    }

    /// What stands in the record before the end is known: whoever takes it writes it. Nil for what only looks or
    /// computes, and where it was written.
    func handOverAudit() -> AuditRecord? {
        guard auditAction != nil, !isAudited else { return nil }
        isAudited = true
        return auditRecord(.abandoned, status: 499)
    }

    private func auditRecord(_ outcome: AuditRecord.Outcome, status: Int) -> AuditRecord {
        var record = AuditRecord(
            outcome, requestID: requestID,
            party: gateway.rules.access.party(
                client.caller, peer: client.addressText, headers: head.headers, keyName: intake.keyName),
            method: head.method, route: intake.pattern, action: auditAction, model: modelName, status: status)
        if refusal == .model, record.model == nil, case .serve(let route, _) = intake.decision {
            record.model = route.pathArgument
        }
        record.from = auditDetails?.from
        record.destination = auditDetails?.destination
        record.digest = auditDetails?.digest
        record.target = auditDetails?.target
        return record
    }
}
