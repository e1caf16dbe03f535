// SPDX-License-Identifier: MIT

/// One JSON number (RFC 8259 section 6) in pieces that may end anywhere. A number has no end of its own: the first byte
/// that can't continue it ends it, and belongs to what comes next.
struct NumberScanner: Sendable {
    /// What was read last.
    private enum Phase: Sendable {
        case minus, zero, integer, point, fraction, exponent, exponentSign, exponentDigit
    }

    private(set) var text = BoundedText()
    private var phase = Phase.minus

    /// - Parameters:
    ///   - first: a minus sign or a digit.
    ///   - limit: how many bytes to keep at most in `text`; nil keeps none.
    mutating func begin(_ first: UInt8, keeping limit: Int?) {
        text.begin(keeping: limit)
        text.append(first)
        switch first {
        case UInt8(ascii: "-"): phase = .minus
        case UInt8(ascii: "0"): phase = .zero
        default: phase = .integer
        }
    }

    /// A number may end here.
    var isComplete: Bool {
        switch phase {
        case .zero, .integer, .fraction, .exponentDigit: true
        case .minus, .point, .exponent, .exponentSign: false
        }
    }

    /// Returns the index of the first byte that can't continue the number, or the piece's end.
    mutating func scan(_ piece: UnsafeRawBufferPointer, from start: Int) -> Int {
        var at = start
        while at < piece.count, let next = NumberScanner.phase(after: phase, piece[at]) {
            phase = next
            at += 1
            // Digits change nothing once there is one; lists of numbers are long.
            if next == .integer || next == .fraction || next == .exponentDigit {
                while at < piece.count, ASCII.isDigit(piece[at]) { at &+= 1 }
            }
        }
        if text.isKeeping { text.append(piece[start..<at]) }
        return at
    }

    @inline(__always)
    private static func phase(after phase: Phase, _ byte: UInt8) -> Phase? {
        if ASCII.isDigit(byte) {
            switch phase {
            case .minus: return byte == UInt8(ascii: "0") ? .zero : .integer
            case .zero: return nil
            case .integer: return .integer
            case .point, .fraction: return .fraction
            case .exponent, .exponentSign, .exponentDigit: return .exponentDigit
            }
        }
        switch byte {
        case UInt8(ascii: "."): return phase == .zero || phase == .integer ? .point : nil
        case UInt8(ascii: "e"), UInt8(ascii: "E"):
            return phase == .zero || phase == .integer || phase == .fraction ? .exponent : nil
        case UInt8(ascii: "+"), UInt8(ascii: "-"): return phase == .exponent ? .exponentSign : nil
        default: return nil
        }
    }
}
