// SPDX-License-Identifier: MIT

/// The header of one part of a form, line by line: its name, and whether it is a file. Anything that a runner could read
/// differently is refused, since the name we check must be the one it sees.
struct PartHeader: Sendable {
    /// Nil: no field of a form.
    private(set) var name: [UInt8]?
    private(set) var isFile = false
    /// Its content is not what stands there (Content-Transfer-Encoding): Go decodes quoted-printable by itself.
    private(set) var isEncoded = false
    private var hasDisposition = false

    /// One field, without its line end. Throws the end of a sentence that begins with "a part's header".
    mutating func line(_ line: UnsafeRawBufferPointer) throws(Problem) {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > 0,
            line[..<colon].allSatisfy(ASCII.isTokenByte)
        else { throw Problem("has a line that is no field") }
        let name = UnsafeRawBufferPointer(rebasing: line[..<colon])
        let value = ASCII.trimmed(UnsafeRawBufferPointer(rebasing: line[(colon + 1)...]))
        if ASCII.equalsIgnoringCase(name, "content-disposition") {
            guard !hasDisposition else { throw Problem("has two Content-Dispositions") }
            hasDisposition = true
            do {
                try disposition(value)
            } catch {
                throw Problem("has a Content-Disposition that can't be read")
            }
        } else if ASCII.equalsIgnoringCase(name, "content-transfer-encoding") {
            let isPlain =
                ASCII.equalsIgnoringCase(value, "7bit") || ASCII.equalsIgnoringCase(value, "8bit")
                || ASCII.equalsIgnoringCase(value, "binary")
            isEncoded = isEncoded || !isPlain
        }
    }

    struct Problem: Error {
        let words: StaticString

        init(_ words: StaticString) {
            self.words = words
        }
    }

    private mutating func disposition(_ value: UnsafeRawBufferPointer) throws(ParameterReader.Malformed) {
        var reader = ParameterReader(value)
        let isFormData = ASCII.equalsIgnoringCase(reader.essence, "form-data")
        var seen: [[UInt8]] = []
        while let parameter = try reader.next() {
            // Few parameters fit into a header of bounded size; more than these are nobody's.
            guard seen.count < 16, !seen.contains(parameter.name) else { throw ParameterReader.Malformed() }
            seen.append(parameter.name)
            if parameter.name.elementsEqual("name".utf8) {
                if isFormData { name = parameter.value }
            } else if parameter.name.starts(with: "name*".utf8) {
                // The encoded form of a name (RFC 2231), which RFC 7578 forbids and Go decodes.
                throw ParameterReader.Malformed()
            } else if parameter.name.starts(with: "filename".utf8) {
                isFile = true
            }
        }
    }
}
