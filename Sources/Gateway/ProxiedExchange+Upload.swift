// SPDX-License-Identifier: MIT

import GatewayCore
import Transport

/// Where a body is that is passed on while it arrives. Its beginning is held until more than that has been given away.
enum UploadPhase {
    /// The client isn't read: its body's beginning goes out first, to whichever runner it will be.
    case sendingStart
    /// All that came has left; the client is read.
    case open
    /// The runner hasn't taken the last piece yet: the client isn't read.
    case held
    /// The last piece is on its way.
    case ending
    /// The runner has refused the request without reading all of it: the rest is read and dropped.
    case dropping

    /// It is the runner, not the client, that keeps the other side waiting.
    var runnerIsWaitedFor: Bool {
        switch self {
        case .sendingStart, .held, .ending, .dropping: true
        case .open: false
        }
    }
}

/// One read of the client's socket becomes one write to the runner's, and what the runner doesn't take pauses the client:
/// the splice of responses, the other way round.
extension ProxiedExchange {
    /// What was handed to the runner's connection has left.
    func uploadProceeds() {
        switch upload {
        case .sendingStart, .held:
            upload = .open
            client?.resumeUpload()
        case .ending:
            upload = nil
            machine.requestSent()
        case .open, .dropping, nil: return
        }
        armDeadline()
    }

    /// A read of the client was parsed: its part of the body, if any, is in the loop's splice buffer.
    func uploadArrived(isLast: Bool) {
        guard let connection, case .open = upload else { return }
        let splice = gateway.loop.splice
        if splice.bodyCount > 0, machine.bodyIsWhole {
            machine.bodyPartGivenAway()
            request.incoming.dropBody()
        }
        if isLast, machine.bodyIsWhole { isStreamed = false }
        let wasTaken = connection.send(
            piece: splice.finish(chunked: request.incoming.framing == .chunked, isLast: isLast))
        if isLast {
            upload = .ending
            if wasTaken { return uploadProceeds() }
        } else if !wasTaken {
            upload = .held
            client?.pauseUpload()
        }
        armDeadline()
    }

    /// An error is the runner's last word on a body that it didn't read. Any other answer may need the rest.
    func responseBeganDuringUpload(status: Int) {
        guard status >= 300 else { return }
        upload = .dropping
        client?.resumeUpload()
    }

    /// The attempt moves: the next runner gets the body from its start.
    func startUploadAnew() {
        upload = isStreamed ? .sendingStart : nil
        if isStreamed { client?.pauseUpload() }
    }

    /// The rest of the client's body turned out to be wrong, or stopped coming. The runner never has the whole request.
    func uploadFailed(_ error: GatewayError) {
        // The client has the beginning of an answer already: no other one can follow.
        guard machine.isMovable else { return client?.abort() ?? () }
        gateway.stopWaiting(id)
        _ = machine.withdrawn()
        end(.withdrawn, reusable: false, status: error.status) { client in
            guard let response = client.incoming?.response(to: error) else { return }
            client.respond(response, closing: true, isLogged: true)
        }
    }
}
