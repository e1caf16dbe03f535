// SPDX-License-Identifier: MIT

import GatewayCore

extension World {
    /// Does what the step says, then checks everything. Says whether it applied.
    func apply(_ step: Step) -> Bool {
        guard carryOut(step) else { return false }
        witness.tally.count(.steps)
        check()
        return true
    }

    private func carryOut(_ step: Step) -> Bool {
        switch step {
        case .ask(let client, let ask):
            guard course(client) == nil else { return false }
            arrive(client, ask)
        case .leave(let client):
            guard let course = course(client), course.isClientHere else { return false }
            leave(course)
        case .take(let client, let bytes):
            guard let course = course(client), course.isClientHere else { return false }
            if course.socket.take(bytes) { clientDrained(course) }
        case .accept, .refuse, .sent, .part, .stir, .head, .body, .end: return meet(step)
        case .answer(let client):
            let parts: [Step] = [
                .accept(client: client), .sent(client: client), .head(client: client, Step.Head()),
                .end(client: client, .whole)
            ]
            return parts.reduce(false) { meet($1) || $0 }
        case .condition(let runner, let condition):
            guard runner < peers.count, peers[runner].condition != condition else { return false }
            change(runner, to: condition)
        case .relist(let runner, let models):
            guard runner < peers.count, peers[runner].models != models else { return false }
            peers[runner].models = models
        case .pass(let milliseconds): pass(.milliseconds(Int64(milliseconds)))
        case .reload(let reload): self.reload(reload)
        }
        return true
    }

    private func leave(_ course: Course) {
        course.isClientHere = false
        awaitingLists.removeAll { $0 === course }
        guard course.outcome == nil else { return }
        let action = course.machine.clientGone()
        if case .none = action { witness.fault(.oneOutcome, "client \(course.client) left and its exchange goes on") }
        perform(action, course)
    }

    /// What an exchange meets at its runner.
    private func meet(_ step: Step) -> Bool {
        switch step {
        case .accept(let client):
            guard let course = course(client), course.link == .connecting else { return false }
            connected(course, isReused: false)
        case .refuse(let client):
            guard let course = course(client), course.link == .connecting else { return false }
            connectionFailed(course, .connectFailed)
        case .sent(let client):
            guard let course = open(client), !course.hasLeft else { return false }
            requestSent(course)
        case .part(let client):
            guard let course = open(client), course.ask.streamsBody, !course.hasLeft, !course.headForwarded else {
                return false
            }
            course.machine.bodyPartGivenAway()
            course.bodyIsGone = true
        case .stir(let client):
            guard let course = open(client), !course.headForwarded else { return false }
            course.hasResponseBytes = true
        case .head(let client, let head):
            guard let course = open(client), !course.headForwarded else { return false }
            course.reply = Reply()
            headReceived(course, head)
        case .body(let client, let bytes):
            guard let course = open(client), course.headForwarded, course.reply.end == nil else { return false }
            course.reply.say(bytes)
            read(course)
        case .end(let client, let end): return endReply(client, end)
        case .ask, .leave, .take, .answer, .condition, .relist, .pass, .reload: return false
        }
        return true
    }

    private func endReply(_ client: Int, _ end: Step.End) -> Bool {
        guard let course = open(client), course.reply.end == nil || !course.headForwarded else { return false }
        if course.headForwarded {
            course.reply.finish(end)
            read(course)
            return true
        }
        switch end {
        case .reset: connectionFailed(course, .reset)
        case .malformed:
            course.hasResponseBytes = true
            connectionFailed(course, .malformedResponse)
        case .whole, .withoutClosingEvent, .withBytesBehind: return false
        }
        return true
    }

    /// The exchange's connection, if it is open.
    private func open(_ client: Int) -> Course? {
        guard let course = course(client), case .open = course.link else { return nil }
        return course
    }

    /// A runner that dies takes its connections with it.
    private func change(_ runner: Int, to condition: Step.Condition) {
        peers[runner].condition = condition
        guard condition == .down else { return }
        peers[runner].idleConnections = 0
        for course in live where course.machine.runner == runner {
            switch course.link {
            case .none, .connecting: break
            case .open: if !endReply(course.client, .reset) { course.reply.end = course.reply.end ?? .reset }
            }
        }
    }
}
