// SPDX-License-Identifier: MIT

/// The header fields of one message, in the order they came, as slices of one byte array: two allocations a message,
/// none when the value is reused. They lie there as they are sent, `Name: value` and CR LF, so that one that travels on
/// is copied in one piece.
public struct HeaderFields: Sendable {
    public struct Field: Sendable {
        public var name: HeaderName
        var nameStart: UInt32
        var nameCount: UInt32
        var valueStart: UInt32
        var valueCount: UInt32

        fileprivate mutating func nameGrows(by count: UInt32) {
            nameCount += count
            valueStart += count
        }
    }

    /// Room, of which only `byteCount` bytes mean anything: a parser's pieces are many and small, and copying one into
    /// room that is there costs half of an array's `append`.
    private var bytes: [UInt8] = []
    private(set) public var fields: [Field] = []
    // With these the whole is four words, which are passed in registers; a larger one is copied part by part.
    /// Which names there are, one bit each: most questions are about one that isn't.
    private var names: UInt64 = 0
    private var used: UInt32 = 0
    /// The last field's pieces are still coming.
    private var isOpen = false

    public init() {}

    public var count: Int { fields.count }
    /// Bytes of all names and values.
    public var byteCount: Int { byteCountOnWire - HeaderFields.lineBytes * count }
    /// Of all fields as they are sent: names, values, and what stands between and behind them.
    var byteCountOnWire: Int { Int(used) }

    /// Of a colon, a space, CR and LF.
    private static let lineBytes = 4

    public mutating func removeAll() {
        used = 0
        names = 0
        fields.removeAll(keepingCapacity: true)
        isOpen = false
    }

    public mutating func append(_ name: String, _ value: String) {
        var name = name
        var value = value
        name.withUTF8 { name in
            value.withUTF8 { append(name: UnsafeRawBufferPointer(name), value: UnsafeRawBufferPointer($0)) }
        }
    }

    // MARK: Filled by a parser

    /// A whole field, as nearly all come. The white space behind its value stays out.
    public mutating func append(name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer) {
        var valueCount = value.count
        while valueCount > 0, ASCII.isBlank(value[valueCount &- 1]) { valueCount &-= 1 }
        let start = byteCountOnWire
        let added = name.count + valueCount + HeaderFields.lineBytes
        if start + added > bytes.count { makeRoom(for: added) }
        bytes.withUnsafeMutableBytes { room in
            guard let target = UnsafeMutableRawBufferPointer(rebasing: room[start..<(start + added)]).baseAddress else {
                return
            }
            if let source = name.baseAddress { target.copyMemory(from: source, byteCount: name.count) }
            let behindName = target + name.count
            behindName.storeBytes(of: HeaderFields.separator, as: UInt16.self)
            if let source = value.baseAddress { (behindName + 2).copyMemory(from: source, byteCount: valueCount) }
            (behindName + 2 + valueCount).storeBytes(of: HeaderFields.lineEnd, as: UInt16.self)
        }
        let known = HeaderName(name)
        let nameCount = UInt32(truncatingIfNeeded: name.count)
        fields.append(
            Field(
                name: known, nameStart: used, nameCount: nameCount, valueStart: used + nameCount + 2,
                valueCount: UInt32(truncatingIfNeeded: valueCount)))
        names |= HeaderFields.bit(of: known)
        used += UInt32(truncatingIfNeeded: added)
    }

    // A field that two reads brought comes in pieces.

    public mutating func appendName(_ piece: UnsafeRawBufferPointer) {
        if !isOpen {
            isOpen = true
            fields.append(Field(name: .other, nameStart: used, nameCount: 0, valueStart: used, valueCount: 0))
        }
        keep(piece)
        let last = fields.count - 1
        fields[last].nameGrows(by: UInt32(truncatingIfNeeded: piece.count))
    }

    /// Behind its name's pieces; without a name it is dropped.
    public mutating func appendValue(_ piece: UnsafeRawBufferPointer) {
        guard isOpen else { return }
        separate()
        keep(piece)
        fields[fields.count - 1].valueCount += UInt32(truncatingIfNeeded: piece.count)
    }

    /// The name is whole.
    private mutating func separate() {
        let last = fields.count - 1
        guard fields[last].valueStart == fields[last].nameStart + fields[last].nameCount else { return }
        withUnsafeBytes(of: HeaderFields.separator) { keep($0) }
        fields[last].valueStart += 2
    }

