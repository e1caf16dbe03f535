// SPDX-License-Identifier: MIT

/// Permits that a test gives out, and the connections that wait for one, oldest first: tests without sleeps.
struct Gate {
    var permits = 0
    private var waiting: [SimulatedConnection] = []

    /// Takes a permit, or notes that the connection waits for one.
    mutating func pass(_ connection: SimulatedConnection) -> Bool {
        guard permits == 0 else {
            permits -= 1
            return true
        }
        if !waiting.contains(where: { $0 === connection }) { waiting.append(connection) }
        return false
    }

    /// The oldest that waits while there is a permit; it asks again by itself. Calling it from in here would touch the
    /// gate while it is being changed.
    mutating func next() -> SimulatedConnection? {
        permits > 0 && !waiting.isEmpty ? waiting.removeFirst() : nil
    }

    mutating func leave(_ connection: SimulatedConnection) {
        waiting.removeAll { $0 === connection }
    }
}
