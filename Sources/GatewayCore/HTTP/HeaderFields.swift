// SPDX-License-Identifier: MIT

/// The header fields of one message, in the order they came, as slices of one byte array: two allocations a message,
/// none when the value is reused.
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
    // With these the whole is three words, which are passed in registers; a larger one is copied part by part.
    private var used: UInt32 = 0
    /// The last field's pieces are still coming.
    private var isOpen = false

    public init() {}

    public var count: Int { fields.count }
    /// Bytes of all names and values.
    public var byteCount: Int { Int(used) }

    public mutating func removeAll() {
        used = 0
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
        let nameStart = used
        keep(name)
        let valueStart = used
        keep(UnsafeRawBufferPointer(rebasing: value[..<valueCount]))
        fields.append(
            Field(
                name: HeaderName(name), nameStart: nameStart, nameCount: valueStart - nameStart,
                valueStart: valueStart, valueCount: used - valueStart))
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
        keep(piece)
        fields[fields.count - 1].valueCount += UInt32(truncatingIfNeeded: piece.count)
    }

    /// Ends the field: its name is recognised and the white space behind its value dropped.
    public mutating func endField() {
        guard isOpen else { return }
        isOpen = false
        var field = fields[fields.count - 1]
        field.name = withName(field) { HeaderName($0) }
        while field.valueCount > 0, ASCII.isBlank(bytes[Int(field.valueStart + field.valueCount) - 1]) {
            field.valueCount -= 1
        }
        fields[fields.count - 1] = field
    }

    @inline(__always)
    private mutating func keep(_ piece: UnsafeRawBufferPointer) {
        guard let source = piece.baseAddress else { return }
        let start = byteCount
        if start + piece.count > bytes.count { makeRoom(for: piece.count) }
        bytes.withUnsafeMutableBytes { room in
            UnsafeMutableRawBufferPointer(rebasing: room[start..<(start + piece.count)])
                .baseAddress?.copyMemory(from: source, byteCount: piece.count)
        }
        used += UInt32(truncatingIfNeeded: piece.count)
    }

    private mutating func makeRoom(for count: Int) {
        let wanted = max(256, 2 * bytes.count, byteCount + count)
        bytes.append(contentsOf: repeatElement(0, count: wanted - bytes.count))
    }

    public mutating func remove(_ name: HeaderName) {
        fields.removeAll { $0.name == name }
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

    private func withSlice<Result>(
        from start: UInt32, count: UInt32, _ body: (UnsafeRawBufferPointer) -> Result
    ) -> Result {
        bytes.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[Int(start)..<Int(start + count)])) }
    }

    public func first(_ name: HeaderName) -> Field? {
        fields.first { $0.name == name }
    }

    public func count(of name: HeaderName) -> Int {
        fields.reduce(0) { $0 + ($1.name == name ? 1 : 0) }
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
        return withValue(field) { value in
            let essence = value.prefix { $0 != UInt8(ascii: ";") && !ASCII.isBlank($0) }
            return ASCII.equalsIgnoringCase(UnsafeRawBufferPointer(rebasing: essence), type)
        }
    }

    /// Calls `body` with each element of the comma-separated lists of all fields of that name, trimmed, empty ones left
    /// out (RFC 9110 section 5.6.1).
    public func forEachListElement(_ name: HeaderName, _ body: (UnsafeRawBufferPointer) -> Void) {
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
