// SPDX-License-Identifier: MIT

import GatewayCore
import Transport

/// A body that is passed on while it arrives: a form whose model is known, or a blob.
extension IncomingRequest {
    /// What came of the body goes to runners, and the rest as it arrives.
    func passOn() {
        isPassedOn = true
        guard case .serve(let route, let identity) = intake.decision else { return }
        if route.isManagement { manage(route, identity) } else { serveByRunner(route, identity) }
    }

    func passOn(_ bytes: UnsafeRawBufferPointer) {
        received += bytes.count
        // One without a length shows only now that it is too large. Its end is never sent, so no runner keeps it.
        if intake.bodyUse == .stream, received > gateway.rules.blobLimit, bodyError == nil {
            return bodyFailed(.blobTooLarge(limit: gateway.rules.blobLimit))
        }
        gateway.loop.splice.append(bytes)
        do throws(ScanError) {
            try form?.scan(bytes)
        } catch {
            bodyFailed(GatewayError(error, family: intake.family))
        }
    }

    /// What turned out to be wrong with it.
    func uploadError(isLast: Bool) -> GatewayError? {
        guard isLast, bodyError == nil else { return bodyError }
        do throws(ScanError) {
            _ = try form?.finish()
            return nil
        } catch {
            return GatewayError(error, family: intake.family)
        }
    }
}
