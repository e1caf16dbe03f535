// SPDX-License-Identifier: MIT

import GatewayCore

/// The response on its way to the client: one read, one write, and what the client doesn't take pauses the runner.
extension World {
    /// Stands for the head that the client gets in front of the first bytes.
    static let clientHead = Array("head".utf8)

    func headReceived(_ course: Course, _ head: Step.Head) {
        guard let runner = course.machine.runner else { return }
        course.hasResponseBytes = true
        dispatcher.firstByteArrived(from: runner)
        witness.runners[runner].shadows.removeAll()
        let summary = ResponseSummary(
            status: head.status, isJSON: head.isJSON, retryAfter: head.retryAfter.map { .seconds(Double($0)) },
            client: UInt64(course.ask.identity))
        course.summary = summary
        let hasAlternative = summary.isReasonToMove && dispatcher.hasUntriedCandidate(for: course.slot)
        let action = course.machine.responseHeadReceived(summary, hasAlternative: hasAlternative)
        guard action == .forwardHead else { return perform(action, course) }
        checkForward(course, head)
        course.headForwarded = true
        course.keepsRunnerAlive = head.keepsAlive
        let kind = head.status == 200 && course.machine.traits.streams ? head.kind : .none
        course.closing = ClosingEventScanner(kind: kind)
        course.reply.begin(kind)
        bodyMemory.release(course.bodyHeld)
        course.bodyHeld = 0
        armDeadline(course)
        pass([], to: course, head: World.clientHead)
    }

    /// Reads while it may and there is something.
    func read(_ course: Course) {
        while !course.clock.isPaused, course.isStreaming {
            guard !course.reply.unread.isEmpty || course.reply.end != nil else { return }
            let piece = course.reply.read(setup.bufferBytes)
            let isLast =
                course.reply.unread.isEmpty && course.reply.end.map { $0 != .reset && $0 != .malformed } ?? false
            readParsed(course, piece, isLast: isLast, hasMoreBytes: course.reply.end == .withBytesBehind)
            if !isLast, course.reply.unread.isEmpty, !course.clock.isPaused, course.isStreaming {
                switch course.reply.end {
                case .reset: connectionFailed(course, .reset)
                case .malformed: connectionFailed(course, .malformedResponse)
                case .whole, .withoutClosingEvent, .withBytesBehind, nil: break
                }
            }
        }
    }

    private func readParsed(_ course: Course, _ piece: [UInt8], isLast: Bool, hasMoreBytes: Bool) {
        course.lastSignOfLife = now
        piece.withUnsafeBytes { course.closing.bytesPassed($0) }
        guard !isLast else { return responseEnded(course, piece, hasMoreBytes: hasMoreBytes) }
        pass(piece, to: course, head: [])
    }

    private func pass(_ piece: [UInt8], to course: Course, head: [UInt8]) {
        switch course.clock.passed(wasTaken: course.socket.write(head + piece), now: now) {
        case .goOn: break
        case .setDeadline(let deadline): timers.set(course.timer, deadline)
        case .pause:
            witness.tally.count(.pauses)
            course.pausedAt = now
            timers.set(course.timer, .distantFuture)
        }
    }

    private func responseEnded(_ course: Course, _ piece: [UInt8], hasMoreBytes: Bool) {
        guard let summary = course.summary else { return }
        let action = course.machine.responseEnded(
            summary, isComplete: course.closing.wasSeen, isFollowedByBytes: hasMoreBytes)
        course.keepsRunnerAlive = course.keepsRunnerAlive && !hasMoreBytes
        _ = course.socket.write(piece)
        perform(action, course)
    }

    /// The client took everything that was held for it.
    func clientDrained(_ course: Course) {
        guard course.link != .none, let deadline = course.clock.drained(now: now) else { return }
        timers.set(course.timer, deadline)
        course.lastSignOfLife = now
        if let pausedAt = course.pausedAt { course.pausedFor = course.pausedFor + (now - pausedAt) }
        course.pausedAt = nil
        read(course)
    }

    func armDeadline(_ course: Course) {
        course.lastSignOfLife = now
        let deadline = course.clock.phaseBegan(
            limit: course.machine.timeLimit(setup.timeouts), isRenewed: course.machine.bytesRenewDeadline, now: now)
        timers.set(course.timer, deadline)
    }
}