    /// Ends the field: its name is recognised and the white space behind its value dropped.
    public mutating func endField() {
        guard isOpen else { return }
        isOpen = false
        separate()
        var field = fields[fields.count - 1]
        field.name = withName(field) { HeaderName($0) }
        while field.valueCount > 0, ASCII.isBlank(bytes[Int(field.valueStart + field.valueCount) - 1]) {
            field.valueCount -= 1
        }
        fields[fields.count - 1] = field
        names |= HeaderFields.bit(of: field.name)
        used = field.valueStart + field.valueCount
        withUnsafeBytes(of: HeaderFields.lineEnd) { keep($0) }
    }

    // As they lie in memory: the first byte lowest.
    private static let separator = (UInt16(UInt8(ascii: " ")) << 8 | UInt16(UInt8(ascii: ":"))).littleEndian
    private static let lineEnd = (UInt16(UInt8(ascii: "\n")) << 8 | UInt16(UInt8(ascii: "\r"))).littleEndian

    private static func bit(of name: HeaderName) -> UInt64 { 1 << UInt64(name.rawValue) }

    private mutating func keep(_ piece: UnsafeRawBufferPointer) {
        guard let source = piece.baseAddress else { return }
        let start = byteCountOnWire
        if start + piece.count > bytes.count { makeRoom(for: piece.count) }
        bytes.withUnsafeMutableBytes { room in
            UnsafeMutableRawBufferPointer(rebasing: room[start..<(start + piece.count)])
                .baseAddress?.copyMemory(from: source, byteCount: piece.count)
        }
        used += UInt32(truncatingIfNeeded: piece.count)
    }

    private mutating func makeRoom(for count: Int) {
        let wanted = max(256, 2 * bytes.count, byteCountOnWire + count)
        bytes.append(contentsOf: repeatElement(0, count: wanted - bytes.count))
    }

    // MARK: Read

    /// Every field in order. A `for` loop would keep the fields alive by a reference of its own.
    @inline(__always)
    func forEach(_ body: (Field) -> Void) {
        fields.withUnsafeBufferPointer { fields in
            for index in fields.indices { body(fields[index]) }
        }
    }

    public func withName<Result>(_ field: Field, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        withSlice(from: field.nameStart, count: field.nameCount, body)
    }

    public func withValue<Result>(_ field: Field, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        withSlice(from: field.valueStart, count: field.valueCount, body)
    }

    /// `Name: value` and CR LF.
    func withLine<Result>(_ field: Field, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        withSlice(
            from: field.nameStart, count: field.nameCount + field.valueCount + UInt32(HeaderFields.lineBytes), body)
    }

    private func withSlice<Result>(
        from start: UInt32, count: UInt32, _ body: (UnsafeRawBufferPointer) -> Result
    ) -> Result {
        bytes.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[Int(start)..<Int(start + count)])) }
    }

    public func contains(_ name: HeaderName) -> Bool { names & HeaderFields.bit(of: name) != 0 }

    public func first(_ name: HeaderName) -> Field? {
        contains(name) ? fields.first { $0.name == name } : nil
    }

    public func count(of name: HeaderName) -> Int {
        contains(name) ? fields.reduce(0) { $0 + ($1.name == name ? 1 : 0) } : 0
    }

    /// The value as text; bytes that are not UTF-8 are replaced, so it is for messages and comparison only.
    public func text(_ field: Field) -> String {
        withValue(field) { String(decoding: $0, as: UTF8.self) }
    }

    public func text(of name: HeaderName) -> String? {
        first(name).map(text)
    }

    public func nameText(_ field: Field) -> String {
        withName(field) { String(decoding: $0, as: UTF8.self) }
    }

    /// Whether Content-Type names this media type, parameters aside (RFC 9110 section 8.3). `type` in lower case.
    public func hasContentType(_ type: StaticString) -> Bool {
        guard let field = first(.contentType) else { return false }
        let count = type.utf8CodeUnitCount
        return withValue(field) { value in
            guard value.count >= count else { return false }
            let isAlone = value.count == count || value[count] == UInt8(ascii: ";") || ASCII.isBlank(value[count])
            return isAlone && ASCII.equalsIgnoringCase(UnsafeRawBufferPointer(rebasing: value[..<count]), type)
        }
    }

    /// Calls `body` with each element of the comma-separated lists of all fields of that name, trimmed, empty ones left
    /// out (RFC 9110 section 5.6.1).
    public func forEachListElement(_ name: HeaderName, _ body: (UnsafeRawBufferPointer) -> Void) {
        guard contains(name) else { return }
        forEach { field in
            guard field.name == name else { return }
            withValue(field) { value in
                var start = 0
                while start <= value.count {
                    let end = value[start...].firstIndex(of: UInt8(ascii: ",")) ?? value.count
                    let element = ASCII.trimmed(UnsafeRawBufferPointer(rebasing: value[start..<end]))
                    if !element.isEmpty { body(element) }
                    start = end + 1
                }
            }
        }
    }
}
