// SPDX-License-Identifier: MIT

import GatewayCore
import Transport

/// Asks a URL for its version, on a connection that nobody else uses: its name is looked up once, and the address that
/// was checked is the one that is asked.
final class VerificationExchange: ResponseConsumer, ClientExchange {
    private let gateway: Gateway
    private let verification: RunnerVerification
    /// nil once it is over.
    private var client: ClientConnection?
    private var connection: RunnerConnection?
    private var limit: DeadlineTimer?
    private var status = 0
    private var body: [UInt8] = []

    init(gateway: Gateway, client: ClientConnection, _ verification: RunnerVerification) {
        self.gateway = gateway
        self.client = client
        self.verification = verification
    }

    func begin() {
        let limit = DeadlineTimer(loop: gateway.loop) { [weak self] in
            guard let self else { return }
            fail("does not answer within 10 seconds", status: 504)
        }
        limit.setDeadline(in: RunnerVerification.timeLimit)
        self.limit = limit
        let url = verification.runner.url
        gateway.resolver.resolve(url.host, port: url.port) { [weak self] result in
            guard let self, client != nil else { return }
            switch result {
            case .success(let address): connect(to: address)
            case .failure(let error): fail("can't be found: \(error)")
            }
        }
    }

    private func connect(to address: SocketAddress) {
        do throws(GatewayError) {
            guard let number = IPAddress(address.host) else { return fail("leads to no address") }
            try RunnerVerification.check(number)
        } catch {
            return end(error)
        }
        let pool = RunnerPool(
            loop: gateway.loop, resolver: gateway.resolver, url: verification.runner.url, member: address.host,
            security: gateway.trust.security(of: verification.runner), bufferBytes: RunnerVerification.answerBytes)
        let connection = pool.obtain(for: self, fresh: true)
        self.connection = connection
        connection.begin(within: nil)
    }

    // MARK: The connection

    override func connected(isReused: Bool) {
        guard let connection else { return }
        var head = OutputBuffer()
        RunnerHeadTemplate(verification.runner, via: gateway.rules.loopGuard.pseudonym).render(
            method: .get, path: RunnerVerification.path, client: HeaderFields(), framing: .none,
            requestID: client?.incoming?.requestID ?? [], into: &head)
        _ = connection.send(head: &head, body: [], isChunked: false)
    }

    override func headReceived(_ head: ResponseHead, _ checked: ResponseRules.CheckedResponse) {
        status = head.status
        // What isn't passed on isn't read.
        if status != 200 { answered() }
    }

    override func readParsed(isLast: Bool, hasMoreBytes: Bool) {
        let piece = gateway.loop.splice.body
        guard body.count + piece.count <= RunnerVerification.answerBytes else {
            return fail("answers, but not as an Ollama does")
        }
        body.append(contentsOf: piece)
        if isLast { answered() }
    }

    override func connectionFailed(_ failure: RunnerFailure, reason: String) {
        connection = nil
        fail("can't be asked: \(reason)")
    }

    // MARK: The end

    private func answered() {
        do throws(GatewayError) {
            let answer = try verification.answer(status: status, body: body)
            end { $0.respond(OwnResponse(json: answer)) }
        } catch {
            end(error)
        }
    }

    private func fail(_ what: String, status: Int = 502) {
        end(verification.failure(what, status: status))
    }

    private func end(_ error: GatewayError) {
        end { $0.respond(error) }
    }

    private func end(_ tellClient: (ClientConnection) -> Void) {
        connection?.release(reusable: false)
        connection = nil
        limit = nil
        guard let client else { return }
        self.client = nil
        client.exchangeEnded()
        tellClient(client)
    }

    func clientDrained() {}
    func clientGone() { end { _ in } }
    func refers(to runner: Int) -> Bool { false }
}
