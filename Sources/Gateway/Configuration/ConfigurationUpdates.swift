// SPDX-License-Identifier: MIT

public import GatewayCore
public import Transport

/// Changes of the configuration while the gateway runs: one after the other, decided on the loop, read and written on
/// one of libuv's threads. A file of a few kilobytes is written in microseconds, but `fsync` of a busy disk takes as
/// long as it likes, and meanwhile tokens have to flow.
public final class ConfigurationUpdates {
    public typealias Completion = (Result<ResolvedConfiguration, GatewayError>) -> Void

    private let loop: Loop
    private let store: ConfigurationStore
    private let resolve: ConfigurationUpdate.Resolve
    private let log: Log
    private let apply: (ResolvedConfiguration) -> Void
    private var waiting: [(change: ConfigurationUpdate.Change, done: Completion)] = []
    private var isBusy = false

    /// - Parameters:
    ///   - resolve: reads flags, environment and the given content of the file as a start would.
    ///   - apply: makes the outcome hold, before the update's completion is called.
    public init(
        loop: Loop, store: ConfigurationStore, log: Log, resolve: @escaping ConfigurationUpdate.Resolve,
        apply: @escaping (ResolvedConfiguration) -> Void
    ) {
        self.loop = loop
        self.store = store
        self.log = log
        self.resolve = resolve
        self.apply = apply
    }

    /// As `ConfigurationStore.update`, without blocking; the outcome is in force when `done` is called, on the loop.
    /// Whoever asked may be gone by then: an update that has begun is made.
    public func update(_ change: @escaping ConfigurationUpdate.Change, done: @escaping Completion) {
        waiting.append((change, done))
        if !isBusy { beginNext() }
    }

    private func beginNext() {
        guard !waiting.isEmpty else { return }
        isBusy = true
        let next = waiting.removeFirst()
        let store = self.store
        loop.offload {
            store.open()
        } done: { [self] opened in
            decide(opened, next.change) { [self] result in
                isBusy = false
                if case .success(let resolved) = result { apply(resolved) }
                next.done(result)
                if !isBusy { beginNext() }
            }
        }
    }

    private func decide(
        _ opened: Result<LockedFile, GatewayError>, _ change: ConfigurationUpdate.Change, _ done: @escaping Completion
    ) {
        let store = self.store
        let file: LockedFile
        let update: ConfigurationUpdate
        do throws(GatewayError) {
            file = try opened.get()
        } catch {
            return done(.failure(error))
        }
        do throws(GatewayError) {
            update = try ConfigurationUpdate(of: (store.path, file.bytes), resolve: resolve, change: change)
        } catch {
            return loop.offload {
                file.giveBack()
            } done: {
                done(.failure(error))
            }
        }
        guard let bytes = update.bytes else {
            return loop.offload {
                file.giveBack()
            } done: {
                done(.success(update.resolved))
            }
        }
        loop.offload {
            store.replace(file, with: bytes)
        } done: { [log] replaced in
            if case .success(let warning?) = replaced { log.warning(warning) }
            done(replaced.map { _ in update.resolved })
        }
    }
}
