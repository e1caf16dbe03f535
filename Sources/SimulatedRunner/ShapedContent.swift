// SPDX-License-Identifier: MIT

import GatewayCore

/// The tokens of an answer that has a shape: thoughts, then words or JSON, or nothing where a tool is called.
struct ShapedContent {
    let call: AnswerShape.Call?
    let tokens: Int
    let reason: StaticString
    private let thoughtTokens: Int
    /// JSON in pieces, escaped to stand in a string; nil: pseudo-words.
    private let pieces: [[UInt8]]?

    /// Bytes of a piece: about a token's.
    private static let pieceBytes = 4

    /// - Parameters:
    ///   - limit: the request's own; nil: it has none.
    ///   - usual: tokens of an answer without a limit.
    init(_ shape: AnswerShape, limit: Int?, usual: Int) {
        let room = limit ?? usual
        call = shape.call
        pieces = shape.call == nil ? shape.json.map(ShapedContent.pieces) : nil
        thoughtTokens = shape.thinks ? max(1, room / 4) : 0
        // JSON is cut by the request's own limit only: half a document is no use to anyone.
        let words = call != nil ? 0 : pieces?.count ?? max(0, room - thoughtTokens)
        tokens = min(thoughtTokens + words, limit ?? .max)
        let isCut = limit != nil && call == nil && (pieces == nil || tokens < thoughtTokens + words)
        reason = isCut ? "length" : "stop"
    }

    /// What is reported: a call's arguments are made of tokens, too.
    var counted: Int {
        guard let call else { return tokens }
        return tokens + ShapedContent.pieces(call.arguments).count
    }

    func isThought(_ place: Int) -> Bool { place < thoughtTokens }

    func token(at place: Int, _ text: PseudoText) -> [UInt8] {
        guard place >= thoughtTokens, let pieces else { return text.token(at: place) }
        return pieces[place - thoughtTokens]
    }

    func text(_ text: PseudoText) -> String { joined(min(thoughtTokens, tokens)..<tokens, text) }

    func thoughts(_ text: PseudoText) -> String { joined(0..<min(thoughtTokens, tokens), text) }

    private func joined(_ places: Range<Int>, _ text: PseudoText) -> String {
        var bytes: [UInt8] = []
        for place in places { bytes += token(at: place, text) }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Cut between characters: each piece is a string of its own for who reads the stream.
    private static func pieces(_ json: JSON) -> [[UInt8]] {
        var pieces: [[UInt8]] = []
        var piece = ""
        for character in String(decoding: json.bytes, as: UTF8.self) {
            piece.append(character)
            guard piece.utf8.count >= pieceBytes else { continue }
            pieces.append(escaped(piece))
            piece = ""
        }
        return piece.isEmpty ? pieces : pieces + [escaped(piece)]
    }

    private static func escaped(_ text: String) -> [UInt8] {
        var quoted: [UInt8] = []
        JSON.writeString(text, to: &quoted)
        return Array(quoted.dropFirst().dropLast())
    }
}
