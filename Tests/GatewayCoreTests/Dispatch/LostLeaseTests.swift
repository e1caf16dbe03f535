// SPDX-License-Identifier: MIT

import GatewayCore
import Testing

@Suite("Leases")
struct LostLeaseTests {
    #if DEBUG
        @Test("one that is dropped instead of released traps in a debug build")
        func droppedTraps() async {
            await #expect(processExitsWith: .failure) {
                var dispatcher = Dispatcher(runners: [.init()], settings: .init())
                let request = SlotRequest(
                    id: ExchangeID(1), claimant: .nobody, model: "m", holders: RunnerSet([0]),
                    loaded: RunnerSet(), arrivedAt: Instant(nanoseconds: 0))
                if case .granted(let lease) = dispatcher.acquire(request, now: Instant(nanoseconds: 0)) {
                    _ = lease.runner
                }
            }
        }
    #else
        @Test("one that is dropped instead of released comes back at the next event, and the bug is counted")
        func droppedReturns() {
            var dispatcher = Dispatcher(runners: [.init(cap: 1)], settings: .init())
            let now = Instant(nanoseconds: 0)
            func request(_ id: UInt64) -> SlotRequest {
                SlotRequest(
                    id: ExchangeID(id), claimant: .nobody, model: "m", holders: RunnerSet([0]),
                    loaded: RunnerSet(), arrivedAt: now)
            }
            if case .granted(let lease) = dispatcher.acquire(request(1), now: now) { _ = lease.runner }
            var runner: Int?
            if case .granted(let lease) = dispatcher.acquire(request(2), now: now) {
                runner = lease.runner
                dispatcher.release(lease, .answered, now: now)
            }
            #expect(runner == 0)
            let (lost, inflight) = (dispatcher.lostLeases, dispatcher.totalInflight)
            #expect(lost == 1)
            #expect(inflight == 0)
        }
    #endif

    @Test("all that end regularly are counted back, and none is lost")
    func regular() {
        let desk = Desk(caps: [nil, 3])
        for id in 0..<100 as Range<UInt64> { _ = desk.ask(id) }
        for id in 0..<100 as Range<UInt64> { desk.end(id, id % 3 == 0 ? .withdrawn : .answered) }
        #expect(desk.totalInflight == 0)
        let lost = desk.dispatcher.lostLeases
        #expect(lost == 0)
    }
}
