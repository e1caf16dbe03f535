// SPDX-License-Identifier: MIT

/// What separates the parts of a form: the boundary of a `multipart/form-data` Content-Type (RFC 2046 section 5.1.1).
public struct MultipartBoundary: Equatable, Sendable {
    /// CR LF, two dashes and the boundary: what ends a part. No proper part of it can begin it anew, since boundaries
    /// hold no CR.
    let delimiter: [UInt8]
    /// How far a search may jump when this byte stands where the delimiter's last one would have to (Horspool's table).
    let jumps: [UInt8]

    /// - Parameter boundary: 1 to 70 of the characters that RFC 2046 allows, the last one no space; nil otherwise.
    public init?(_ boundary: [UInt8]) {
        guard (1...70).contains(boundary.count), boundary.allSatisfy(MultipartBoundary.isAllowed),
            boundary.last != UInt8(ascii: " ")
        else { return nil }
        delimiter = Array("\r\n--".utf8) + boundary
        var jumps = [UInt8](repeating: UInt8(delimiter.count), count: 256)
        for (index, byte) in delimiter.dropLast().enumerated() {
            jumps[Int(byte)] = UInt8(delimiter.count - 1 - index)
        }
        self.jumps = jumps
    }

    /// - Throws: 400, when the request is no form, or not one that can be read in one way only.
    public init(_ headers: HeaderFields) throws(GatewayError) {
        guard headers.count(of: .contentType) == 1, let field = headers.first(.contentType),
            let boundary = headers.withValue(field, MultipartBoundary.boundary),
            let separator = MultipartBoundary(boundary)
        else {
            throw GatewayError(
                400, "The body must be a form: Content-Type multipart/form-data with a boundary of 1 to 70 characters.")
        }
        self = separator
    }

    private static func boundary(of contentType: UnsafeRawBufferPointer) -> [UInt8]? {
        var reader = ParameterReader(contentType)
        guard ASCII.equalsIgnoringCase(reader.essence, "multipart/form-data") else { return nil }
        var boundary: [UInt8]?
        do {
            while let parameter = try reader.next() {
                // `boundary*` would be its encoded form (RFC 2231), which Go decodes.
                guard parameter.name.starts(with: "boundary".utf8) else { continue }
                guard parameter.name.count == "boundary".utf8.count, boundary == nil else { return nil }
                boundary = parameter.value
            }
        } catch {
            return nil
        }
        return boundary
    }

    /// bchars of RFC 2046.
    private static func isAllowed(_ byte: UInt8) -> Bool {
        ASCII.isLetter(byte) || ASCII.isDigit(byte) || "'()+_,-./:=? ".utf8.contains(byte)
    }
}

extension MultipartBoundary {
    /// Where the delimiter first stands whole at or behind `start`; nil where it doesn't. Looks at one byte in as many
    /// as the delimiter is long, so that an audio file costs next to nothing.
    func firstDelimiter(in piece: UnsafeRawBufferPointer, from start: Int) -> Int? {
        let length = delimiter.count
        return delimiter.withUnsafeBytes { delimiter in
            jumps.withUnsafeBufferPointer { jumps in
                var end = start + length - 1
                while end < piece.count {
                    let byte = piece[end]
                    if byte == delimiter[length - 1] {
                        let begin = end - length + 1
                        if UnsafeRawBufferPointer(rebasing: piece[begin..<end]).elementsEqual(delimiter.dropLast()) {
                            return begin
                        }
                    }
                    end += Int(jumps[Int(byte)])
                }
                return nil
            }
        }
    }

    /// How many bytes at the end of the piece may be the delimiter's beginning.
    func beginning(atEndOf piece: UnsafeRawBufferPointer, from start: Int) -> Int {
        var at = max(start, piece.count - delimiter.count + 1)
        while at < piece.count {
            let rest = UnsafeRawBufferPointer(rebasing: piece[at...])
            if rest[0] == 0x0D, delimiter.starts(with: rest) { return rest.count }
            at += 1
        }
        return 0
    }
}
